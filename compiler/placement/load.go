package placement

import (
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Load is what stands on a physical cluster, beside what it can hold.
type Load struct {
	Cluster string
	Amounts []Amount
}

// Amount is one amount that a physical cluster's capacity bounds.
type Amount struct {
	// Name as the capacity has it: logicalClusters, namespaces, cpu, memory,
	// loadBalancers.
	Name string
	// Used is the sum of quotas, Capacity the bound; both as Kubernetes writes them.
	Used, Capacity string
	// Over: more is used than there is.
	Over bool
	// Unbounded counts the logical clusters that leave the amount open.
	Unbounded int
}

// Loads returns the load of each declared physical cluster, by name. The sites
// are those of Place.
func Loads(t *tenancy.Tenancy, sites map[string]*pins.LogicalCluster) []Load {
	p := newPlacer(t, &pins.Pins{}, "")
	for _, lc := range t.LogicalClusters {
		site := sites[lc.Key]
		if site == nil {
			continue
		}
		need := needs(lc)
		p.count(site.Site, need)
		for _, left := range site.Left {
			p.count(left, need)
		}
	}
	out := make([]Load, len(p.clusters))
	for i, c := range p.clusters {
		out[i].Cluster = c.Name
		for d, limit := range c.capacity {
			if limit >= 0 {
				out[i].Amounts = append(out[i].Amounts, Amount{Name: dimensionOf(d).name, Used: format(d, c.used[d]),
					Capacity: format(d, limit), Over: c.used[d] > limit, Unbounded: c.unbounded[d]})
			}
		}
	}
	return out
}
