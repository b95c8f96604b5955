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

// sum is that of one resource over the quotas below an organization, as far as it is
// worked out.
type sum struct {
	*checker
	of      *tenancy.Organization
	ceiling tenancy.Limit
	// total is what stands, and back what of it exemptions that have expired allowed.
	total, back resource.Quantity
	additions   []*addition
	inherited   map[*tenancy.Organization]*addition
	unbounded   []*tenancy.LogicalCluster
	// divided are amounts from budgets, of those that stood and of new ones.
	divided, dividedAnew []*subject
}

// sum checks the sum of one resource over the quotas below an organization. What
// stood before is summed first; then, organizations before logical clusters and
// each in the order of keys, every addition that fits is let in, and so is
// whatever lowers the sum. Holding exactly the others keeps the sum where it may
// be.
func (c *checker) sum(o *tenancy.Organization, below []*subject, ceiling tenancy.Limit) {
	s := &sum{checker: c, of: o, ceiling: ceiling, inherited: map[*tenancy.Organization]*addition{}}
	s.total.Format = ceiling.Quantity.Format
	for _, lc := range below {
		if lc.State != schema.Deleted {
			s.count(lc)
		}
	}
	c.unbounded(o, s.unbounded, ceiling)
	s.lowered()
	additions := s.ordered()
	if len(s.divided) > 0 { // what stands may take what is given back, today as in the next build
		additions = slices.DeleteFunc(additions, s.givesBack)
		for _, lc := range s.divided {
			s.total.Add(c.within(o, lc, s.total, ceiling))
		}
	}
	for _, a := range additions {
		s.admit(a)
	}
	for _, lc := range s.dividedAnew {
		s.divide(lc)
	}
}

// count counts what a logical cluster had, and keeps what it adds for later.
func (s *sum) count(lc *subject) {
	if lc.IsDivided(s.ceiling.Resource) {
		if lc.changed {
			s.dividedAnew = append(s.dividedAnew, lc)
		} else {
			s.divided = append(s.divided, lc)
		}
		return
	}
	want, ok := lc.Quota.Of(s.ceiling.Resource)
	if covered(s.expired, lc.LogicalCluster) {
		s.back.Add(want)
	}
	switch {
	case !lc.changed:
		s.countUnchanged(lc, want, ok)
	case !ok:
		s.found.Fault(&lc.Meta, diag.New(diag.CeilingUnbounded, lc.At("quota"), "%s has no quota of %s, which %s bounds", lc.Key, s.ceiling.Key, s.of.Path).
			See(s.ceiling.Pos(), "the ceiling stands here").Suggest("add it: quota: %s", s.ceiling.Key), "it stays")
	default:
		a := &addition{by: &lc.Meta, want: want}
		if spec := s.History.LastGood(lc.LogicalCluster); spec != nil && spec.State != schema.Deleted {
			a.was, _ = s.History.Amount(spec, lc.Org, s.ceiling.Resource)
		}
		s.total.Add(a.was)
		s.additions = append(s.additions, a)
	}
}

// countUnchanged counts a logical cluster whose own document is as it was. What is
// different for it is an addition of the organization whose defaults changed.
func (s *sum) countUnchanged(lc *subject, want resource.Quantity, bounded bool) {
	was, by := want, (*tenancy.Organization)(nil)
	if s.History.ChangedAbove(lc.Org) {
		was, by = s.History.Amount(lc.Spec, lc.Org, s.ceiling.Resource)
	}
	switch {
	case by == nil && !bounded:
		s.unbounded = append(s.unbounded, lc.LogicalCluster)
		return
	case by == nil:
		s.total.Add(want)
		return
	}
	a := s.inherited[by]
	if a == nil {
		a = &addition{by: &by.Meta, pos: by.At("defaults")}
		s.inherited[by] = a
	}
	if !bounded {
		a.open = append(a.open, lc.LogicalCluster)
	}
	a.was.Add(was)
	a.want.Add(want)
	s.total.Add(was)
}

// lowered reports a ceiling that is below what stands.
func (s *sum) lowered() {
	if s.total.Cmp(s.ceiling.Quantity) <= 0 {
		return
	}
	without := s.total.DeepCopy()
	without.Sub(s.back)
	s.found.Add(&s.of.Meta, afterExpiry(without.Cmp(s.ceiling.Quantity) <= 0, diag.New(diag.CeilingLowered, s.ceiling.Pos(), "what exists below %s has %s of %s, above its ceiling of %s", s.of.Path, s.total.String(), s.ceiling.Key, s.ceiling.Quantity.String()).
		Suggest("raise the ceiling, or have quotas lowered")))
}

// ordered returns the additions in the order in which they are let in.
func (s *sum) ordered() []*addition {
	orgs := slices.SortedFunc(maps.Keys(s.inherited), func(a, b *tenancy.Organization) int { return strings.Compare(a.Path, b.Path) })
	out := make([]*addition, 0, len(orgs)+len(s.additions))
	for _, org := range orgs {
		out = append(out, s.inherited[org])
	}
	return append(out, s.additions...)
}

// givesBack takes an addition that lowers the sum into the total, and reports whether
// it is one.
func (s *sum) givesBack(a *addition) bool {
	if len(a.open) > 0 || a.want.Cmp(a.was) >= 0 {
		return false
	}
	s.total.Sub(a.was)
	s.total.Add(a.want)
	return true
}

// admit lets an addition in, or reports that it does not fit.
func (s *sum) admit(a *addition) {
	if len(a.open) > 0 {
		s.found.Fault(a.by, diag.New(diag.CeilingUnbounded, a.pos, "%s leaves %s without a quota of %s, which %s bounds", a.by, listKeys(a.open), s.ceiling.Key, s.of.Path).
			See(s.ceiling.Pos(), "the ceiling stands here").Suggest("give it in the defaults: quota: %s", s.ceiling.Key), "it stays")
		return
	}
	would := s.total.DeepCopy()
	would.Sub(a.was)
	would.Add(a.want)
	if a.want.Cmp(a.was) <= 0 || would.Cmp(s.ceiling.Quantity) <= 0 {
		s.total = would
		return
	}
	s.exceeded(s.of, a, s.total, would, s.ceiling)
}

// divide lets in what is divided from a budget for a new document: what there is room
// for, if that is not less than its minimum.
func (s *sum) divide(lc *subject) {
	i := slices.IndexFunc(lc.Weights, func(w tenancy.Weight) bool { return w.Name == s.ceiling.Resource })
	least := quota.Quantity(s.ceiling.Resource, lc.Weights[i].Minimum)
	would := s.total.DeepCopy()
	would.Add(least)
	if would.Cmp(s.ceiling.Quantity) > 0 && least.Sign() > 0 {
		s.exceeded(s.of, &addition{by: &lc.Meta, want: least}, s.total, would, s.ceiling)
		return
	}
	s.total.Add(s.within(s.of, lc, s.total, s.ceiling))
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
