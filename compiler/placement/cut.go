package placement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
)

// Sized is a site with how many objects stand there.
type Sized struct {
	Key     string // of the logical cluster
	Site    *pins.Site
	Objects int
}

// Cut gives each site that has no cut one, and warns of cuts that have outgrown
// the most objects that one may hold. It is given the sites at which objects stand,
// and all that is pinned.
//
// A site joins the first cut of its physical cluster that has room, and new cuts
// are left a fifth empty, so that what stands in them can grow. A site's cut
// never changes, since that could delete its objects, and the number of a cut is
// not given again while the pins remember it.
func Cut(sites []Sized, lcs map[string]*pins.LogicalCluster, max int) []tenancy.Finding {
	clusters := map[string]*cuts{}
	var waiting []Sized
	for _, s := range sites {
		c, ok := clusters[s.Site.Cluster]
		if !ok {
			c = &cuts{sizes: map[string]int{}, from: map[int]int{}}
			clusters[s.Site.Cluster] = c
		}
		if s.Site.Cut == "" {
			waiting = append(waiting, s)
		} else {
			c.sizes[s.Site.Cut] += s.Objects
		}
	}
	if len(waiting) > 0 {
		remember := func(s *pins.Site) {
			if c, ok := clusters[s.Cluster]; ok {
				c.remember(s.Cut)
			}
		}
		for _, lc := range lcs {
			remember(&lc.Site)
			for i := range lc.Left {
				remember(&lc.Left[i])
			}
		}
	}
	slices.SortStableFunc(waiting, func(a, b Sized) int { return strings.Compare(a.Key, b.Key) })
	for _, w := range waiting {
		w.Site.Cut = clusters[w.Site.Cluster].join(w.Objects, max*4/5)
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
