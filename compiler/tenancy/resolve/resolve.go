// Package resolve makes a Tenancy of documents: it follows references, composes what is
// inherited, reads amounts and selectors, and turns channels into versions.
package resolve

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Published returns the definition that a resource had when its API set was last
// good; nil where there is none.
type Published func(set *document.Meta, version, resource string) *definition.Definition

// Bound returns the version that a logical cluster had bound under the name of a channel in
// the last build, by its keys of today and before; empty where that is not known.
type Bound func(keys []string, set *document.Meta, channel string) string

// Leaves reports whether a logical cluster that is declared deleted stays for now, as one that
// is frozen.
type Leaves func(settings *schema.Settings, d *document.Document[schema.LogicalCluster]) bool

// History is what earlier builds published and decided, as far as documents are resolved by
// it. All may be nil.
type History struct {
	Published Published
	Bound     Bound
	Leaves    Leaves
}

// Documents turns documents into a Tenancy. The tree holds the files that API sets
// name; what a held set has is what was published, as far as that is known. asOf is the day, as 2026-11-20, with which sunsets are compared.
//
// The Tenancy is whole whatever is found: what a document in error refers to in
// vain is left out of it. Documents are read only.
func Documents(docs *document.Documents, tree *source.Tree, asOf string, history History) (*tenancy.Tenancy, []tenancy.Finding) {
	r := &resolver{docs: docs, tree: tree, published: history.Published, bound: history.Bound, leaves: history.Leaves, asOf: asOf, t: &tenancy.Tenancy{Targets: docs.Targets}, defaults: tenancy.SchemaDefaults()}
	r.settings()
	r.prices()
	r.clusters()
	r.apiSets()
	r.classList()
	r.revocations()
	r.organizations()
	r.offers()
	r.logicalClusters()
	r.exemptions()
	return r.t, r.found.Sorted()
}

type resolver struct {
	docs      *document.Documents
	tree      *source.Tree
	asOf      string
	published Published
	bound     Bound
	leaves    Leaves
	t         *tenancy.Tenancy
	found     tenancy.Findings

	defaults    *tenancy.Inherited
	sets        map[string]map[string]*tenancy.APISet // by directory inside orgs/, else "", then by name
	insideSets  bool
	classes     map[string]*tenancy.Class
	goneClasses map[string]*tenancy.Class // stand-ins by name
	orgs        map[string]*organization
	// revoked is the access that is taken away, by what it is taken from.
	revoked    map[string][]tenancy.Revoked
	clusterSet map[string]*tenancy.PhysicalCluster
}

// twice reports a document that another one stands beside under the same key.
func (r *resolver) twice(m, other *document.Meta) {
	r.found.Fault(m, diag.New(diag.DeclaredTwice, m.Pos, "%s is declared twice", m).See(other.Pos, "the other stands here"), "the other is used")
}

func (r *resolver) settings() {
	usual := schema.DefaultGitOps()
	s := &r.t.Settings
	if d := r.docs.Settings; d != nil {
		s.Settings, s.Pos, s.Document = d.Spec, d.Pos, &d.Meta
	}
	g := &s.GitOps
	g.Engine = cmp.Or(g.Engine, usual.Engine)
	g.Namespace = cmp.Or(g.Namespace, usual.Namespace)
	g.ArgoNamespace = cmp.Or(g.ArgoNamespace, usual.ArgoNamespace)
	g.Interval = cmp.Or(g.Interval, usual.Interval)
	g.Cut = cmp.Or(g.Cut, usual.Cut)
	g.Source.Kind = cmp.Or(g.Source.Kind, usual.Source.Kind)
	g.Source.Path = cmp.Or(g.Source.Path, usual.Source.Path)
	if s.Deletion.Grace == nil {
		s.Deletion = schema.DefaultDeletion()
	}
}

func (r *resolver) clusters() {
	usual := schema.DefaultPhysicalCluster()
	r.clusterSet = make(map[string]*tenancy.PhysicalCluster, len(r.docs.PhysicalClusters))
	for _, d := range r.docs.PhysicalClusters {
		if other := r.clusterSet[d.Key]; other != nil {
			r.twice(&d.Meta, &other.Meta)
			continue
		}
		c := &tenancy.PhysicalCluster{Meta: d.Meta, Name: d.Key, PhysicalCluster: d.Spec}
		if c.Name == "management" || c.Name == "bootstrap" || c.Name == "platform" {
			r.found.Fault(&c.Meta, diag.New(diag.ReservedClusterName, c.Pos, "a physical cluster can't be named %s", c.Name).
				Suggest("name it after its place, such as eu-1"), "it stays")
		}
		if c.Capacity.LogicalClusters == nil {
			c.Capacity.LogicalClusters = usual.Capacity.LogicalClusters
		}
		for _, a := range []struct {
			field, resource string
			value           *schema.Quantity
		}{{"cpu", "requests.cpu", &c.Capacity.CPU}, {"memory", "requests.memory", &c.Capacity.Memory}} {
			if *a.value == "" {
				continue
			}
			if _, problem := quota.Parse(a.resource, string(*a.value)); problem != "" {
				r.found.Fault(&c.Meta, diag.New(diag.AmountInvalid, c.At("capacity", a.field), "capacity.%s: %s", a.field, problem), "it counts as nothing")
				*a.value = "0"
			}
		}
		if len(c.Backings) == 0 {
			c.Backings = usual.Backings
		}
		c.Engine = cmp.Or(c.Engine, r.t.Settings.GitOps.Engine)
		c.DNS.Namespace = cmp.Or(c.DNS.Namespace, usual.DNS.Namespace)
		if c.DNS.Labels == nil {
			c.DNS.Labels = usual.DNS.Labels
		}
		_, minor, _ := strings.Cut(c.Kubernetes, ".")
		c.Minor, _ = strconv.Atoi(minor) // the schema allows nothing else
		r.clusterSet[c.Name] = c
		r.t.Clusters = append(r.t.Clusters, c)
	}
}

// classList resolves the classes. What is wrong with one is reported once,
// however many logical clusters have it.
func (r *resolver) classList() {
	r.classes = make(map[string]*tenancy.Class, len(r.docs.Classes))
	for _, d := range r.docs.Classes {
		if other := r.classes[d.Key]; other != nil {
			r.twice(&d.Meta, &other.Meta)
			continue
		}
		c := &tenancy.Class{Meta: d.Meta, Name: d.Key, Spec: d.Spec}
		c.Layer = r.layer(&c.Spec.Inheritable, &c.Meta, c.At, "class "+c.Name, &r.found)
		if p := c.Spec.Parents; p != nil && p.Selector != nil {
			c.Parents = selector(p.Selector, &c.Meta, func(path ...string) diag.Position {
				return c.At(append([]string{"parents", "selector"}, path...)...)
			}, &r.found)
		}
		r.classes[c.Name] = c
		r.t.Classes = append(r.t.Classes, c)
	}
}

func (r *resolver) classNames() []string { return slices.Sorted(maps.Keys(r.classes)) }
