package gitops

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
)

// Names of objects. Names in a tenancy repo never hold two hyphens in a row or
// a dot, so parts joined by these never meet. Both engines write the names of
// their objects into labels, which end at 63 characters.

// RootName is the name of what applies the engine's own directory, and of what
// else there is once for the physical cluster.
func (c *Cluster) RootName() string { return desired.LabelValue("tenantry-" + c.Name) }

// PlatformName is the name of what applies the platform.
func (c *Cluster) PlatformName() string {
	return desired.LabelValue("tenantry-" + c.Name + "--platform")
}

// CRDsName is the name of what applies the CRDs.
func (c *Cluster) CRDsName() string {
	return desired.LabelValue("tenantry-" + c.Name + "--crds")
}

// GroupName is the name of what applies a group of cuts.
func (c *Cluster) GroupName(group string) string {
	return desired.LabelValue("tenantry-" + c.Name + "--group-" + group)
}

// TenantsName is the name of what applies a cut.
func (c *Cluster) TenantsName(cut string) string {
	return desired.LabelValue("tenantry-" + c.Name + "--" + cut)
}

// ObjectsName is the name of what applies the directory beside a cut.
func (c *Cluster) ObjectsName(cut string) string {
	return desired.LabelValue("tenantry-" + c.Name + "--lc-" + cut)
}

// SourceName is the name of what applies a team's own repository. It holds the
// physical cluster: the copies before and after a move are different objects,
// or the one that goes could take the one that comes with it.
func SourceName(key, cluster string) string {
	return desired.LabelValue("lc-" + key + "/" + cluster)
}

// ObjectName is the name of the LogicalCluster object, of at most 253
// characters. It holds the physical cluster for the same reason.
func ObjectName(key, cluster string) string {
	return strings.ReplaceAll(key, "/", ".") + "." + cluster
}

// Labels are those of everything that Tenantry writes.
func Labels() manifest.Map {
	return manifest.M(desired.LabelManagedBy, desired.ManagedBy)
}

// Object begins an object of the management cluster.
func (c *Cluster) Object(apiVersion, kind, name string, spec manifest.Map) manifest.Map {
	return manifest.M(
		"apiVersion", apiVersion,
		"kind", kind,
		"metadata", manifest.M("name", name, "namespace", c.Settings.Namespace, "labels", Labels()),
		"spec", spec,
	)
}

// Emptied is the object that keeps a cut in place whose last logical cluster
// has gone: an engine deletes what vanishes from a part, and leaves alone what
// vanishes together with it.
func Emptied(name, namespace string) manifest.Map {
	return manifest.M(
		"apiVersion", "v1",
		"kind", "ConfigMap",
		"metadata", manifest.M("name", desired.LabelValue(name), "namespace", namespace, "labels", Labels()),
		"data", manifest.M("note", "No logical cluster stands in this cut any more. It stays so that the GitOps engine removes those that did."),
	)
}
