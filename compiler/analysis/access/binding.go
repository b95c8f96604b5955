package access

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// binding is a RoleBinding to one subject, of the logical cluster's own or of an
// implicit document.
type binding struct {
	subject tenancy.Subject
	// role is what it is bound to for people: "edit", or "ClusterRole monitoring".
	role        string
	clusterRole string // the name of a role that is known by its content, or else role
	deployer    bool
	implicit    *implicit.Object // nil for the logical cluster's own
	in          []string         // the namespaces in which it stands; nil: all that are open
}

// bindings returns all RoleBindings of a state, by subject.
func bindings(s *desired.State) []binding {
	var out []binding
	for _, b := range s.Bindings() {
		out = append(out, binding{subject: tenancy.Subject{Kind: b.Kind, Namespace: b.SubjectNamespace, Name: b.Subject},
			role: string(b.Role), clusterRole: b.ClusterRole, deployer: b.Deployer})
	}
	if s.Implicit != nil {
		for _, o := range s.Implicit.Objects {
			if o.Access != nil {
				out = append(out, given(s, o)...)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b binding) int { return a.subject.Compare(b.subject) })
	return out
}

// given returns what the RoleBinding of an implicit document gives.
func given(s *desired.State, o *implicit.Object) []binding {
	var names []string
	var out []binding
	add := func(n *desired.Namespace, in []string) {
		v := s.Values(n)
		for _, who := range o.Access.Subjects(v) {
			b := binding{subject: who, role: string(o.Access.Role), clusterRole: o.Role(v), implicit: o, in: in}
			if b.role == "" {
				b.role = o.Access.RoleKind + " " + o.Access.RoleName
				b.clusterRole = b.role
			}
			out = append(out, b)
		}
	}
	all := true
	for i := range s.Namespaces {
		n := &s.Namespaces[i]
		switch {
		case n.Retired:
		case !o.In(n.Name):
			all = false
		case o.Access.Templated():
			add(n, []string{n.Name})
		default:
			names = append(names, n.Name)
		}
	}
	if len(names) > 0 {
		if all {
			names = nil
		}
		add(&s.Namespaces[0], names)
	}
	return out
}

// places groups the open namespaces of a state by which of some bindings stand in
// them.
func places(s *desired.State, list []binding, each func(namespaces []string, list []binding)) {
	names := open(s)
	if !slices.ContainsFunc(list, func(b binding) bool { return b.in != nil }) {
		each(names, list)
		return
	}
	type place struct {
		namespaces []string
		list       []binding
	}
	groups := map[string]*place{}
	var order []*place
	for _, name := range names {
		var here []binding
		id := make([]byte, len(list))
		for i, b := range list {
			if b.in == nil || slices.Contains(b.in, name) {
				here = append(here, b)
				id[i] = 1
			}
		}
		if len(here) == 0 {
			continue
		}
		g := groups[string(id)]
		if g == nil {
			g = &place{list: here}
			groups[string(id)] = g
			order = append(order, g)
		}
		g.namespaces = append(g.namespaces, name)
	}
	for _, g := range order {
		each(g.namespaces, g.list)
	}
}

// sameImplicit reports whether implicit documents give the same access to two
// states. It may say no where they do.
func sameImplicit(b, a *desired.State) bool {
	objects := func(s *desired.State) []*implicit.Object {
		if s.Implicit == nil {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(s.Implicit.Objects), func(o *implicit.Object) bool { return o.Access == nil })
	}
	x, y := objects(b), objects(a)
	return slices.EqualFunc(x, y, func(m, n *implicit.Object) bool { return m.Digest == n.Digest }) &&
		(len(x) == 0 || b.Implicit.Region == a.Implicit.Region && slices.Equal(b.Implicit.Revoked, a.Implicit.Revoked) && maps.Equal(b.Labels, a.Labels))
}
