package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Change is what one subject gains and loses, the same in all places.
type Change struct {
	Subject tenancy.Subject
	// Before and After are nil where the subject had or has no access.
	Before, After *Rights
	// Gained and Lost are what differs between the two. Denied verbs stand in neither.
	Gained, Lost []Permission
	// Marks of what is gained, and CrossOrganization where it is the subject's first
	// access in a top-level organization, and it has access in others.
	Marks []Mark
	// In are the places, by logical cluster.
	In []Place
	// Sources are what gives the subject its role after the change, or what gave it
	// one where it has none any more.
	Sources []Source
}

// Place is where a change holds.
type Place struct {
	LogicalCluster string
	// Namespaces are those in which it holds; nil means all that the logical
	// cluster has on both sides.
	Namespaces []string
}

// Diff returns the changes from one side to the other, by subject and place. Of
// a logical cluster that has moved, the place where it now stands counts, and
// not the copy that it left. Places that give the same access in the same way
// are passed over before anything is worked out. former has the keys before the change of
// the logical clusters that are renamed, by those of today; it may be nil.
func Diff(before, after *Access, former map[string]string) []Change {
	taken := map[string]bool{}
	for _, key := range former {
		taken[key] = true
	}
	d := &differ{before: before, after: after, former: former, pairs: map[[2]string]*pair{}, changes: map[changeID]*Change{}, exempt: sameControllers(before, after)}
	keys := slices.AppendSeq(make([]string, 0, len(after.copies)), maps.Keys(after.copies))
	for key := range before.copies {
		if _, ok := after.copies[key]; !ok && !taken[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		d.place(key)
	}
	out := make([]Change, 0, len(d.changes))
	for _, c := range d.order {
		out = append(out, *c)
	}
	slices.SortStableFunc(out, func(a, b Change) int {
		return cmp.Or(a.Subject.Compare(b.Subject), strings.Compare(a.In[0].LogicalCluster, b.In[0].LogicalCluster),
			slices.Compare(a.In[0].Namespaces, b.In[0].Namespaces))
	})
	return out
}

type differ struct {
	before, after *Access
	former        map[string]string
	// exempt: the same controllers are exempt from admission on both sides.
	exempt  bool
	pairs   map[[2]string]*pair
	changes map[changeID]*Change
	order   []*Change
}

// pair is the difference of two rights.
type pair struct{ gained, lost []Permission }

type changeID struct {
	subject       tenancy.Subject
	before, after string
	sources       string
	foreign       bool // the first access in another top-level organization
}

// present returns the state that counts, nil where there is none.
func (a *Access) present(key string) *desired.State {
	if copies := a.copies[key]; len(copies) > 0 {
		return &a.states[copies[0]]
	}
	return nil
}

func sameControllers(a, b *Access) bool {
	controllers := func(p *desired.Platform) []string {
		if p == nil {
			return nil
		}
		return p.Controllers
	}
	for name, p := range a.platforms {
		if q := b.platforms[name]; q != nil && !slices.Equal(controllers(p), controllers(q)) {
			return false
		}
	}
	return true
}

// equal reports whether two states give the same access. It may say no where
// they do.
func (d *differ) equal(b, a *desired.State) bool {
	return d.exempt && b.Cluster == a.Cluster && b.Frozen == a.Frozen && b.Gate == a.Gate && b.Roles == a.Roles &&
		b.Deployers == a.Deployers && (b.Source == nil) == (a.Source == nil) && (b.Source == nil || b.Source.Role == a.Source.Role) &&
		slices.Equal(b.Grants, a.Grants) && sameImplicit(b, a) &&
		slices.EqualFunc(b.Namespaces, a.Namespaces, func(x, y desired.Namespace) bool { return x.Name == y.Name && x.Retired == y.Retired })
}

// keyBefore returns the key that a logical cluster had before the change.
func (d *differ) keyBefore(key string) string { return cmp.Or(d.former[key], key) }

// place adds what differs in a logical cluster: of each subject, once for all namespaces
// in which the same differs.
func (d *differ) place(key string) {
	b, a := d.before.present(d.keyBefore(key)), d.after.present(key)
	if b != nil && a != nil && d.equal(b, a) {
		return
	}
	var all []string // the namespaces of both sides
	for _, s := range []*desired.State{a, b} {
		if s != nil {
			all = append(all, open(s)...)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	subjects := d.sides(key)
	for _, who := range slices.SortedFunc(maps.Keys(subjects), tenancy.Subject.Compare) {
		for _, g := range subjects[who].groups(all) {
			names := g.namespaces
			if len(names) == len(all) {
				names = nil
			}
			d.add(who, g.before, g.after, Place{LogicalCluster: key, Namespaces: names})
		}
	}
}

// sides are the entries of one subject in one logical cluster, each for some namespaces.
type sides struct{ before, after []*Entry }

// sides returns the entries of a logical cluster on both sides, by subject.
func (d *differ) sides(key string) map[tenancy.Subject]*sides {
	out := map[tenancy.Subject]*sides{}
	of := func(who tenancy.Subject) *sides {
		if out[who] == nil {
			out[who] = &sides{}
		}
		return out[who]
	}
	for _, e := range d.before.presentEntries(d.keyBefore(key)) {
		s := of(e.Subject)
		s.before = append(s.before, &e)
	}
	for _, e := range d.after.presentEntries(key) {
		s := of(e.Subject)
		s.after = append(s.after, &e)
	}
	return out
}

// presentEntries returns the entries of the copy that counts.
func (a *Access) presentEntries(key string) []Entry {
	if len(a.copies[key]) == 0 {
		return nil
	}
	return a.entries(a.copies[key][0], false)
}

// group are namespaces in which a subject has the same entries.
type group struct {
	before, after *Entry
	namespaces    []string
}

// groups groups namespaces in which the subject has access on some side.
func (s *sides) groups(namespaces []string) []*group {
	var out []*group
	for _, name := range namespaces {
		before, after := entryIn(s.before, name), entryIn(s.after, name)
		if before == nil && after == nil {
			continue
		}
		i := slices.IndexFunc(out, func(g *group) bool { return g.before == before && g.after == after })
		if i < 0 {
			i = len(out)
			out = append(out, &group{before: before, after: after})
		}
		out[i].namespaces = append(out[i].namespaces, name)
	}
	return out
}

// entryIn returns the entry that holds in a namespace; nil where none does.
func entryIn(list []*Entry, namespace string) *Entry {
	if i := slices.IndexFunc(list, func(e *Entry) bool { return slices.Contains(e.Namespaces, namespace) }); i >= 0 {
		return list[i]
	}
	return nil
}

// add adds a place to the change that it is a part of.
func (d *differ) add(who tenancy.Subject, before, after *Entry, at Place) {
	var b, a *Rights
	var sources []Source
	if before != nil {
		b, sources = before.Rights, before.Sources
	}
	if after != nil {
		a, sources = after.Rights, after.Sources
	}
	p := d.pair(b, a)
	if len(p.gained) == 0 && len(p.lost) == 0 {
		return
	}
	id := changeID{subject: who, before: b.name(), after: a.name(), foreign: len(p.gained) > 0 && d.foreign(who, at.LogicalCluster)}
	for _, s := range sources {
		if s.Organization != "" || s.Implicit != "" { // what reaches many places
			id.sources += s.String() + "\n"
		} else {
			id.sources += s.Role + "\n"
		}
	}
	c := d.changes[id]
	if c == nil {
		c = &Change{Subject: who, Before: b, After: a, Gained: p.gained, Lost: p.lost, Marks: p.marks()}
		if id.foreign {
			c.Marks = append(c.Marks, CrossOrganization)
			slices.Sort(c.Marks)
		}
		d.changes[id] = c
		d.order = append(d.order, c)
	}
	c.In = append(c.In, at)
	for _, s := range sources {
		if !slices.Contains(c.Sources, s) {
			c.Sources = append(c.Sources, s)
		}
	}
}

// foreign reports whether the subject had no access in the top-level
// organization of a logical cluster before, and has access in others.
func (d *differ) foreign(who tenancy.Subject, key string) bool {
	return len(d.after.Organizations(who)) > 1 && !slices.Contains(d.before.Organizations(who), top(key))
}

// marks are those of what is gained.
func (p *pair) marks() []Mark {
	var out []Mark
	for i := range p.gained {
		out = append(out, p.gained[i].Marks...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *Rights) name() string {
	if r == nil {
		return ""
	}
	return r.id
}

func (d *differ) pair(before, after *Rights) *pair {
	id := [2]string{before.name(), after.name()}
	p := d.pairs[id]
	if p == nil {
		p = &pair{}
		if id[0] != id[1] {
			p.gained = append(minus(after, before), unknown(after, before)...)
			p.lost = append(minus(before, after), unknown(before, after)...)
		}
		d.pairs[id] = p
	}
	return p
}

// unknown returns the roles of a whose content is not known and which b has not,
// each as a permission that bears the role's name.
func unknown(a, b *Rights) []Permission {
	var out []Permission
	if a == nil {
		return nil
	}
	for _, role := range a.Unknown {
		if b == nil || !slices.Contains(b.Unknown, role) {
			out = append(out, Permission{Resource: role, Marks: []Mark{UnknownRole}})
		}
	}
	return out
}

var verbs = Verbs()

// minus returns what a allows and b does not. What a "*" allows counts as
// covered by a "*" alone, however much else b names.
func minus(a, b *Rights) []Permission {
	if a == nil {
		return nil
	}
	var out []Permission
	for i := range a.Permissions {
		p := &a.Permissions[i]
		all := p.Verbs
		if slices.Contains(all, "*") {
			all = slices.DeleteFunc(append([]string{"*"}, verbs...), func(v string) bool { return slices.Contains(p.Denied, v) })
		}
		whole := Permission{Group: p.Group, Resource: p.Resource, Versions: p.Versions, BoundOnly: p.BoundOnly}
		part := whole // verbs that b allows in some versions
		for _, verb := range all {
			switch c := b.covers(a, p, verb); {
			case c.all:
			case c.some:
				part.Verbs, part.Versions, part.ExceptVersions = append(part.Verbs, verb), c.missing, c.versions
			default:
				whole.Verbs = append(whole.Verbs, verb)
			}
		}
		for _, q := range []Permission{whole, part} {
			if len(q.Verbs) == 0 {
				continue
			}
			if !slices.ContainsFunc(q.Verbs, func(v string) bool { return slices.Contains(writes[:], v) }) {
				q.Versions, q.BoundOnly = nil, false
			}
			if len(q.Verbs) > len(verbs) { // all of them and "*"
				q.Verbs = []string{"*"}
			}
			q.Marks = marks(&q)
			out = append(out, q)
		}
	}
	return out
}

// coverage is how much of one verb of a permission other rights allow.
type coverage struct {
	all  bool
	some bool // in the versions that are not missing
	// missing are versions that they do not allow. Where the permission holds for
	// all versions, versions are those that they do.
	missing, versions []string
}

// covers returns how much of one verb of a permission of other rights these allow.
func (r *Rights) covers(other *Rights, p *Permission, verb string) coverage {
	var c coverage
	if r == nil {
		return c
	}
	for i := range r.Permissions {
		q := &r.Permissions[i]
		if q.Group != "*" && q.Group != p.Group || !matches(q.Resource, p.Resource) || !q.allows(verb) {
			continue
		}
		versions, ok := r.versions(q, other, p, verb)
		if !ok {
			continue
		}
		if len(versions) == 0 {
			return coverage{all: true}
		}
		if len(p.Versions) == 0 {
			c = coverage{some: true, versions: versions}
			continue
		}
		missing := slices.DeleteFunc(slices.Clone(p.Versions), func(v string) bool { return slices.Contains(versions, v) })
		switch len(missing) {
		case 0:
			return coverage{all: true}
		case len(p.Versions):
		default:
			c = coverage{some: true, missing: missing}
		}
	}
	return c
}

// versions returns the versions in which one of the rights' permissions allows a verb of
// a permission of other rights; none means all. It is false where admission refuses the
// verb, or is not known to let it through.
func (r *Rights) versions(q *Permission, other *Rights, p *Permission, verb string) (versions []string, ok bool) {
	switch {
	case !slices.Contains(writes[:], verb):
		return nil, true
	case !q.BoundOnly:
		return q.Versions, true
	case p.BoundOnly:
		return q.Versions, r.gate.Name == other.gate.Name
	case strings.Contains(p.Group+p.Resource, "*"):
		return nil, false
	}
	refused, versions := r.admission(verb, p.Group, p.Resource)
	return versions, refused == ""
}
