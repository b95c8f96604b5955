// Package argo renders what Argo CD reads: AppProjects that bound what may be
// applied where, and an Application for each part of a physical cluster.
//
// Argo CD reads AppProjects from its own namespace only, so
// settings.gitops.namespace is that one where Argo CD is the engine. A remote
// physical cluster is a destination by its name, under which Argo CD must have
// its credentials; settings.gitops.interval has no counterpart, since Argo CD
// looks at all repositories with one interval of its own.
//
// No Application has a finalizer: one that is deleted orphans what it applied.
// Directories are read as plain manifests (directory, without kustomization.yaml)
// and never through kustomize, whose time grows with the square of the objects
// and which has nothing to add here.
package argo

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/engine/gitops"
)

const (
	api = "argoproj.io/v1alpha1"
	// inCluster is how Argo CD calls the cluster that it runs in.
	inCluster = "https://kubernetes.default.svc"
)

// Engine is Argo CD.
type Engine struct{}

// Root returns the projects of a physical cluster and the Application that
// applies its directory of Argo CD objects.
func (Engine) Root(c *gitops.Cluster) []manifest.Map {
	return []manifest.Map{
		project(c),
		objectsProject(c),
		application(c, part{name: c.RootName(), dir: c.Directory()}),
	}
}

// Platform returns the Applications of the CRDs and of the platform.
func (Engine) Platform(c *gitops.Cluster) []manifest.Map {
	var out []manifest.Map
	if c.CRDs {
		out = append(out, application(c, part{name: c.CRDsName(), dir: c.CRDManifests(), remote: true}))
	}
	return append(out, application(c, part{name: c.PlatformName(), dir: c.PlatformManifests(), remote: true}))
}

// Group returns the Application of a group of cuts.
func (Engine) Group(c *gitops.Cluster, group string) []manifest.Map {
	return []manifest.Map{application(c, part{name: c.GroupName(group), dir: c.GroupDirectory(group)})}
}

// Tenants returns the Applications of a cut and of the directory beside it.
func (Engine) Tenants(c *gitops.Cluster, cut string) []manifest.Map {
	return []manifest.Map{
		application(c, part{name: c.TenantsName(cut), dir: c.TenantManifests(cut), remote: true, recurse: true}),
		application(c, part{name: c.ObjectsName(cut), dir: c.Objects(cut)}),
	}
}

// Source returns a team's AppProject and its Application.
//
// The project holds exactly the team's repository and the logical cluster's
// namespaces, nothing that is cluster-scoped, and none of the kinds by which
// the platform bounds a namespace. Argo CD syncs as the logical cluster's own
// service account if impersonation is on (application.sync.impersonation.enabled
// in argocd-cm); the project is the second wall, and without impersonation the
// only one. Nothing is deleted together with the Application: a source is also
// withdrawn when a logical cluster is suspended or moves.
func (Engine) Source(c *gitops.Cluster, s *desired.State) []manifest.Map {
	src := s.Source
	if src == nil {
		return nil
	}
	name := gitops.SourceName(s.Key, c.Name)
	var destinations manifest.List
	for _, ns := range s.Namespaces {
		if !ns.Retired {
			destinations = append(destinations, destination(c, ns.Physical))
		}
	}
	return []manifest.Map{
		c.ObjectOf(s, api, "AppProject", name, manifest.M(
			"description", "The team's own source of "+s.Key+" on "+c.Name,
			"sourceRepos", []string{src.Repo},
			"destinations", destinations,
			"clusterResourceWhitelist", manifest.List{},
			"namespaceResourceBlacklist", kinds("", "ResourceQuota", "", "LimitRange"),
			// The destinations above name the cluster; here any server will do, since
			// the address that Argo CD has for it is not known.
			"destinationServiceAccounts", manifest.List{manifest.M(
				"server", "*",
				"namespace", src.Namespace,
				"defaultServiceAccount", s.Deployers+":"+desired.DeployerName(s.Key),
			)},
		)),
		c.ObjectOf(s, api, "Application", name, manifest.M(
			"project", name,
			"source", manifest.M("repoURL", src.Repo, "targetRevision", src.Branch, "path", src.Path),
			"destination", destination(c, src.Namespace),
			"syncPolicy", syncPolicy(),
		)),
	}
}

// project bounds what is applied to a physical cluster: the kinds that Tenantry
// renders, from the repository of its output.
func project(c *gitops.Cluster) manifest.Map {
	return c.Object(api, "AppProject", c.RootName(), manifest.M(
		"description", "What Tenantry applies to "+c.Name,
		"sourceRepos", []string{c.Settings.Source.URL},
		"destinations", manifest.List{destination(c, "*")},
		"clusterResourceWhitelist", kinds(
			"", "Namespace",
			"admissionregistration.k8s.io", "MutatingAdmissionPolicy",
			"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding",
			"admissionregistration.k8s.io", "ValidatingAdmissionPolicy",
			"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding",
			"apiextensions.k8s.io", "CustomResourceDefinition",
			"rbac.authorization.k8s.io", "ClusterRole",
		),
		"namespaceResourceWhitelist", namespaced(c),
	))
}

// namespaced are the kinds that go to tenants' namespaces: those of every logical
// cluster, and what implicit documents give.
func namespaced(c *gitops.Cluster) manifest.List {
	out := kinds(
		"", "ConfigMap",
		"", "LimitRange",
		"", "ResourceQuota",
		"", "ServiceAccount",
		"networking.k8s.io", "NetworkPolicy",
		"rbac.authorization.k8s.io", "RoleBinding",
	)
	usual := len(out)
	for _, k := range c.Implicit {
		if !slices.ContainsFunc(out[:usual], func(v manifest.Value) bool {
			m := v.(manifest.Map)
			return m.Get("group") == k.Group && m.Get("kind") == k.Kind
		}) {
			out = append(out, kinds(k.Group, k.Kind)...)
		}
	}
	return out
}

// objectsProject bounds what is applied to the management cluster on behalf of
// a physical cluster.
func objectsProject(c *gitops.Cluster) manifest.Map {
	return c.Object(api, "AppProject", objectsProjectName(c), manifest.M(
		"description", "What Tenantry keeps in the management cluster for "+c.Name,
		"sourceRepos", []string{c.Settings.Source.URL},
		"destinations", manifest.List{manifest.M("server", inCluster, "namespace", c.Settings.Namespace)},
		"clusterResourceWhitelist", manifest.List{},
		"namespaceResourceWhitelist", kinds(
			"", "ConfigMap",
			"argoproj.io", "AppProject",
			"argoproj.io", "Application",
			"tenantry.dev", "LogicalCluster",
		),
	))
}

func objectsProjectName(c *gitops.Cluster) string {
	return desired.LabelValue(c.RootName() + "--management")
}

// kinds lists pairs of a group and a kind.
func kinds(pairs ...string) manifest.List {
	out := make(manifest.List, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, manifest.M("group", pairs[i], "kind", pairs[i+1]))
	}
	return out
}

// destination is a namespace of the physical cluster.
func destination(c *gitops.Cluster, namespace string) manifest.Map {
	if c.Kubeconfig == nil {
		return manifest.M("server", inCluster, "namespace", namespace)
	}
	return manifest.M("name", c.Name, "namespace", namespace)
}

// part is a directory of the output that is applied as one.
type part struct {
	name, dir string
	// remote: it goes to the physical cluster, else to the management cluster.
	remote bool
	// recurse: files stand in subdirectories.
	recurse bool
}

func application(c *gitops.Cluster, p part) manifest.Map {
	name := objectsProjectName(c)
	to := manifest.M("server", inCluster, "namespace", c.Settings.Namespace)
	if p.remote {
		// The namespace must be there: Argo CD reconciles roles by way of it.
		name, to = c.RootName(), destination(c, c.System)
	}
	return c.Object(api, "Application", p.name, manifest.M(
		"project", name,
		"source", manifest.M(
			"repoURL", c.Settings.Source.URL,
			"targetRevision", c.Branch(),
			"path", c.Path(p.dir),
			"directory", manifest.M("recurse", p.recurse, "exclude", "kustomization.yaml"),
		),
		"destination", to,
		"syncPolicy", syncPolicy(),
	))
}

// syncPolicy retries without end, since Argo CD never tries a commit again by
// itself once it has given it up: a cluster that was away for an hour would stay
// as it was until the next commit. Each attempt takes the latest commit, so one
// that fails never keeps a revocation in the next one waiting.
func syncPolicy() manifest.Map {
	return manifest.M(
		"automated", manifest.M("prune", true, "selfHeal", true),
		"syncOptions", []string{"ServerSideApply=true", "CreateNamespace=false"},
		"retry", manifest.M(
			"limit", -1,
			"refresh", true,
			"backoff", manifest.M("duration", "10s", "factor", 2, "maxDuration", "1m"),
		),
	)
}
