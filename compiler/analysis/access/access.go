// Package access answers who can do what where: a subject, a verb, a resource
// and a logical cluster.
//
// The answer comes from the values that rendering uses, the bindings of a State,
// those of implicit documents included, and the Roles and Gates of a Platform, so it is an answer about the objects
// that the API server sees. RBAC adds up: what it grants is the union of all
// roles that are bound to a subject. Admission then takes away: writes to what
// is frozen, and to what is not bound. What a role grants and admission refuses
// is told as such, since it comes back when the freeze ends.
//
// Thousands of logical clusters share a handful of roles. Rights of equal
// content are therefore one value, worked out once, and two sides are compared
// by name before anything is compared by content.
//
// Two things hold for everybody and stand in no answer: nobody but the platform
// writes objects of the platform, whose names begin with "tenantry-", and every
// user may ask the API server about themselves.
package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Access is who can do what in all logical clusters of a tenancy. It keeps what
// it worked out, so it is not for concurrent use.
type Access struct {
	tenancy   *tenancy.Tenancy
	states    []desired.State
	copies    map[string][]int // indexes of states by key; the present one stands first
	platforms map[string]*desired.Platform
	roles     map[string]*desired.Role // by name, which is that of their content
	gates     map[string]*desired.Gate
	rights    map[string]*Rights
	tops      map[tenancy.Subject][]string
}

// New takes what desired.Expand returned for the tenancy. Nothing of it may be
// changed from then on.
func New(t *tenancy.Tenancy, states []desired.State, platforms []desired.Platform) *Access {
	a := &Access{
		tenancy: t, states: states,
		copies:    make(map[string][]int, len(states)),
		platforms: make(map[string]*desired.Platform, len(platforms)),
		roles:     map[string]*desired.Role{},
		gates:     map[string]*desired.Gate{},
		rights:    map[string]*Rights{},
	}
	for i := range states {
		key := states[i].Key
		a.copies[key] = append(a.copies[key], i)
		if last := a.copies[key]; states[i].Phase == pins.Present && len(last) > 1 {
			slices.Reverse(last) // the others keep no order that matters
		}
	}
	for i := range platforms {
		p := &platforms[i]
		a.platforms[p.Cluster] = p
		for j := range p.Roles {
			a.roles[p.Roles[j].Name] = &p.Roles[j]
		}
		for j := range p.Gates {
			a.gates[p.Gates[j].Name] = &p.Gates[j]
		}
	}
	return a
}

// Entry is what one subject may do in a logical cluster on one physical cluster.
type Entry struct {
	LogicalCluster string
	// Cluster is the physical cluster.
	Cluster string
	// Left: the logical cluster has moved away from there, and this is the copy
	// that it left.
	Left    bool
	Subject tenancy.Subject
	// Namespaces are the names of those in which it holds, as the document has them.
	Namespaces []string
	Rights     *Rights
	// Sources say what gives it, the strongest role first.
	Sources []Source
}

// Source is what gives a subject its role.
type Source struct {
	Role string
	// Organization that gives it to everything below; empty for the logical
	// cluster's own document.
	Organization string
	// Deployer: it is the role of the logical cluster's source.
	Deployer bool
	// Implicit is the implicit document that gives it; empty for others.
	Implicit string
	Pos      diag.Position
}

// String tells where a role comes from: "orgs/acme/org.cue:12:3, inherited from
// acme".
func (s Source) String() string {
	switch {
	case s.Organization != "":
		return s.Pos.String() + ", inherited from " + s.Organization
	case s.Implicit != "":
		return s.Pos.String() + ", given by " + s.Implicit
	case s.Deployer:
		return s.Pos.String() + ", deploys the source"
	}
	return s.Pos.String()
}

// In returns the entries of a logical cluster by physical cluster and subject,
// those of the place where it stands first. Nobody has access to one that is
// suspended, or not placed.
func (a *Access) In(key string) []Entry {
	var out []Entry
	for n, i := range a.copies[key] {
		out = append(out, a.entries(i, n > 0)...)
	}
	return out
}

func (a *Access) entries(i int, left bool) []Entry {
	s := &a.states[i]
	all := bindings(s)
	out := make([]Entry, 0, len(all))
	for len(all) > 0 {
		who := all[0].subject
		n := 1
		for n < len(all) && all[n].subject == who {
			n++
		}
		places(s, all[:n], func(namespaces []string, list []binding) {
			out = append(out, Entry{
				LogicalCluster: s.Key, Cluster: s.Cluster, Left: left, Subject: who, Namespaces: namespaces,
				Rights:  a.rightsOf(s, list, identity(who)),
				Sources: a.sources(s.Key, list),
			})
		})
		all = all[n:]
	}
	return out
}

// As returns what an identity may do in a logical cluster: the sum of what is
// bound to the user and to each group. There is one entry for each physical
// cluster on which anything is. The subject of an entry is the user, or the
// first group where no user is given.
func (a *Access) As(key string, who Identity) []Entry {
	var out []Entry
	for n, i := range a.copies[key] {
		s := &a.states[i]
		matching := slices.DeleteFunc(bindings(s), func(b binding) bool { return !who.is(b.subject) })
		if len(matching) == 0 {
			continue
		}
		places(s, matching, func(namespaces []string, list []binding) {
			out = append(out, Entry{
				LogicalCluster: s.Key, Cluster: s.Cluster, Left: n > 0, Subject: who.subject(), Namespaces: namespaces,
				Rights: a.rightsOf(s, list, who), Sources: a.sources(s.Key, list),
			})
		})
	}
	return out
}

// Organizations returns the top-level organizations in whose logical clusters
// something is bound to the subject, sorted. A service account that stands in a
// logical cluster belongs to its organization too: whoever may create pods there
// may act as it.
func (a *Access) Organizations(s tenancy.Subject) []string {
	if a.tops == nil {
		a.tops = map[tenancy.Subject][]string{}
		type namespace struct{ cluster, name string }
		home := map[namespace]string{}
		for i := range a.states {
			for _, n := range a.states[i].Namespaces {
				home[namespace{a.states[i].Cluster, n.Physical}] = top(a.states[i].Key)
			}
		}
		add := func(who tenancy.Subject, top string) {
			// Few subjects are known to more than one.
			if top != "" && !slices.Contains(a.tops[who], top) {
				a.tops[who] = append(a.tops[who], top)
			}
		}
		for i := range a.states {
			s := &a.states[i]
			for _, b := range bindings(s) {
				add(b.subject, top(s.Key))
				if b.subject.Kind == "ServiceAccount" {
					add(b.subject, home[namespace{s.Cluster, b.subject.Namespace}])
				}
			}
		}
		for _, tops := range a.tops {
			slices.Sort(tops)
		}
	}
	return a.tops[s]
}

// top is the top-level organization of a logical cluster.
func top(key string) string {
	name, _, _ := strings.Cut(key, "/")
	return name
}

// Marks are those of an entry's rights, and CrossOrganization where the subject
// has access in several top-level organizations.
func (a *Access) Marks(e *Entry) []Mark {
	if len(a.Organizations(e.Subject)) < 2 {
		return e.Rights.Marks
	}
	return append(slices.Clip(e.Rights.Marks), CrossOrganization)
}

// open are the names of the namespaces that have the bindings.
func open(s *desired.State) []string {
	out := make([]string, 0, len(s.Namespaces))
	for i := range s.Namespaces {
		if !s.Namespaces[i].Retired {
			out = append(out, s.Namespaces[i].Name)
		}
	}
	return out
}

// sources finds what gives the bindings of one logical cluster.
func (a *Access) sources(key string, bindings []binding) []Source {
	lc := a.tenancy.LogicalCluster(key)
	if lc == nil {
		return nil
	}
	var out []Source
	for _, b := range bindings {
		switch {
		case b.deployer:
			out = append(out, Source{Role: b.role, Deployer: true, Pos: lc.At("source")})
			continue
		case b.implicit != nil:
			out = append(out, Source{Role: b.role, Implicit: b.implicit.Ref, Pos: b.implicit.Pos()})
			continue
		}
		for _, g := range lc.Access {
			if g.Subject == b.subject {
				out = append(out, Source{Role: string(g.Role), Organization: g.Organization, Pos: g.Pos})
			}
		}
	}
	weakness := []string{string(schema.Admin), string(schema.Edit), string(schema.View)}
	slices.SortStableFunc(out, func(x, y Source) int {
		return cmp.Compare(slices.Index(weakness, x.Role), slices.Index(weakness, y.Role))
	})
	return out
}
