package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/access"
)

// What happens to a subject's access.
const (
	Gains  = "gains"
	Loses  = "loses"
	Alters = "gains and loses"
)

// Access is what a subject gains and loses, the same in all places.
type Access struct {
	Change string `json:"change"` // gains, loses, or gains and loses
	// Subject as `tenantry access` writes it: group:payments-devs.
	Subject string `json:"subject"`
	// Roles that the subject has after the change, or had where it has none any more.
	Roles  []string            `json:"roles,omitempty"`
	Gained []access.Permission `json:"gained,omitempty"`
	Lost   []access.Permission `json:"lost,omitempty"`
	// Sensitive tells why what is gained deserves a second look.
	Sensitive []access.Mark `json:"sensitive,omitempty"`
	In        []Place       `json:"in"`
	Causes    []Cause       `json:"causes,omitempty"`

	sources []access.Source
}

// Place is where access differs.
type Place struct {
	LogicalCluster string `json:"logicalCluster"`
	// Namespaces are those in which it does, where it is not all of them.
	Namespaces []string `json:"namespaces,omitempty"`
}

// access compares who may do what: the effective rights of both sides, whatever
// gives them.
func (c *comparison) access() []Access {
	before := access.New(c.before.Tenancy, c.before.States, c.before.Platforms)
	after := access.New(c.after.Tenancy, c.after.States, c.after.Platforms)
	var out []Access
	for _, d := range access.Diff(before, after) {
		a := Access{Change: Alters, Subject: d.Subject.String(), Gained: d.Gained, Lost: d.Lost, Sensitive: d.Marks, sources: d.Sources}
		switch {
		case len(d.Lost) == 0:
			a.Change = Gains
		case len(d.Gained) == 0:
			a.Change = Loses
		}
		for _, s := range d.Sources {
			if !slices.Contains(a.Roles, s.Role) {
				a.Roles = append(a.Roles, s.Role)
			}
		}
		for _, place := range d.In {
			a.In = append(a.In, Place{place.LogicalCluster, place.Namespaces})
			a.Causes = append(a.Causes, c.causes[place.LogicalCluster]...)
		}
		a.Causes = sortCauses(a.Causes)
		if d.After != nil { // what gives it is nearer than what else changed there
			var near []Cause
			for _, s := range d.Sources {
				if c.source.has(s.Pos.File) {
					near = append(near, Cause{File: s.Pos.File, Line: s.Pos.Line})
				}
			}
			if len(near) > 0 {
				a.Causes = sortCauses(near)
			}
		}
		out = append(out, a)
	}
	c.accesses = out
	return out
}

// String names the place: "acme/payments/prod (api, jobs)".
func (p Place) String() string {
	if len(p.Namespaces) == 0 {
		return p.LogicalCluster
	}
	return fmt.Sprintf("%s (%s)", p.LogicalCluster, strings.Join(p.Namespaces, ", "))
}
