package placement

import (
	"hash/fnv"
	"math/bits"
	"strconv"

	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// What a physical cluster's capacity bounds.
const (
	logicalClusters = iota
	namespaces
	cpu    // in thousandths of a core
	memory // in bytes
	loadBalancers
	dimensions
)

// dimension is how an amount is called, and read from a quota.
type dimension struct {
	name string // in a document's quota and in a capacity
	// keys of a quota that bound the amount, the first that stands counts: a limit
	// bounds what may be requested, and a count of services that of load balancers.
	keys []string
}

func dimensionOf(d int) dimension {
	switch d {
	case namespaces:
		return dimension{name: "namespaces"}
	case cpu:
		return dimension{"cpu", []string{"requests.cpu", "limits.cpu"}}
	case memory:
		return dimension{"memory", []string{"requests.memory", "limits.memory"}}
	case loadBalancers:
		return dimension{"loadBalancers", []string{"services.loadbalancers", "services", "count/services"}}
	}
	return dimension{name: "logicalClusters"}
}

// amounts by dimension; negative where nothing bounds them.
type amounts [dimensions]int64

// most is what larger amounts count as: beyond any cluster, and far enough from
// the end of int64 for sums.
const most = 1 << 60

func amount(d int, q resource.Quantity) int64 {
	limit, value := int64(most), q.Value
	if d == cpu {
		limit, value = most/1000, q.MilliValue
	}
	if q.CmpInt64(limit) >= 0 {
		return most
	}
	return value()
}

func format(d int, n int64) string {
	switch d {
	case cpu:
		return resource.NewMilliQuantity(n, resource.DecimalSI).String()
	case memory:
		return resource.NewQuantity(n, resource.BinarySI).String()
	}
	return strconv.FormatInt(n, 10)
}

// needs returns what a logical cluster may take at most.
func needs(lc *tenancy.LogicalCluster) amounts {
	need := amounts{logicalClusters: 1, namespaces: int64(len(lc.Namespaces))}
	for d := cpu; d < dimensions; d++ {
		need[d] = -1
		for _, key := range dimensionOf(d).keys {
			if q, ok := lc.Quota.Of(key); ok {
				need[d] = amount(d, q)
				break
			}
		}
	}
	return need
}

// cluster is a physical cluster with what stands on it.
type cluster struct {
	*tenancy.PhysicalCluster
	known    target.Backings
	seed     uint64
	capacity amounts
	used     amounts
	// unbounded counts logical clusters whose quota leaves an amount open that the
	// capacity bounds.
	unbounded [dimensions]int
	// dedicated: it takes one logical cluster.
	dedicated bool
	// crds by definitions' number of the name: the content that is served, or 0.
	crds []int32
}

func newCluster(c *tenancy.PhysicalCluster, known target.Backings) *cluster {
	out := &cluster{PhysicalCluster: c, known: known, seed: hash(c.Name)}
	out.dedicated = len(c.Backings) == 1 && known.Exclusive(c.Backings[0])
	for d := range dimensions {
		out.capacity[d] = -1
	}
	count := func(d int, n *int) {
		if n != nil {
			out.capacity[d] = min(int64(*n), most)
		}
	}
	sum := func(d int, q schema.Quantity) {
		if q == "" {
			return
		}
		out.capacity[d] = 0 // an amount that can't be read gives nothing away
		if parsed, err := resource.ParseQuantity(string(q)); err == nil {
			out.capacity[d] = amount(d, parsed)
		}
	}
	count(logicalClusters, c.Capacity.LogicalClusters)
	count(namespaces, c.Capacity.Namespaces)
	sum(cpu, c.Capacity.CPU)
	sum(memory, c.Capacity.Memory)
	count(loadBalancers, c.Capacity.LoadBalancers)
	return out
}

func (c *cluster) add(need *amounts) {
	for d, n := range need {
		switch {
		case n >= 0:
			c.used[d] = min(c.used[d]+n, most)
		case c.capacity[d] >= 0:
			c.unbounded[d]++
		}
	}
}

// after returns the utilisation once the need is added: that of the dimension
// which is used most. It returns false if there is no room.
func (c *cluster) after(need *amounts) (ratio, bool) {
	load := ratio{0, 1}
	if c.dedicated && c.used[logicalClusters] > 0 {
		return load, false
	}
	for d, limit := range c.capacity {
		if limit < 0 {
			continue
		}
		if need[d] < 0 {
			return load, false
		}
		used := c.used[d] + need[d]
		if need[d] > 0 && used > limit {
			return load, false
		}
		if used == 0 {
			continue
		}
		if r := (ratio{uint64(used), uint64(limit)}); r.compare(load) > 0 {
			load = r
		}
	}
	return load, true
}

// ratio is an exact fraction. A denominator of 0 is more than anything.
type ratio struct{ n, d uint64 }

func (r ratio) compare(s ratio) int {
	ah, al := bits.Mul64(r.n, s.d)
	bh, bl := bits.Mul64(s.n, r.d)
	switch {
	case ah < bh || ah == bh && al < bl:
		return -1
	case ah == bh && al == bl:
		return 0
	}
	return 1
}

// hash and mix rank clusters for a key, the same on every machine.
func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // never fails
	return mix(h.Sum64())
}

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
