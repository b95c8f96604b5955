// Package diff compares two compilations. Each file compares one thing, and takes
// what it needs of the others as a value: the two sides, then the documents that
// differ, then the logical clusters that do. It makes the values of package change
// and no text beside them.
package diff

import (
	"context"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/render"
)

// comparePlan says what a change does: all of a plan but its head, and what is
// notable about it. Each step takes what it needs from those before.
func Compare(ctx context.Context, before, after *compiler.Result, comparer *impact.Comparer) (*change.Plan, error) {
	rendered, err := render.Compare(ctx, before.Rendering(), after.Rendering())
	if err != nil {
		return nil, err
	}
	s := newSides(before, after)
	d := s.documents()
	var reaches [4]reach
	p := &change.Plan{Documents: d.list, Capacity: s.capacity()}
	var c *comparison
	p.LogicalClusters, c, reaches[0] = d.logicalClusters(rendered.States)
	accesses := c.access(p.LogicalClusters)
	for i := range accesses {
		p.Access = append(p.Access, accesses[i].Access)
	}
	p.APIs, reaches[1] = c.apis(comparer)
	p.Implicit, reaches[2] = c.implicit()
	p.Policy = c.policy(accesses)
	p.Cost, reaches[3] = c.cost()
	p.Objects = c.objects(rendered.Files)
	p.Findings, p.Standing = newFindings(before.Diagnostics, after.Diagnostics)
	d.count(reaches[:])
	return p, nil
}
