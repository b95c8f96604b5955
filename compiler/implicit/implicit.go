// Package implicit gives logical clusters the objects that documents declare for
// many of them at once.
//
// An implicit document holds objects, a selector and a merge rule, and reaches
// the logical clusters below its directory that the selector matches. One change
// of it changes all of these. So what it gives and whom it reaches is locked: a
// [Lock], a file beside the document, holds what was accepted, and that is what
// is compiled. The document itself is only compared with it.
//
// Read gathers the objects of a document and its files. Compile checks them and
// works out which logical cluster gets which. What it yields are values with
// placeholders; a backing fills these in for each namespace.
package implicit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

// Ref names an implicit document for people: "implicit/NAME", below its
// directory.
func Ref(dir, key string) string {
	if dir == "" || dir == "." {
		return "implicit/" + key
	}
	return dir + "/implicit/" + key
}

// Resource is an implicit document in effect.
type Resource struct {
	*Source
	Objects []*Object

	scope    string // an organization with all below it; empty: everything
	selector labels.Selector
	classes  []string
}

// Reaches reports whether the document reaches a logical cluster, whether or not
// that can have its objects.
func (r *Resource) Reaches(lc *tenancy.LogicalCluster) bool {
	if r.scope != "" && (len(lc.Key) <= len(r.scope) || lc.Key[len(r.scope)] != '/' || lc.Key[:len(r.scope)] != r.scope) {
		return false
	}
	return (r.classes == nil || slices.Contains(r.classes, lc.Class.Name)) && r.selector.Matches(labels.Set(lc.Labels))
}

// Set are the implicit documents in effect, and what they give to whom.
type Set struct {
	Resources []*Resource // the outermost first, then by directory and key
	given     map[string][]*Object
}

// Given returns the objects that a logical cluster gets. The list is shared.
func (s *Set) Given(key string) []*Object {
	if s == nil {
		return nil
	}
	return s.given[key]
}

// Compile works out what documents give to the logical clusters of a tenancy.
// The sources' own problems are not repeated.
func Compile(t *tenancy.Tenancy, sources []*Source) (*Set, []tenancy.Finding) {
	c := &compiler{t: t, set: &Set{given: map[string][]*Object{}}}
	sources = slices.Clone(sources)
	slices.SortFunc(sources, func(a, b *Source) int {
		return cmp.Or(cmp.Compare(depth(a.Dir), depth(b.Dir)), strings.Compare(a.Dir, b.Dir), strings.Compare(a.Key, b.Key))
	})
	for _, s := range sources {
		c.resource(s)
	}
	c.give()
	return c.set, c.found
}

// depth orders documents from the outermost inwards: those outside orgs/ reach
// everything.
func depth(dir string) int {
	scope := tenancy.Reach(dir)
	if scope == "" {
		return 0
	}
	return 1 + strings.Count(scope, "/")
}

type compiler struct {
	t     *tenancy.Tenancy
	set   *Set
	found []tenancy.Finding
}

// fault reports an error of a document; held says what becomes of the last good
// version of one.
func (c *compiler) fault(m *document.Meta, d diag.Diagnostic, held string) {
	c.found = append(c.found, tenancy.Fault(m, d, held))
}

func (c *compiler) note(m *document.Meta, d diag.Diagnostic) {
	c.found = append(c.found, tenancy.Finding{Diagnostic: d.About(m.String())})
}

// resource compiles one document.
func (c *compiler) resource(s *Source) {
	r := &Resource{Source: s, scope: tenancy.Reach(s.Dir), selector: c.selector(s)}
	if len(s.Content.Classes) > 0 {
		r.classes = s.Content.Classes
	}
	for i, name := range s.Content.Classes {
		if !slices.ContainsFunc(c.t.Classes, func(k *tenancy.Class) bool { return k.Name == name }) {
			c.fault(s.Meta, diag.New(diag.UnknownClass, s.At("classes", fmt.Sprint(i)), "there is no class %s", name), "nobody has it")
			tenancy.Findings(c.found).Following(schema.KindClasses, name)
		}
	}
	for _, o := range c.objects(s) {
		if s.Refused && o.Group == rbacGroup {
			continue // today's patterns do not admit the document: what gives something falls away
		}
		r.Objects = append(r.Objects, o)
	}
	c.set.Resources = append(c.set.Resources, r)
}

// selector returns the selector of a document; one that is invalid selects nothing.
func (c *compiler) selector(s *Source) labels.Selector {
	if s.Content.Selector == nil {
		return labels.Everything()
	}
	selector, found := resolve.Selector(s.Content.Selector, s.Meta, func(path ...string) diag.Position {
		return s.At(append([]string{"selector"}, path...)...)
	})
	if c.found = append(c.found, found...); selector == nil {
		return labels.Nothing()
	}
	return selector
}

// objects returns the objects of a document, and reports placeholders that could stay
// empty, and objects that the document has twice.
func (c *compiler) objects(s *Source) []*Object {
	check := &checker{t: c.t, source: s, labels: map[string]diag.Position{},
		report: func(d diag.Diagnostic) { c.fault(s.Meta, d, "the object falls away") }}
	objects := check.objects()
	for _, key := range slices.Sorted(maps.Keys(check.labels)) {
		if !Demanded(s.Content.Selector, key) {
			c.fault(s.Meta, diag.New(diag.ImplicitPlaceholder, check.labels[key], "%slabels.%s} needs a selector that demands the label %s: some logical cluster might not have it", opening, key, key).
				Suggest("say selector: matchExpressions: [{key: %q, operator: \"Exists\"}]", key), "it is empty where the label is missing")
		}
	}
	for i, o := range objects {
		for _, other := range objects[:i] {
			if o.Group == other.Group && o.Kind == other.Kind && o.name.String() == other.name.String() {
				c.fault(s.Meta, diag.New(diag.ImplicitTwice, s.at(o.index, "metadata", "name"), "%s %s stands in the document twice", o.Kind, o.name).
					See(s.at(other.index, "metadata", "name"), "the other stands here"), "the other is used")
			}
		}
	}
	return objects
}

// give works out which logical cluster gets which objects.
func (c *compiler) give() {
	reached := make([]int, len(c.set.Resources))
	out := leftOut{}
	twice := collisions{}
	var list []*Object
	shared := map[string][]*Object{} // what many logical clusters have in common is kept once
	var key []byte
	for _, lc := range c.t.LogicalClusters {
		list, key = list[:0], key[:0]
		for i, r := range c.set.Resources {
			if !r.Reaches(lc) {
				continue
			}
			reached[i]++
			for _, o := range r.Objects {
				if why := o.obstacle(lc); why != "" {
					out.add(r, o, why, lc.Key)
					continue
				}
				list = append(list, o)
				key = append(key, byte(i), byte(i>>8), byte(o.index), byte(o.index>>8))
			}
		}
		if len(list) == 0 {
			continue
		}
		if have, ok := shared[string(key)]; ok {
			c.set.given[lc.Key] = have
			continue
		}
		kept, clash := distinct(list, lc)
		for _, pair := range clash {
			twice.add(pair, lc.Key)
		}
		if len(clash) == 0 && !slices.ContainsFunc(kept, func(o *Object) bool { return o.name.templated() }) {
			shared[string(key)] = kept
		}
		c.set.given[lc.Key] = kept
	}
	for i, r := range c.set.Resources {
		if reached[i] == 0 && (r.Content.Selector != nil || r.classes != nil) {
			c.note(r.Meta, diag.New(diag.ImplicitNobody, r.Pos, "%s reaches no logical cluster", Ref(r.Dir, r.Key)))
		}
	}
	c.found = append(c.found, out.findings()...)
	c.found = append(c.found, twice.findings(c.set)...)
}

// obstacle says why a logical cluster cannot have the object; empty if it can.
func (o *Object) obstacle(lc *tenancy.LogicalCluster) string {
	if lc.Counts(o.Group, o.Plural) {
		return "has a quota that counts " + o.Resource() + ", which could be full"
	}
	if !o.Custom && !o.inside || o.Access != nil {
		return ""
	}
	r, v := lc.Bound(o.Group, o.Kind)
	switch {
	case r == nil, o.Custom && document.InOrganizations(v.Set.Dir):
		return "does not bind " + o.Resource()
	case !r.Writes(o.Version):
		return "does not bind " + o.Resource() + " in version " + o.Version
	case o.inside && !slices.Contains(r.Admin, "create"):
		return "has no role that may create " + o.Resource()
	}
	return ""
}

// distinct drops objects that an earlier one of the list stands for already. The
// lists of an outer document come first.
func distinct(list []*Object, lc *tenancy.LogicalCluster) (kept []*Object, clash [][2]*Object) {
	type id struct{ group, kind, name string }
	v := &Values{Organization: lc.Org.Path, LogicalCluster: lc.Key, Labels: lc.Labels,
		OrganizationLabel: lc.Org.Path, LogicalClusterLabel: lc.Key, Namespace: lc.Key} // names that differ by these differ by what they stand for
	seen := make(map[id][]*Object, len(list))
	kept = make([]*Object, 0, len(list))
next:
	for _, o := range list {
		key := id{o.Group, o.Kind, o.name.fill(v)}
		for _, other := range seen[key] {
			if overlap(o.namespaces, other.namespaces) {
				clash = append(clash, [2]*Object{other, o})
				continue next
			}
		}
		seen[key] = append(seen[key], o)
		kept = append(kept, o)
	}
	return kept, clash
}

func overlap(a, b []string) bool {
	return a == nil || b == nil || slices.ContainsFunc(a, func(n string) bool { return slices.Contains(b, n) })
}
