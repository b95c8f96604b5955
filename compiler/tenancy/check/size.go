package check

import (
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

const (
	// maxObjects is how many objects one logical cluster may be on a physical
	// cluster. It can't be divided among cuts, and engines take a time for a cut
	// that grows with the square of its objects, at its neighbours' expense.
	maxObjects = 1000
	// maxLabels keeps each of these objects well below what an API server stores.
	maxLabels = 100
)

// size checks that a logical cluster does not outgrow what an engine can apply.
func (c *checker) size(lc *subject, out *tenancy.Findings) {
	const bounds = 4 // of each namespace: itself, its quota, container bounds and network policy
	subjects := 0
	for i, g := range lc.Access {
		if i == 0 || g.Subject != lc.Access[i-1].Subject {
			subjects++
		}
	}
	objects := len(lc.Namespaces) * (bounds + subjects)
	if objects > maxObjects {
		if by := c.grower(lc); by != nil {
			out.Fault(by, diag.New(diag.TooManyObjects, by.Pos, "%s would be %d objects on its physical cluster, from %d namespaces and %d subjects; the most is %d",
				lc.Key, objects, len(lc.Namespaces), subjects, maxObjects).Suggest("give access to groups, or make several logical clusters"), "it stays")
		}
	}
	c.labelCount(&lc.Meta, lc.Spec.Labels, out)
}

// grower returns whose change may have made a logical cluster larger: its own, or
// the nearest of an organization that gives access to it. Nil where nobody's is
// new.
func (c *checker) grower(lc *subject) *document.Meta {
	if lc.changed {
		return &lc.Meta
	}
	for _, o := range lc.Org.Ancestors() {
		if len(o.Spec.Access) > 0 && c.History.Changed(&o.Meta) {
			return &o.Meta
		}
	}
	return nil
}
