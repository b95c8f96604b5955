package placement

import "github.com/tenantry/tenantry/compiler/tenancy"

// Eligible returns a function that names the physical clusters which could take a
// logical cluster, whatever else stands there: the one that its document demands,
// or all that have its backing, its regions, its labels and no taint against it.
func Eligible(t *tenancy.Tenancy) func(*tenancy.LogicalCluster) []string {
	p := &placer{t: t, fits: map[string]*fit{}}
	for _, c := range t.Clusters {
		p.clusters = append(p.clusters, newCluster(c, t.Targets.Backings))
	}
	return func(lc *tenancy.LogicalCluster) []string {
		var out []string
		for _, i := range p.fitOf(&tenant{LogicalCluster: lc}).eligible {
			if name := p.clusters[i].Name; lc.Placement.Cluster == "" || lc.Placement.Cluster == name {
				out = append(out, name)
			}
		}
		return out
	}
}
