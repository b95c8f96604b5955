package tenancy

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Published returns the definition that a resource had when its API set was last
// good; nil where there is none.
type Published func(set *document.Meta, version, resource string) *definition.Definition

// Resolve turns documents into a Tenancy. The tree holds the files that API sets
// name; what a held set has is what was published, as far as that is known; nil
// means nothing is. asOf is the day, as 2026-11-20, with which sunsets are compared.
//
// The Tenancy is whole whatever is found: what a document in error refers to in
// vain is left out of it. Documents are read only.
func Resolve(docs *document.Documents, tree *source.Tree, asOf string, published Published) (*Tenancy, []Finding) {
	r := &resolver{docs: docs, tree: tree, published: published, asOf: asOf, t: &Tenancy{Targets: docs.Targets}, defaults: schemaDefaults()}
	r.settings()
	r.prices()
	r.clusters()
	r.apiSets()
	r.classList()
	r.organizations()
	r.offers()
	r.logicalClusters()
	r.exemptions()
	return r.t, r.found.sorted()
}

type resolver struct {
	docs      *document.Documents
	tree      *source.Tree
	asOf      string
	published Published
	t         *Tenancy
	found     findings

	defaults    *effective
	sets        map[string]map[string]*APISet // by directory inside orgs/, else "", then by name
	insideSets  bool
	classes     map[string]*Class
	goneClasses map[string]*Class // stand-ins by name
	orgs        map[string]*Organization
	clusterSet  map[string]*PhysicalCluster
}

// twice reports a document that another one stands beside under the same key.
func (r *resolver) twice(m, other *document.Meta) {
	r.found.fault(m, diag.New(diag.DeclaredTwice, m.Pos, "%s is declared twice", m).See(other.Pos, "the other stands here"), "the other is used")
}

func (r *resolver) settings() {
	usual := schema.DefaultGitOps()
	s := &r.t.Settings
	if d := r.docs.Settings; d != nil {
		s.Settings, s.Pos, s.meta = d.Spec, d.Pos, &d.Meta
	}
	g := &s.GitOps
	g.Engine = cmp.Or(g.Engine, usual.Engine)
	g.Namespace = cmp.Or(g.Namespace, usual.Namespace)
	g.ArgoNamespace = cmp.Or(g.ArgoNamespace, usual.ArgoNamespace)
	g.Interval = cmp.Or(g.Interval, usual.Interval)
	g.Cut = cmp.Or(g.Cut, usual.Cut)
	g.Source.Kind = cmp.Or(g.Source.Kind, usual.Source.Kind)
	g.Source.Path = cmp.Or(g.Source.Path, usual.Source.Path)
}

func (r *resolver) clusters() {
	usual := schema.DefaultPhysicalCluster()
	r.clusterSet = make(map[string]*PhysicalCluster, len(r.docs.PhysicalClusters))
	for _, d := range r.docs.PhysicalClusters {
		if other := r.clusterSet[d.Key]; other != nil {
			r.twice(&d.Meta, &other.Meta)
			continue
		}
		c := &PhysicalCluster{Meta: d.Meta, Name: d.Key, PhysicalCluster: d.Spec}
		if c.Name == "management" || c.Name == "bootstrap" || c.Name == "platform" {
			r.found.fault(&c.Meta, diag.New(diag.ReservedClusterName, c.Pos, "a physical cluster can't be named %s", c.Name).
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
			if _, problem := parseAmount(a.resource, string(*a.value)); problem != "" {
				r.found.fault(&c.Meta, diag.New(diag.AmountInvalid, c.At("capacity", a.field), "capacity.%s: %s", a.field, problem), "it counts as nothing")
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
	r.classes = make(map[string]*Class, len(r.docs.Classes))
	for _, d := range r.docs.Classes {
		if other := r.classes[d.Key]; other != nil {
			r.twice(&d.Meta, &other.Meta)
			continue
		}
		c := &Class{Meta: d.Meta, Name: d.Key, Spec: d.Spec, known: true}
		c.layer = r.layer(&c.Spec.Inheritable, &c.Meta, c.At, "class "+c.Name, &r.found)
		if p := c.Spec.Parents; p != nil && p.Selector != nil {
			c.parents = selector(p.Selector, &c.Meta, func(path ...string) diag.Position {
				return c.At(append([]string{"parents", "selector"}, path...)...)
			}, &r.found)
		}
		r.classes[c.Name] = c
		r.t.Classes = append(r.t.Classes, c)
	}
}

func (r *resolver) classNames() []string { return slices.Sorted(maps.Keys(r.classes)) }

// Organization returns the organization of that path, nil where there is none.
func (t *Tenancy) Organization(path string) *Organization {
	return findBy(t.Organizations, path, func(o *Organization) string { return o.Path })
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

// Below returns all logical clusters below an organization.
func (t *Tenancy) Below(o *Organization) []*LogicalCluster {
	prefix := o.Path + "/"
	lcs := t.LogicalClusters
	from, _ := slices.BinarySearchFunc(lcs, prefix, func(lc *LogicalCluster, p string) int { return strings.Compare(lc.Key, p) })
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

// meant adds what a misspelt name was probably meant to be, or what there is.
func meant(d diag.Diagnostic, name string, names []string) diag.Diagnostic {
	near := diag.DidYouMean(name, names)
	switch {
	case near != "":
		return d.Suggest("%s", near)
	case len(names) > 0 && len(names) <= 12 && d.Suggestion == "":
		return d.Suggest("there is %s", list(names))
	}
	return d
}

// list joins names as a sentence does.
func list(names []string) string {
	switch len(names) {
	case 0:
		return "none"
	case 1:
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func itoa(i int) string { return strconv.Itoa(i) }
