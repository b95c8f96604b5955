package desired

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/digest"
	"github.com/tenantry/tenantry/schema"
)

// profile is what follows from the bindings of a logical cluster, whoever it is.
type profile struct {
	apis  []API
	roles []Role // view, edit, admin
	gate  Gate
	// versions are what is bound, and managed their resources whose definitions are.
	versions []*tenancy.APIVersion
	managed  []*tenancy.Resource
}

var levels = [...]schema.Role{schema.View, schema.Edit, schema.Admin}

// verbOrder is the order in which people write verbs.
var verbOrder = [...]string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

var readVerbs = []string{"get", "list", "watch"}

func newProfile(bindings []tenancy.Binding) *profile {
	versions := make([]*tenancy.APIVersion, len(bindings))
	apis := make([]API, len(bindings))
	for i, b := range bindings {
		versions[i] = b.Version
		apis[i] = API{Set: b.Version.Set.Name, Requested: b.Requested, Version: b.Version.Name}
	}
	p := &profile{apis: apis, versions: versions, gate: newGate(versions, func(r *tenancy.Resource) []string { return r.Versions })}
	permitted := permissions{
		{"", "events"}: set(readVerbs), {"events.k8s.io", "events"}: set(readVerbs),
		{"", "limitranges"}: set(readVerbs), {"", "resourcequotas"}: set(readVerbs),
		{"", "namespaces"}: set([]string{"get"}),
	}
	// Each role includes the ones before it.
	for i, level := range levels {
		for _, v := range versions {
			for _, r := range v.Resources {
				permitted.add(r.Group, r.Plural, [...][]string{r.View, r.Edit, r.Admin}[i])
				for _, s := range r.Subresources {
					permitted.add(r.Group, r.Plural+"/"+s.Name, [...][]string{s.View, s.Edit, s.Admin}[i])
				}
			}
		}
		rules := permitted.rules()
		p.roles = append(p.roles, Role{Name: ReservedPrefix + string(level) + "-" + hashRules(rules), Level: level, Rules: rules})
	}
	for _, v := range versions {
		for _, r := range v.Resources {
			if r.CRD != nil && r.CRD.Managed {
				p.managed = append(p.managed, r)
			}
		}
	}
	return p
}

type groupResource struct{ group, resource string }

func (g groupResource) compare(h groupResource) int {
	return cmp.Or(strings.Compare(g.group, h.group), strings.Compare(g.resource, h.resource))
}

// permissions are verbs on resources.
type permissions map[groupResource]map[string]bool

func set(values []string) map[string]bool {
	m := make(map[string]bool, len(values))
	for _, v := range values {
		m[v] = true
	}
	return m
}

func (p permissions) add(group, resource string, verbs []string) {
	if len(verbs) == 0 {
		return
	}
	key := groupResource{group, resource}
	if p[key] == nil {
		p[key] = map[string]bool{}
	}
	for _, v := range verbs {
		p[key][v] = true
	}
}

// rules puts resources of one group with the same verbs into one rule.
func (p permissions) rules() []Rule {
	type groupVerbs struct{ group, verbs string }
	merged := map[groupVerbs]*Rule{}
	for _, key := range slices.SortedFunc(maps.Keys(p), groupResource.compare) {
		verbs := slices.SortedFunc(maps.Keys(p[key]), compareVerbs)
		id := groupVerbs{key.group, strings.Join(verbs, " ")}
		if merged[id] == nil {
			merged[id] = &Rule{Groups: []string{key.group}, Verbs: verbs}
		}
		merged[id].Resources = append(merged[id].Resources, key.resource)
	}
	rules := make([]Rule, 0, len(merged))
	for _, r := range merged {
		rules = append(rules, *r)
	}
	slices.SortFunc(rules, func(a, b Rule) int {
		return cmp.Or(strings.Compare(a.Groups[0], b.Groups[0]), strings.Compare(a.Resources[0], b.Resources[0]))
	})
	return rules
}

// SortVerbs sorts verbs as people write them.
func SortVerbs(verbs []string) { slices.SortFunc(verbs, compareVerbs) }

func compareVerbs(a, b string) int {
	rank := func(v string) int {
		if i := slices.Index(verbOrder[:], v); i >= 0 {
			return i
		}
		return len(verbOrder)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
}

func hashRules(rules []Rule) string {
	var e digest.Encoder
	for _, r := range rules {
		e.List(r.Groups)
		e.List(r.Resources)
		e.List(r.Verbs)
	}
	return shortHash(e)
}

// newGate lists what a role may write, or a part of it. A resource that every
// role may only read is left to the platform and its controllers. of says in which
// versions a resource may be written, none meaning all.
func newGate(versions []*tenancy.APIVersion, of func(*tenancy.Resource) []string) Gate {
	writable := map[groupResource]map[string]bool{} // an empty set means all versions
	for _, v := range versions {
		for _, r := range v.Resources {
			if !written(r) {
				continue
			}
			key := groupResource{r.Group, r.Plural}
			known, bound := writable[key]
			switch {
			case !bound:
				writable[key] = set(of(r))
			case len(known) > 0 && len(of(r)) > 0:
				maps.Copy(known, set(of(r)))
			default:
				writable[key] = nil
			}
		}
	}
	g := Gate{Allowed: make([]Allowed, 0, len(writable))}
	for _, key := range slices.SortedFunc(maps.Keys(writable), groupResource.compare) {
		a := Allowed{Group: key.group, Resource: key.resource, Versions: slices.Sorted(maps.Keys(writable[key]))}
		g.Allowed = append(g.Allowed, a)
	}
	g.name()
	return g
}

// name calls the gate after its content.
func (g *Gate) name() {
	var e digest.Encoder
	for _, a := range g.Allowed {
		e.Strings(a.Group, a.Resource)
		e.List(a.Versions)
	}
	for _, w := range g.Withheld {
		e.Strings(w.Group, w.Resource, w.Version)
		e.List(w.Fields)
	}
	g.Name = ReservedPrefix + "apis-" + shortHash(e)
}

func written(r *tenancy.Resource) bool {
	writes := func(verbs []string) bool {
		return slices.ContainsFunc(verbs, func(v string) bool { return !slices.Contains(readVerbs, v) })
	}
	if writes(r.View) || writes(r.Edit) || writes(r.Admin) {
		return true
	}
	return slices.ContainsFunc(r.Subresources, func(s tenancy.Subresource) bool {
		return writes(s.View) || writes(s.Edit) || writes(s.Admin)
	})
}
