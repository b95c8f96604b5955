package placement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Cut gives each site that has no cut one, and warns of cuts that have outgrown
// the most objects that one may hold. The sizes are how many objects a logical
// cluster is at each site.
//
// A site joins the first cut of its physical cluster that has room, and new cuts
// are left a fifth empty, so that what stands in them can grow. A site's cut
// never changes, since that could delete its objects, and the number of a cut is
// not given again while the pins remember it.
func Cut(lcs map[string]*pins.LogicalCluster, sizes map[*pins.Site]int, max int) []tenancy.Finding {
	clusters := map[string]*cuts{}
	type open struct {
		key  string
		site *pins.Site
		size int
	}
	var waiting []open
	for key, lc := range lcs {
		for i := -1; i < len(lc.Left); i++ {
			s := &lc.Site
			if i >= 0 {
				s = &lc.Left[i]
			}
			c, ok := clusters[s.Cluster]
			if !ok {
				c = &cuts{sizes: map[string]int{}, from: map[int]int{}}
				clusters[s.Cluster] = c
			}
			c.remember(s.Cut)
			if s.Phase == pins.Gone {
				continue
			}
			n := sizes[s]
			if s.Cut == "" {
				waiting = append(waiting, open{key, s, n})
			} else {
				c.sizes[s.Cut] += n
			}
		}
	}
	slices.SortStableFunc(waiting, func(a, b open) int { return strings.Compare(a.key, b.key) })
	for _, w := range waiting {
		w.site.Cut = clusters[w.site.Cluster].join(w.size, max*4/5)
	}
	var findings []tenancy.Finding
	for _, cluster := range slices.Sorted(maps.Keys(clusters)) {
		sizes := clusters[cluster].sizes
		for _, name := range slices.Sorted(maps.Keys(sizes)) {
			if sizes[name] > max {
				findings = append(findings, tenancy.Finding{Diagnostic: diag.New(diag.CutTooLarge, diag.Position{},
					"cut %s of %s holds %d objects, more than settings.gitops.cut, which is %d", name, cluster, sizes[name], max).
					Suggest("raise settings.gitops.cut, or split what grew in it into several logical clusters")})
			}
		}
	}
	return findings
}

// cuts are the cuts of one physical cluster.
type cuts struct {
	highest int
	sizes   map[string]int // of those that hold anything
	order   []string       // the same by number, once the first site joins
	from    map[int]int    // by size: cuts before this one have no room for it
}

// number is that of a cut's name, or 0.
func number(name string) int {
	digits, ok := strings.CutPrefix(name, "c")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 0 {
		return 0
	}
	return n
}

func (c *cuts) remember(name string) { c.highest = max(c.highest, number(name)) }

func (c *cuts) join(size, limit int) string {
	if c.order == nil {
		c.order = slices.SortedFunc(maps.Keys(c.sizes), func(a, b string) int {
			return cmp.Or(number(a)-number(b), strings.Compare(a, b))
		})
	}
	// Cuts only fill, so where one size found no room it needs not look again.
	i := c.from[size]
	for i < len(c.order) && c.sizes[c.order[i]]+size > limit {
		i++
	}
	c.from[size] = i
	if i == len(c.order) {
		c.highest++
		c.order = append(c.order, fmt.Sprintf("c%04d", c.highest))
	}
	c.sizes[c.order[i]] += size
	return c.order[i]
}
