// Package flux renders what Flux reads: one source for each physical cluster,
// and a Kustomization for each part of it.
//
// Every Kustomization prunes what vanishes from its directory, and orphans what
// it applied when it is itself deleted: a part that goes by mistake takes
// nothing with it. None depends on another, since a dependency waits for the
// same revision of the source, and one broken object of the platform would keep
// every revocation below it from being applied. What fails for want of order is
// retried within a minute.
package flux

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/engine"
)

const (
	kustomizeAPI = "kustomize.toolkit.fluxcd.io/v1"
	sourceAPI    = "source.toolkit.fluxcd.io/v1"

	// timeout bounds a reconcile, the wait for health included: long enough for
	// a few hundred small objects, short enough that a Namespace which hangs in
	// its deletion holds its own cut only briefly.
	timeout = "3m"
	// retry is how soon a failed reconcile is tried again.
	retry = "1m"
)

// Engine is Flux.
type Engine struct{}

// Root returns the source of a physical cluster and the Kustomization that
// applies its directory of Flux objects.
func (Engine) Root(c *engine.Cluster) []manifest.Map {
	return []manifest.Map{
		source(c),
		kustomization(c, part{name: c.RootName(), dir: c.Directory()}),
	}
}

// Platform returns the Kustomizations of the CRDs and of the platform.
func (Engine) Platform(c *engine.Cluster) []manifest.Map {
	var out []manifest.Map
	if c.CRDs {
		out = append(out, kustomization(c, part{name: c.CRDsName(), dir: c.CRDManifests(), remote: true}))
	}
	return append(out, kustomization(c, part{name: c.PlatformName(), dir: c.PlatformManifests(), remote: true}))
}

// Group returns the Kustomization of a group of cuts.
func (Engine) Group(c *engine.Cluster, group string) []manifest.Map {
	return []manifest.Map{kustomization(c, part{name: c.GroupName(group), dir: c.GroupDirectory(group)})}
}

// Tenants returns the Kustomizations of a cut and of the directory beside it.
func (Engine) Tenants(c *engine.Cluster, cut string) []manifest.Map {
	return []manifest.Map{
		kustomization(c, part{name: c.TenantsName(cut), dir: c.TenantManifests(cut), remote: true}),
		kustomization(c, part{name: c.ObjectsName(cut), dir: c.Objects(cut)}),
	}
}

// Source returns a team's GitRepository and its Kustomization, which acts as
// the logical cluster's own service account on the physical cluster.
//
// It orphans as well: a source is also withdrawn when a logical cluster is
// suspended or leaves a physical cluster, where its workloads and data are to
// stay. It does not wait for health, since a team's broken workload would
// occupy the controller for everybody.
func (Engine) Source(c *engine.Cluster, s *desired.State) []manifest.Map {
	src := s.Source
	if src == nil {
		return nil
	}
	name := engine.SourceName(s.Key, c.Name)
	return []manifest.Map{
		c.ObjectOf(s, sourceAPI, "GitRepository", name, manifest.M(
			"interval", src.Interval,
			"url", gitURL(src.Repo),
			"ref", manifest.M("branch", src.Branch),
			"secretRef", reference(src.Secret),
		).Compact()),
		c.ObjectOf(s, kustomizeAPI, "Kustomization", name, manifest.M(
			"interval", src.Interval,
			"retryInterval", retry,
			"timeout", timeout,
			"sourceRef", manifest.M("kind", "GitRepository", "name", name),
			"path", dotted(src.Path),
			"targetNamespace", src.Namespace,
			"serviceAccountName", desired.DeployerName(s.Key),
			"kubeConfig", kubeConfig(c),
			"prune", true,
			"deletionPolicy", "Orphan",
			"wait", false,
			"force", false,
		).Compact()),
	}
}

// source is where Flux reads a physical cluster's part of the output: its own
// artifact, since an artifact of everything would be unpacked for each part.
func source(c *engine.Cluster) manifest.Map {
	src := c.Settings.Source
	if src.Kind == "oci" {
		return c.Object(sourceAPI, "OCIRepository", c.RootName(), manifest.M(
			"interval", c.Settings.Interval,
			"url", strings.TrimSuffix(src.URL, "/")+"/"+c.Name,
			"ref", manifest.M("tag", c.Branch()),
			"secretRef", reference(src.Secret),
		).Compact())
	}
	return c.Object(sourceAPI, "GitRepository", c.RootName(), manifest.M(
		"interval", c.Settings.Interval,
		"url", gitURL(src.URL),
		"ref", manifest.M("branch", c.Branch()),
		"secretRef", reference(src.Secret),
		"sparseCheckout", []string{c.Path(c.Manifests()), c.Path(c.Directory())},
	).Compact())
}

// part is a directory of the output that is applied as one.
type part struct {
	name, dir string
	// remote: it goes to the physical cluster, and all of it is the platform's,
	// so its health says something and comes at once. What goes to the
	// management cluster are objects that wait for others.
	remote bool
}

func kustomization(c *engine.Cluster, p part) manifest.Map {
	kind := "GitRepository"
	if c.Settings.Source.Kind == "oci" {
		kind = "OCIRepository"
	}
	spec := manifest.M(
		"interval", c.Settings.Interval,
		"retryInterval", retry,
		"timeout", timeout,
		"sourceRef", manifest.M("kind", kind, "name", c.RootName()),
		"path", dotted(c.Path(p.dir)),
		"kubeConfig", nil,
		"prune", true,
		"deletionPolicy", "Orphan",
		"wait", p.remote,
		"force", false,
	)
	if p.remote {
		spec = spec.With("kubeConfig", kubeConfig(c))
	}
	return c.Object(kustomizeAPI, "Kustomization", p.name, spec.Compact())
}

func kubeConfig(c *engine.Cluster) manifest.Map {
	if c.Kubeconfig == nil {
		return nil
	}
	return manifest.M("secretRef", manifest.M("name", c.Kubeconfig.Secret, "key", c.Kubeconfig.Key).Compact())
}

func reference(secret string) manifest.Map {
	if secret == "" {
		return nil
	}
	return manifest.M("name", secret)
}

// dotted is a path as Flux writes it, below the root of the source.
func dotted(path string) string {
	if path = strings.Trim(strings.TrimPrefix(path, "./"), "/"); path == "" || path == "." {
		return "./"
	}
	return "./" + path
}

// gitURL turns the short form that git reads, user@host:path, into a URL, which
// is all that Flux takes.
func gitURL(url string) string {
	if strings.Contains(url, "://") {
		return url
	}
	host, path, ok := strings.Cut(url, ":")
	if !ok {
		return url
	}
	return "ssh://" + host + "/" + strings.TrimPrefix(path, "/")
}
