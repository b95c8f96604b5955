package tenancy

import (
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// ceilings checks the sums below each organization that bounds one.
func (c *checker) ceilings() {
	for _, o := range c.t.Organizations {
		if o.Spec.Ceilings == nil {
			continue
		}
		holding, expired := c.t.exempt(o)
		below := slices.DeleteFunc(slices.Clone(c.t.Below(o)), func(lc *LogicalCluster) bool { return covered(holding, lc) })
		c.expired = expired
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
	standing, back := 0, 0
	var more []*LogicalCluster
	for _, lc := range below {
		switch {
		case lc.State == schema.Deleted:
		case !c.counted(lc):
			more = append(more, lc)
		default:
			standing++
			if covered(c.expired, lc) {
				back++
			}
		}
	}
	pos := o.At("ceilings", "logicalClusters")
	if standing > limit {
		c.found.add(&o.Meta, afterExpiry(standing-back <= limit, diag.New(diag.CeilingLowered, pos, "%s has %d logical clusters, above its ceiling of %d", o.Path, standing, limit).
			Suggest("raise the ceiling, or have some of them deleted")))
	}
	n := standing
	for _, lc := range more {
		if n++; n > limit {
			c.found.fault(&lc.Meta, diag.New(diag.CeilingExceeded, lc.Pos, "%s would be logical cluster number %d of %s, above its ceiling of %d", lc.Key, n, o.Path, limit).
				See(pos, "the ceiling stands here").Suggest("ask the owners of %s for a higher ceiling", o.Path), "it stays")
		}
	}
}

// afterExpiry turns an error into a warning where it comes of nothing but an
// exemption that has expired: that a day passes fails nobody's merge.
func afterExpiry(only bool, d diag.Diagnostic) diag.Diagnostic {
	if only {
		d.Severity = diag.Warning
	}
	return d
}

// counted reports whether the logical cluster counted before: it stands in the
// pins, and its last good document does not give its place up.
func (c *checker) counted(lc *LogicalCluster) bool {
	if !lc.stood {
		return false
	}
	if c.t.LastGood == nil || !lc.changed {
		return true
	}
	spec := c.lastGood(lc)
	return spec == nil || spec.State != schema.Deleted
}

// addition is a document that is new or changed, with what it took and takes of
// one resource: a logical cluster for itself, an organization for those that
// inherit from its defaults.
type addition struct {
	by        *document.Meta
	pos       diag.Position
	was, want resource.Quantity
	// open are logical clusters that it leaves without an amount.
	open []*LogicalCluster
}

// sum checks the sum of one resource over the quotas below an organization. What
// stood before is summed first; then, organizations before logical clusters and
// each in the order of keys, every addition that fits is let in, and so is
// whatever lowers the sum. Holding exactly the others keeps the sum where it may
// be.
func (c *checker) sum(o *Organization, below []*LogicalCluster, ceiling amount) {
	var total, back resource.Quantity
	total.Format = ceiling.value.Format
	var additions []*addition
	inherited := map[*Organization]*addition{}
	var unbounded, divided, dividedAnew []*LogicalCluster
	for _, lc := range below {
		if lc.State == schema.Deleted {
			continue
		}
		want, ok := lc.Quota.Of(ceiling.name)
		if lc.divided(ceiling.name) {
			if lc.changed {
				dividedAnew = append(dividedAnew, lc)
			} else {
				divided = append(divided, lc)
			}
			continue
		}
		if covered(c.expired, lc) {
			back.Add(want)
		}
		if !lc.changed {
			was, by := want, (*Organization)(nil)
			if c.changedAbove(lc.Org) {
				was, by = c.before(lc.Spec, lc.Org, ceiling.name)
			}
			switch {
			case by == nil && !ok:
				unbounded = append(unbounded, lc)
			case by == nil:
				total.Add(want)
			default:
				a := inherited[by]
				if a == nil {
					a = &addition{by: &by.Meta, pos: by.At("defaults")}
					inherited[by] = a
				}
				if !ok {
					a.open = append(a.open, lc)
				}
				a.was.Add(was)
				a.want.Add(want)
				total.Add(was)
			}
			continue
		}
		if !ok {
			c.found.fault(&lc.Meta, diag.New(diag.CeilingUnbounded, lc.At("quota"), "%s has no quota of %s, which %s bounds", lc.Key, ceiling.key, o.Path).
				See(ceiling.pos(), "the ceiling stands here").Suggest("add it: quota: %s", ceiling.key), "it stays")
			continue
		}
		a := &addition{by: &lc.Meta, want: want}
		if spec := c.lastGood(lc); spec != nil && spec.State != schema.Deleted {
			a.was, _ = c.before(spec, lc.Org, ceiling.name)
		}
		total.Add(a.was)
		additions = append(additions, a)
	}
	c.unbounded(o, unbounded, ceiling)
	if total.Cmp(ceiling.value) > 0 {
		without := total.DeepCopy()
		without.Sub(back)
		c.found.add(&o.Meta, afterExpiry(without.Cmp(ceiling.value) <= 0, diag.New(diag.CeilingLowered, ceiling.pos(), "what exists below %s has %s of %s, above its ceiling of %s", o.Path, total.String(), ceiling.key, ceiling.value.String()).
			Suggest("raise the ceiling, or have quotas lowered")))
	}
	orgs := slices.SortedFunc(maps.Keys(inherited), func(a, b *Organization) int { return strings.Compare(a.Path, b.Path) })
	ordered := make([]*addition, 0, len(orgs)+len(additions))
	for _, org := range orgs {
		ordered = append(ordered, inherited[org])
	}
	ordered = append(ordered, additions...)
	if len(divided) > 0 { // what stands may take what is given back, today as in the next build
		ordered = slices.DeleteFunc(ordered, func(a *addition) bool {
			if len(a.open) > 0 || a.want.Cmp(a.was) >= 0 {
				return false
			}
			total.Sub(a.was)
			total.Add(a.want)
			return true
		})
		for _, lc := range divided {
			total.Add(c.within(o, lc, total, ceiling))
		}
	}
	for _, a := range ordered {
		if len(a.open) > 0 {
			c.found.fault(a.by, diag.New(diag.CeilingUnbounded, a.pos, "%s leaves %s without a quota of %s, which %s bounds", a.by, listKeys(a.open), ceiling.key, o.Path).
				See(ceiling.pos(), "the ceiling stands here").Suggest("give it in the defaults: quota: %s", ceiling.key), "it stays")
			continue
		}
		sum := total.DeepCopy()
		sum.Sub(a.was)
		sum.Add(a.want)
		if a.want.Cmp(a.was) <= 0 || sum.Cmp(ceiling.value) <= 0 {
			total = sum
			continue
		}
		c.exceeded(o, a, total, sum, ceiling)
	}
	for _, lc := range dividedAnew {
		i := slices.IndexFunc(lc.Weights, func(w Weight) bool { return w.Name == ceiling.name })
		least := Quantity(ceiling.name, lc.Weights[i].Minimum)
		sum := total.DeepCopy()
		sum.Add(least)
		if sum.Cmp(ceiling.value) > 0 && least.Sign() > 0 {
			c.exceeded(o, &addition{by: &lc.Meta, want: least}, total, sum, ceiling)
			continue
		}
		total.Add(c.within(o, lc, total, ceiling))
	}
}

// within holds an amount that is divided from a budget to what a ceiling leaves,
// and returns it.
func (c *checker) within(o *Organization, lc *LogicalCluster, total resource.Quantity, ceiling amount) resource.Quantity {
	have, _ := lc.Quota.Of(ceiling.name)
	room := ceiling.value.DeepCopy()
	room.Sub(total)
	if room.Sign() < 0 {
		room = resource.Quantity{}
	}
	if have.Cmp(room) <= 0 {
		return have
	}
	lc.cap(ceiling.name, room, Cap{ceiling.name, "the ceiling of " + o.Path, ceiling.pos()}, &c.found)
	capped, _ := lc.Quota.Of(ceiling.name)
	return capped
}

// exceeded reports an addition that does not fit.
func (c *checker) exceeded(o *Organization, a *addition, total, sum resource.Quantity, ceiling amount) {
	room := ceiling.value.DeepCopy()
	room.Sub(total)
	room.Add(a.was)
	if room.Sign() < 0 {
		room = *resource.NewQuantity(0, room.Format)
	}
	what, pos := a.want.String()+" "+ceiling.key, a.pos
	if a.by.Kind == schema.KindOrganizations {
		what = "the defaults of " + a.by.Key + " come to " + a.want.String() + " " + ceiling.key + " below it, which"
	} else if lc := c.t.LogicalCluster(a.by.Key); lc != nil {
		pos = lc.Origins()["quota."+ceiling.name].Pos
	}
	c.found.fault(a.by, diag.New(diag.CeilingExceeded, pos, "%s would bring %s to %s, above its ceiling of %s", what, o.Path, sum.String(), ceiling.value.String()).
		See(ceiling.pos(), "the ceiling stands here").
		Suggest("ask for at most %s, or ask the owners of %s for a higher ceiling", room.String(), o.Path), "it stays")
}

// listKeys names at most three logical clusters.
func listKeys(lcs []*LogicalCluster) string {
	keys := make([]string, 0, 3)
	for _, lc := range lcs[:min(len(lcs), 3)] {
		keys = append(keys, lc.Key)
	}
	if more := len(lcs) - len(keys); more > 0 {
		keys = append(keys, itoa(more)+" more")
	}
	return list(keys)
}

// unbounded reports what stood before a ceiling came. It is not the logical
// clusters' fault, so nobody is held.
func (c *checker) unbounded(o *Organization, lcs []*LogicalCluster, ceiling amount) {
	if len(lcs) == 0 {
		return
	}
	d := diag.New(diag.CeilingUnbounded, ceiling.pos(), "%d logical clusters below %s have no quota of %s, so no sum can be bounded", len(lcs), o.Path, ceiling.key)
	if len(lcs) == 1 {
		d.Message = lcs[0].Key + " has no quota of " + ceiling.key + ", so no sum can be bounded"
	}
	for _, lc := range lcs[:min(len(lcs), 8)] {
		d = d.See(lc.Pos, "%s has none", lc.Key)
	}
	c.found.add(&o.Meta, d.Suggest("give them one through a class or through the defaults of %s", o.Path))
}
