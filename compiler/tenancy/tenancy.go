// Package tenancy is what a tenancy repo means: its organizations as a tree, and
// each logical cluster with everything that it inherits.
//
// A Tenancy is made of documents by package resolve, which follows references,
// composes what is inherited (the document, then its class, then its organizations
// upwards, then the schema's own defaults) and turns channels into versions. Package
// check judges what spans documents: offers, ceilings, lifecycles, label owners.
// Placing comes later: nothing here knows of a physical cluster's load.
package tenancy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Tenancy is a resolved tenancy repo. Every list is sorted by key. It is a value:
// nothing in it changes once it is made, and a Tenancy that is made of another one
// shares with it what is the same in both.
type Tenancy struct {
	Settings        Settings
	Clusters        []*PhysicalCluster
	APISets         []*APISet
	Classes         []*Class
	Organizations   []*Organization // a parent stands before its children
	LogicalClusters []*LogicalCluster
	Exemptions      []*Exemption
	Revocations     []*Revocation
	PriceBooks      []*PriceBook
	// Prices is the price book that holds at the date, nil where none does.
	Prices *PriceBook
	// Targets are the backings and GitOps engines that there are.
	Targets target.Table
}

// Settings are the repo's settings with defaults filled in.
type Settings struct {
	schema.Settings
	// Pos is where the settings stand; zero where the repo has none.
	Pos diag.Position

	// Document is nil where the repo has none.
	Document *document.Meta
}

// At returns where a field of the settings is.
func (s *Settings) At(path ...string) diag.Position {
	if s.Document == nil {
		return diag.Position{}
	}
	return s.Document.At(path...)
}

// PhysicalCluster is a physical cluster with defaults filled in.
type PhysicalCluster struct {
	document.Meta
	Name string
	schema.PhysicalCluster
	// Minor is the minor number of its Kubernetes version: 36 for 1.36.
	Minor int
}

// Organization returns the organization of that path, nil where there is none.
func (t *Tenancy) Organization(path string) *Organization {
	return findBy(t.Organizations, path, func(o *Organization) string { return o.Path })
}

// Class returns the class of that name, nil where there is none.
func (t *Tenancy) Class(name string) *Class {
	return findBy(t.Classes, name, func(c *Class) string { return c.Name })
}

// LogicalCluster returns the logical cluster of that key, nil where there is
// none.
func (t *Tenancy) LogicalCluster(key string) *LogicalCluster {
	return findBy(t.LogicalClusters, key, func(lc *LogicalCluster) string { return lc.Key })
}

// Cluster returns the physical cluster of that name, nil where there is none.
func (t *Tenancy) Cluster(name string) *PhysicalCluster {
	return findBy(t.Clusters, name, func(c *PhysicalCluster) string { return c.Name })
}

// Known reports whether a path is that of an organization or a logical cluster.
func (t *Tenancy) Known(path string) bool {
	o := t.Organization(path)
	return o != nil && o.Missing != o || t.LogicalCluster(path) != nil
}

// Regions returns the regions of all physical clusters, sorted.
func (t *Tenancy) Regions() []string {
	var out []string
	for _, c := range t.Clusters {
		out = append(out, c.Region)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// FormerKeys returns all keys that a logical cluster had before, of those that it may take
// over, sorted.
func (t *Tenancy) FormerKeys(lc *LogicalCluster) []string {
	if !t.renamed(lc) {
		return nil
	}
	return t.organizations().FormerKeys(lc.Key, lc.Spec.Formerly)
}

// ClaimedKeys returns all keys that a logical cluster says it had before, sorted.
func (t *Tenancy) ClaimedKeys(lc *LogicalCluster) []string {
	if !t.renamed(lc) {
		return nil
	}
	return ClaimedKeys(lc.Key, lc.Spec.Formerly, t.organizations().formerly)
}

// OrganizationOf returns the path of the organization that a key belongs to: the longest
// declared one that it begins with; empty where there is none.
func (t *Tenancy) OrganizationOf(key string) string { return t.organizations().Of(key) }

// renamed reports whether a logical cluster or an organization above it says that it had
// another name.
func (t *Tenancy) renamed(lc *LogicalCluster) bool {
	renamed := len(lc.Spec.Formerly) > 0
	for o := lc.Org; o != nil && !renamed; o = o.Parent {
		renamed = len(o.Spec.Formerly) > 0
	}
	return renamed
}

func (t *Tenancy) organizations() Organizations {
	return func(path string) *document.Document[schema.Organization] {
		o := t.Organization(path)
		if o == nil || o.Missing == o {
			return nil
		}
		return &document.Document[schema.Organization]{Meta: o.Meta, Spec: o.Spec}
	}
}

// With returns a tenancy in which other versions of some logical clusters take the
// place of those with the same keys.
func (t *Tenancy) With(versions []*LogicalCluster) *Tenancy {
	if len(versions) == 0 {
		return t
	}
	out := *t
	out.LogicalClusters = slices.Clone(t.LogicalClusters)
	for _, lc := range versions {
		if i, ok := slices.BinarySearchFunc(out.LogicalClusters, lc.Key, compareKey); ok {
			out.LogicalClusters[i] = lc
		}
	}
	return &out
}

func compareKey(lc *LogicalCluster, key string) int { return strings.Compare(lc.Key, key) }

// In returns the logical clusters that belong to an organization directly.
func (t *Tenancy) In(o *Organization) []*LogicalCluster {
	var out []*LogicalCluster
	for _, lc := range t.Below(o) {
		if lc.Org == o {
			out = append(out, lc)
		}
	}
	return out
}

// Below returns all logical clusters below an organization.
func (t *Tenancy) Below(o *Organization) []*LogicalCluster {
	prefix := o.Path + "/"
	lcs := t.LogicalClusters
	from, _ := slices.BinarySearchFunc(lcs, prefix, compareKey)
	to := from
	for to < len(lcs) && strings.HasPrefix(lcs[to].Key, prefix) {
		to++
	}
	return lcs[from:to:to]
}

func findBy[T any](list []*T, name string, key func(*T) string) *T {
	i, ok := slices.BinarySearchFunc(list, name, func(v *T, name string) int { return strings.Compare(key(v), name) })
	if !ok {
		return nil
	}
	return list[i]
}

// Released returns the tenancy without what documents say of logical clusters and
// nothing renders: they have no Spec, no Access, and no places and origins of their
// fields.
func (t *Tenancy) Released() *Tenancy {
	out := *t
	out.LogicalClusters = make([]*LogicalCluster, len(t.LogicalClusters))
	for i, lc := range t.LogicalClusters {
		released := *lc
		released.Spec, released.Access, released.Places, released.Text = nil, nil, document.Places{}, nil
		released.Own, released.InheritedFrom = Layer{}, nil
		out.LogicalClusters[i] = &released
	}
	return &out
}
