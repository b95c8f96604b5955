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
	"time"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/engine/gitops"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// timeout bounds a reconcile, the wait for health included: long enough for
	// a few hundred small objects, short enough that a Namespace which hangs in
	// its deletion holds its own cut only briefly.
	timeout = 3 * time.Minute
	// retry is how soon a failed reconcile is tried again.
	retry = time.Minute
)

// Engine is Flux.
type Engine struct{}

// Root returns the source of a physical cluster and the Kustomization that
// applies its directory of Flux objects.
func (Engine) Root(c *gitops.Cluster) []manifest.Map {
	return []manifest.Map{
		source(c),
		kustomization(c, part{name: c.RootName(), dir: c.Directory()}),
	}
}

// Platform returns the Kustomizations of the CRDs and of the platform.
func (Engine) Platform(c *gitops.Cluster) []manifest.Map {
	var out []manifest.Map
	if c.CRDs {
		out = append(out, kustomization(c, part{name: c.CRDsName(), dir: c.CRDManifests(), remote: true}))
	}
	return append(out, kustomization(c, part{name: c.PlatformName(), dir: c.PlatformManifests(), remote: true}))
}

// Group returns the Kustomization of a group of cuts.
func (Engine) Group(c *gitops.Cluster, group string) []manifest.Map {
	return []manifest.Map{kustomization(c, part{name: c.GroupName(group), dir: c.GroupDirectory(group)})}
}

// Tenants returns the Kustomizations of a cut and of the directory beside it.
func (Engine) Tenants(c *gitops.Cluster, cut string) []manifest.Map {
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
func (Engine) Source(c *gitops.Cluster, s *desired.State) []manifest.Map {
	src := s.Source
	if src == nil {
		return nil
	}
	name := gitops.SourceName(s.Key, c.Name)
	return []manifest.Map{
		c.ObjectOf(s, sourcev1.GroupVersion.String(), sourcev1.GitRepositoryKind, name, gitRepositorySpec(&sourcev1.GitRepositorySpec{
			URL:       gitURL(src.Repo),
			SecretRef: reference(src.Secret),
			Reference: &sourcev1.GitRepositoryRef{Branch: src.Branch},
		}, src.Interval)),
		c.ObjectOf(s, kustomizev1.GroupVersion.String(), kustomizev1.KustomizationKind, name, kustomizationSpec(&kustomizev1.KustomizationSpec{
			RetryInterval:      &metav1.Duration{Duration: retry},
			Timeout:            &metav1.Duration{Duration: timeout},
			SourceRef:          kustomizev1.CrossNamespaceSourceReference{Kind: sourcev1.GitRepositoryKind, Name: name},
			Path:               dotted(src.Path),
			TargetNamespace:    src.Namespace,
			ServiceAccountName: desired.DeployerName(s.Key),
			KubeConfig:         kubeConfig(c),
			Prune:              true,
			DeletionPolicy:     kustomizev1.DeletionPolicyOrphan,
		}, src.Interval)),
	}
}

// source is where Flux reads a physical cluster's part of the output: its own
// artifact, since an artifact of everything would be unpacked for each part.
func source(c *gitops.Cluster) manifest.Map {
	src := c.Settings.Source
	if src.Kind == "oci" {
		return c.Object(sourcev1.GroupVersion.String(), sourcev1.OCIRepositoryKind, c.RootName(), ociRepositorySpec(&sourcev1.OCIRepositorySpec{
			URL:       strings.TrimSuffix(src.URL, "/") + "/" + c.Name,
			Reference: &sourcev1.OCIRepositoryRef{Tag: c.Branch()},
			SecretRef: reference(src.Secret),
		}, c.Settings.Interval))
	}
	return c.Object(sourcev1.GroupVersion.String(), sourcev1.GitRepositoryKind, c.RootName(), gitRepositorySpec(&sourcev1.GitRepositorySpec{
		URL:            gitURL(src.URL),
		Reference:      &sourcev1.GitRepositoryRef{Branch: c.Branch()},
		SecretRef:      reference(src.Secret),
		SparseCheckout: []string{c.Path(c.Manifests()), c.Path(c.Directory())},
	}, c.Settings.Interval))
}

// part is a directory of the output that is applied as one.
type part struct {
	name, dir string
	// remote: it goes to the physical cluster, and all of it is the platform's,
	// so its health says something and comes at once. What goes to the
	// management cluster are objects that wait for others.
	remote bool
}

func kustomization(c *gitops.Cluster, p part) manifest.Map {
	spec := &kustomizev1.KustomizationSpec{
		RetryInterval:  &metav1.Duration{Duration: retry},
		Timeout:        &metav1.Duration{Duration: timeout},
		SourceRef:      kustomizev1.CrossNamespaceSourceReference{Kind: sourcev1.GitRepositoryKind, Name: c.RootName()},
		Path:           dotted(c.Path(p.dir)),
		Prune:          true,
		DeletionPolicy: kustomizev1.DeletionPolicyOrphan,
		Wait:           p.remote,
	}
	if c.Settings.Source.Kind == "oci" {
		spec.SourceRef.Kind = sourcev1.OCIRepositoryKind
	}
	if p.remote {
		spec.KubeConfig = kubeConfig(c)
	}
	return c.Object(kustomizev1.GroupVersion.String(), kustomizev1.KustomizationKind, p.name, kustomizationSpec(spec, c.Settings.Interval))
}

func kubeConfig(c *gitops.Cluster) *meta.KubeConfigReference {
	if c.Kubeconfig == nil {
		return nil
	}
	return &meta.KubeConfigReference{SecretRef: &meta.SecretKeyReference{Name: c.Kubeconfig.Secret, Key: c.Kubeconfig.Key}}
}

func reference(secret string) *meta.LocalObjectReference {
	if secret == "" {
		return nil
	}
	return &meta.LocalObjectReference{Name: secret}
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
