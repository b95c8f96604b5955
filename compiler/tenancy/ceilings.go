package tenancy

import (
	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// ceilings checks the sums below each organization that bounds one.
func (c *checker) ceilings() {
	for _, o := range c.t.Organizations {
		if o.Spec.Ceilings == nil {
			continue
		}
		below := c.t.Below(o)
		if limit := o.Spec.Ceilings.LogicalClusters; limit != nil {
			c.count(o, below, *limit)
		}
		for _, ceiling := range o.ceilings {
			c.sum(o, below, ceiling)
		}
	}
}

// count checks the number of logical clusters. Those that stand already are
// counted first: holding them would change nothing.
func (c *checker) count(o *Organization, below []*LogicalCluster, limit int) {
	standing := 0
	for _, lc := range below {
		if lc.State != schema.Deleted && c.stood(lc) {
			standing++
		}
	}
	pos := o.At("ceilings", "logicalClusters")
	if standing > limit {
		c.found.add(&o.Meta, diag.New(diag.CeilingLowered, pos, "%s has %d logical clusters, above its ceiling of %d", o.Path, standing, limit).
			Suggest("raise the ceiling, or have some of them deleted"))
	}
	n := standing
	for _, lc := range below {
		if lc.State == schema.Deleted || c.stood(lc) {
			continue
		}
		if n++; n > limit {
			c.found.fault(&lc.Meta, diag.New(diag.CeilingExceeded, lc.Pos, "%s would be logical cluster number %d of %s, above its ceiling of %d", lc.Key, n, o.Path, limit).
				See(pos, "the ceiling stands here").Suggest("ask the owners of %s for a higher ceiling", o.Path), "it stays")
		}
	}
}

// addition is a logical cluster that is new or changed, with what it took and
// takes of one resource.
type addition struct {
	lc        *LogicalCluster
	was, want resource.Quantity
}

// sum checks the sum of one resource over the quotas below an organization. What
// stood before is summed first; then, in the order of keys, each addition that
// fits is let in, and so is whatever lowers the sum. Holding exactly the others
// keeps the sum where it may be.
func (c *checker) sum(o *Organization, below []*LogicalCluster, ceiling amount) {
	var total resource.Quantity
	total.Format = ceiling.value.Format
	var additions []addition
	var unbounded []*LogicalCluster
	for _, lc := range below {
		if lc.State == schema.Deleted {
			continue
		}
		want, ok := lc.Quota[ceiling.name]
		if !c.changed(&lc.Meta) {
			if !ok {
				unbounded = append(unbounded, lc)
			}
			total.Add(want)
			continue
		}
		if !ok {
			c.found.fault(&lc.Meta, diag.New(diag.CeilingUnbounded, lc.At("quota"), "%s has no quota of %s, which %s bounds", lc.Key, ceiling.key, o.Path).
				See(ceiling.pos, "the ceiling stands here").Suggest("add it: quota: %s", ceiling.key), "it stays")
			continue
		}
		was := c.lastGood(lc, ceiling.name)
		total.Add(was)
		additions = append(additions, addition{lc, was, want})
	}
	c.unbounded(o, unbounded, ceiling)
	if total.Cmp(ceiling.value) > 0 {
		c.found.add(&o.Meta, diag.New(diag.CeilingLowered, ceiling.pos, "what exists below %s has %s of %s, above its ceiling of %s", o.Path, total.String(), ceiling.key, ceiling.value.String()).
			Suggest("raise the ceiling, or have quotas lowered"))
	}
	for _, a := range additions {
		sum := total.DeepCopy()
		sum.Sub(a.was)
		sum.Add(a.want)
		if a.want.Cmp(a.was) <= 0 || sum.Cmp(ceiling.value) <= 0 {
			total = sum
			continue
		}
		room := ceiling.value.DeepCopy()
		room.Sub(total)
		room.Add(a.was)
		if room.Sign() < 0 {
			room = *resource.NewQuantity(0, room.Format)
		}
		c.found.fault(&a.lc.Meta, diag.New(diag.CeilingExceeded, a.lc.Origins()["quota."+ceiling.name].Pos, "%s %s would bring %s to %s, above its ceiling of %s",
			a.want.String(), ceiling.key, o.Path, sum.String(), ceiling.value.String()).
			See(ceiling.pos, "the ceiling stands here").
			Suggest("ask for at most %s, or ask the owners of %s for a higher ceiling", room.String(), o.Path), "it stays")
	}
}

// unbounded reports what stood before a ceiling came. It is not the logical
// clusters' fault, so nobody is held.
func (c *checker) unbounded(o *Organization, lcs []*LogicalCluster, ceiling amount) {
	if len(lcs) == 0 {
		return
	}
	d := diag.New(diag.CeilingUnbounded, ceiling.pos, "%d logical clusters below %s have no quota of %s, so no sum can be bounded", len(lcs), o.Path, ceiling.key)
	if len(lcs) == 1 {
		d.Message = lcs[0].Key + " has no quota of " + ceiling.key + ", so no sum can be bounded"
	}
	for _, lc := range lcs[:min(len(lcs), 8)] {
		d = d.See(lc.Pos, "%s has none", lc.Key)
	}
	c.found.add(&o.Meta, d.Suggest("give them one through a class or through the defaults of %s", o.Path))
}

// lastGood returns how much of a resource the last good version of a changed
// document has under today's classes and organizations.
func (c *checker) lastGood(lc *LogicalCluster, name string) resource.Quantity {
	if c.t.LastGood == nil {
		return resource.Quantity{}
	}
	spec := c.t.LastGood(lc.Key)
	if spec == nil || spec.State == schema.Deleted {
		return resource.Quantity{}
	}
	var ignored findings
	own := amounts(spec.Quota, &load.Meta{}, func(...string) diag.Position { return diag.Position{} }, &ignored)
	if a, ok := find(own, name); ok {
		return a.value
	}
	class := spec.Class
	if class == "" {
		class = lc.Org.class
	}
	if known := findBy(c.t.Classes, class, func(c *Class) string { return c.Name }); known != nil {
		if a, ok := find(known.layer.quota, name); ok {
			return a.value
		}
	}
	return lc.Org.values.quota[name]
}
