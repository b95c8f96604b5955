package diff

import (
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/placement"
)

// capacity compares what the physical clusters hold.
func (c *sides) capacity() []change.Capacity {
	type id struct{ cluster, amount string }
	then := map[id]placement.Amount{}
	for _, l := range placement.Loads(c.before.Tenancy, c.before.Sites) {
		for _, a := range l.Amounts {
			then[id{l.Cluster, a.Name}] = a
		}
	}
	var out []change.Capacity
	for _, l := range placement.Loads(c.after.Tenancy, c.after.Sites) {
		for _, a := range l.Amounts {
			b := then[id{l.Cluster, a.Name}]
			if a != b {
				out = append(out, change.Capacity{Cluster: l.Cluster, Amount: a.Name, Before: b.Used, After: a.Used, Capacity: a.Capacity, Over: a.Over, Unbounded: a.Unbounded})
			}
		}
	}
	return out
}
