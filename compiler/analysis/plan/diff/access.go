package diff

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
)

// granted is access that differs, with what gives it.
type granted struct {
	change.Access
	sources []access.Source
}

// access compares who may do what: the effective rights of both sides, whatever
// gives them.
func (c *comparison) access(list []change.LogicalClusters) []granted {
	before := access.New(c.before.Tenancy, c.before.States, c.before.Platforms)
	after := access.New(c.after.Tenancy, c.after.States, c.after.Platforms)
	c.reached(after, list)
	var out []granted
	for _, d := range access.Diff(before, after, c.former) {
		a := change.Access{Change: change.Alters, Subject: d.Subject.String(), Gained: d.Gained, Lost: d.Lost, Sensitive: d.Marks}
		switch {
		case len(d.Lost) == 0:
			a.Change = change.Gains
		case len(d.Gained) == 0:
			a.Change = change.Loses
		}
		for _, s := range d.Sources {
			if !slices.Contains(a.Roles, s.Role) {
				a.Roles = append(a.Roles, s.Role)
			}
		}
		for _, place := range d.In {
			a.In = append(a.In, change.Place{LogicalCluster: place.LogicalCluster, Namespaces: place.Namespaces})
			a.Causes = append(a.Causes, c.causes[place.LogicalCluster]...)
		}
		a.Causes = sortCauses(a.Causes)
		if d.After != nil { // what gives it is nearer than what else changed there
			var near []change.Cause
			for _, s := range d.Sources {
				if c.source.has(s.Pos.File) {
					near = append(near, change.Cause{File: s.Pos.File, Line: s.Pos.Line})
				}
			}
			if len(near) > 0 {
				a.Causes = sortCauses(near)
			}
		}
		out = append(out, granted{a, d.Sources})
	}
	return out
}

// reached fills in who has access to what is handed over from one organization to another.
func (c *comparison) reached(after *access.Access, list []change.LogicalClusters) {
	for i := range list {
		l := &list[i]
		if l.ToOrganization == "" {
			continue
		}
		for _, e := range after.In(l.Keys[0]) {
			if e.Left {
				continue
			}
			who := e.Subject.String()
			at := slices.IndexFunc(l.ReachedBy, func(r change.Reached) bool { return r.Subject == who })
			if at < 0 {
				at = len(l.ReachedBy)
				l.ReachedBy = append(l.ReachedBy, change.Reached{Subject: who})
			}
			for _, s := range e.Sources {
				if r := &l.ReachedBy[at]; !slices.Contains(r.Roles, s.Role) {
					r.Roles = append(r.Roles, s.Role)
				}
			}
		}
	}
}
