// Package gitops is what the GitOps engines have in common: what there is to
// apply, where it stands in the output, and what the engine's objects are
// called.
//
// A physical cluster is applied in parts: the CRDs that Tenantry manages, the
// platform, and the tenants in cuts, so that no part grows beyond what an
// engine can carry. Beside each cut stands a directory with what belongs to its
// logical clusters in the management cluster: the LogicalCluster objects, and
// the sources of teams. An engine turns each of these into objects of its own;
// no part waits for another, so a mistake in one never keeps a revocation in
// another from being applied.
package gitops

import (
	"path"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/schema"
)

// Cluster is a physical cluster as an engine sees it.
type Cluster struct {
	Name string
	// Engine is the engine's name, as its directory has it.
	Engine schema.Engine
	// Kubeconfig is how the engine reaches it; nil means its own cluster.
	Kubeconfig *schema.SecretKey
	// System is the namespace on it that holds what is Tenantry's own.
	System string
	// Settings with defaults filled in.
	Settings schema.GitOps
	// CRDs: some are rendered for it.
	CRDs bool
	// Implicit are the kinds of objects that implicit documents give.
	Implicit []desired.GroupKind
}

// Path returns where a file of the output stands in the source.
func (c *Cluster) Path(elem ...string) string {
	return path.Join(append([]string{c.Settings.Source.Path}, elem...)...)
}

// Branch is the branch that is read, or the tag of an OCI artifact.
func (c *Cluster) Branch() string {
	if b := c.Settings.Source.Branch; b != "" {
		return b
	}
	return "main"
}

// Directories of the output.

// Directory holds the engine's objects for the physical cluster.
func (c *Cluster) Directory() string { return path.Join("gitops", string(c.Engine), c.Name) }

// GroupDirectory holds the engine's objects for a group of cuts; for the first
// group, which has no name, it is the engine's directory itself.
func (c *Cluster) GroupDirectory(group string) string {
	if group == "" {
		return c.Directory()
	}
	return path.Join(c.Directory(), "tenants", group)
}

// Group returns the group of a cut. A hundred cuts are a group, so that not
// even the objects that apply cuts grow too many for one directory: c0142 is of
// group c01. It follows from the cut's name alone, since what moves from one
// directory to another may be deleted on the way.
func Group(cut string) string {
	digits, ok := strings.CutPrefix(cut, "c")
	if !ok || len(digits) < 3 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	if digits = digits[:len(digits)-2]; strings.Trim(digits, "0") == "" {
		return ""
	}
	return "c" + digits
}

// Bootstrap holds what a person applies once.
func (c *Cluster) Bootstrap() string { return path.Join("gitops", string(c.Engine), "bootstrap") }

// Objects holds what belongs to the logical clusters of a cut in the
// management cluster.
func (c *Cluster) Objects(cut string) string {
	return path.Join(c.Directory(), "logicalclusters", cut)
}

// Manifests holds everything that is applied to the physical cluster.
func (c *Cluster) Manifests() string { return path.Join("clusters", c.Name) }

// PlatformManifests holds what the physical cluster needs once.
func (c *Cluster) PlatformManifests() string { return path.Join(c.Manifests(), "platform") }

// CRDManifests holds the CRDs that Tenantry manages.
func (c *Cluster) CRDManifests() string { return path.Join(c.Manifests(), "crds") }

// TenantManifests holds the logical clusters of a cut.
func (c *Cluster) TenantManifests(cut string) string {
	return path.Join(c.Manifests(), "tenants", cut)
}
