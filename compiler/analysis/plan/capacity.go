package plan

import (
	"github.com/tenantry/tenantry/compiler/placement"
)

// Capacity is an amount of a physical cluster that the change takes or frees.
type Capacity struct {
	Cluster string `json:"cluster"`
	// Amount is logicalClusters, namespaces, cpu, memory or loadBalancers.
	Amount string `json:"amount"`
	// Before and After are the sum of quotas; Capacity is the bound after the
	// change, empty where there is none any more.
	Before   string `json:"before"`
	After    string `json:"after"`
	Capacity string `json:"capacity"`
	// Over: the sum is above the bound.
	Over bool `json:"over,omitempty"`
	// Unbounded counts logical clusters that leave the amount open, so that the sum
	// says less than what may be used.
	Unbounded int `json:"unbounded,omitempty"`
}

// capacity compares what the physical clusters hold.
func (c *comparison) capacity() []Capacity {
	type id struct{ cluster, amount string }
	then := map[id]placement.Amount{}
	for _, l := range placement.Loads(c.before.Tenancy, c.before.Sites) {
		for _, a := range l.Amounts {
			then[id{l.Cluster, a.Name}] = a
		}
	}
	var out []Capacity
	for _, l := range placement.Loads(c.after.Tenancy, c.after.Sites) {
		for _, a := range l.Amounts {
			b := then[id{l.Cluster, a.Name}]
			if a != b {
				out = append(out, Capacity{Cluster: l.Cluster, Amount: a.Name, Before: b.Used, After: a.Used, Capacity: a.Capacity, Over: a.Over, Unbounded: a.Unbounded})
			}
		}
	}
	return out
}
