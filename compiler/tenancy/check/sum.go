package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// addition is a document that is new or changed, with what it took and takes of
// one resource: a logical cluster for itself, an organization for those that
// inherit from its defaults.
type addition struct {
	by        *document.Meta
	pos       diag.Position
	was, want resource.Quantity
	// open are logical clusters that it leaves without an amount.
	open []*tenancy.LogicalCluster
}

// sum checks the sum of one resource over the quotas below an organization. What
// stood before is summed first; then, organizations before logical clusters and
// each in the order of keys, every addition that fits is let in, and so is
// whatever lowers the sum. Holding exactly the others keeps the sum where it may
// be.
func (c *checker) sum(o *tenancy.Organization, below []*subject, ceiling tenancy.Limit) {
	var total, back resource.Quantity
	total.Format = ceiling.Quantity.Format
	var additions []*addition
	inherited := map[*tenancy.Organization]*addition{}
	var unbounded []*tenancy.LogicalCluster
	var divided, dividedAnew []*subject
	for _, lc := range below {
		if lc.State == schema.Deleted {
			continue
		}
		want, ok := lc.Quota.Of(ceiling.Resource)
		if lc.IsDivided(ceiling.Resource) {
			if lc.changed {
				dividedAnew = append(dividedAnew, lc)
			} else {
				divided = append(divided, lc)
			}
			continue
		}
		if covered(c.expired, lc.LogicalCluster) {
			back.Add(want)
		}
		if !lc.changed {
			was, by := want, (*tenancy.Organization)(nil)
			if c.History.ChangedAbove(lc.Org) {
				was, by = c.History.Amount(lc.Spec, lc.Org, ceiling.Resource)
			}
			switch {
			case by == nil && !ok:
				unbounded = append(unbounded, lc.LogicalCluster)
			case by == nil:
				total.Add(want)
			default:
				a := inherited[by]
				if a == nil {
					a = &addition{by: &by.Meta, pos: by.At("defaults")}
					inherited[by] = a
				}
				if !ok {
					a.open = append(a.open, lc.LogicalCluster)
				}
				a.was.Add(was)
				a.want.Add(want)
				total.Add(was)
			}
			continue
		}
		if !ok {
			c.found.Fault(&lc.Meta, diag.New(diag.CeilingUnbounded, lc.At("quota"), "%s has no quota of %s, which %s bounds", lc.Key, ceiling.Key, o.Path).
				See(ceiling.Pos(), "the ceiling stands here").Suggest("add it: quota: %s", ceiling.Key), "it stays")
			continue
		}
		a := &addition{by: &lc.Meta, want: want}
		if spec := c.History.LastGood(lc.LogicalCluster); spec != nil && spec.State != schema.Deleted {
			a.was, _ = c.History.Amount(spec, lc.Org, ceiling.Resource)
		}
		total.Add(a.was)
		additions = append(additions, a)
	}
	c.unbounded(o, unbounded, ceiling)
	if total.Cmp(ceiling.Quantity) > 0 {
		without := total.DeepCopy()
		without.Sub(back)
		c.found.Add(&o.Meta, afterExpiry(without.Cmp(ceiling.Quantity) <= 0, diag.New(diag.CeilingLowered, ceiling.Pos(), "what exists below %s has %s of %s, above its ceiling of %s", o.Path, total.String(), ceiling.Key, ceiling.Quantity.String()).
			Suggest("raise the ceiling, or have quotas lowered")))
	}
	orgs := slices.SortedFunc(maps.Keys(inherited), func(a, b *tenancy.Organization) int { return strings.Compare(a.Path, b.Path) })
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
			c.found.Fault(a.by, diag.New(diag.CeilingUnbounded, a.pos, "%s leaves %s without a quota of %s, which %s bounds", a.by, listKeys(a.open), ceiling.Key, o.Path).
				See(ceiling.Pos(), "the ceiling stands here").Suggest("give it in the defaults: quota: %s", ceiling.Key), "it stays")
			continue
		}
		sum := total.DeepCopy()
		sum.Sub(a.was)
		sum.Add(a.want)
		if a.want.Cmp(a.was) <= 0 || sum.Cmp(ceiling.Quantity) <= 0 {
			total = sum
			continue
		}
		c.exceeded(o, a, total, sum, ceiling)
	}
	for _, lc := range dividedAnew {
		i := slices.IndexFunc(lc.Weights, func(w tenancy.Weight) bool { return w.Name == ceiling.Resource })
		least := quota.Quantity(ceiling.Resource, lc.Weights[i].Minimum)
		sum := total.DeepCopy()
		sum.Add(least)
		if sum.Cmp(ceiling.Quantity) > 0 && least.Sign() > 0 {
			c.exceeded(o, &addition{by: &lc.Meta, want: least}, total, sum, ceiling)
			continue
		}
		total.Add(c.within(o, lc, total, ceiling))
	}
}

// within holds an amount that is divided from a budget to what a ceiling leaves,
// and returns it.
func (c *checker) within(o *tenancy.Organization, lc *subject, total resource.Quantity, ceiling tenancy.Limit) resource.Quantity {
	have, _ := lc.Quota.Of(ceiling.Resource)
	room := ceiling.Quantity.DeepCopy()
	room.Sub(total)
	if room.Sign() < 0 {
		room = resource.Quantity{}
	}
	if have.Cmp(room) <= 0 {
		return have
	}
	capped, found := resolve.Capped(lc.LogicalCluster, room, tenancy.Cap{Name: ceiling.Resource, By: "the ceiling of " + o.Path, Pos: ceiling.Pos()})
	c.found = append(c.found, found...)
	lc.LogicalCluster, lc.narrowed = capped, true
	have, _ = lc.Quota.Of(ceiling.Resource)
	return have
}

// exceeded reports an addition that does not fit.
func (c *checker) exceeded(o *tenancy.Organization, a *addition, total, sum resource.Quantity, ceiling tenancy.Limit) {
	room := ceiling.Quantity.DeepCopy()
	room.Sub(total)
	room.Add(a.was)
	if room.Sign() < 0 {
		room = *resource.NewQuantity(0, room.Format)
	}
	what, pos := a.want.String()+" "+ceiling.Key, a.pos
	if a.by.Kind == schema.KindOrganizations {
		what = "the defaults of " + a.by.Key + " come to " + a.want.String() + " " + ceiling.Key + " below it, which"
	} else if lc := c.t.LogicalCluster(a.by.Key); lc != nil {
		pos = lc.Origins()["quota."+ceiling.Resource].Pos
	}
	c.found.Fault(a.by, diag.New(diag.CeilingExceeded, pos, "%s would bring %s to %s, above its ceiling of %s", what, o.Path, sum.String(), ceiling.Quantity.String()).
		See(ceiling.Pos(), "the ceiling stands here").
		Suggest("ask for at most %s, or ask the owners of %s for a higher ceiling", room.String(), o.Path), "it stays")
}
