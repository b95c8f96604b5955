package cost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/history"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

// Bound finds logical clusters that could cost without a bound, since something
// has a price and they have no quota of it.
func Bound(t *tenancy.Tenancy, history *history.History) []tenancy.Finding {
	if t.Prices == nil {
		return nil
	}
	c := &checker{t: t, history: history}
	priced := t.Prices.Resources()
	blamed := map[*document.Meta][]*tenancy.LogicalCluster{}
	var order []*document.Meta
	for _, lc := range t.LogicalClusters {
		if lc.State == schema.Deleted {
			continue
		}
		open := without(lc, priced)
		if len(open) == 0 {
			continue
		}
		if lc.Held || c.history.Changed(&lc.Meta) {
			c.found = append(c.found, tenancy.Fault(&lc.Meta, diag.New(diag.PricedUnbound, cmp.Or(lc.At("quota"), lc.Pos), "%s has no quota of %s, which costs", lc.Key, printer.And(keysOf(t.Prices, open))).
				See(t.Prices.At("quota"), "the prices stand here").Suggest("add it: quota: %s", keysOf(t.Prices, open)[0]), "what it costs has no bound"))
			continue
		}
		by := c.blame(lc, open)
		if blamed[by] == nil {
			order = append(order, by)
		}
		blamed[by] = append(blamed[by], lc)
	}
	for _, m := range order {
		c.found = append(c.found, c.unbound(m, blamed[m], priced))
	}
	return c.found
}

// unbound reports the document by whose change logical clusters lack a quota, or
// warns of the price book where no document changed.
func (c *checker) unbound(m *document.Meta, lcs []*tenancy.LogicalCluster, priced []string) tenancy.Finding {
	lacking := map[string]bool{}
	for _, lc := range lcs {
		for _, name := range without(lc, priced) {
			lacking[name] = true
		}
	}
	names := slices.DeleteFunc(slices.Clone(priced), func(name string) bool { return !lacking[name] })
	have := fmt.Sprintf("%d logical clusters have", len(lcs))
	if len(lcs) == 1 {
		have = lcs[0].Key + " has"
	}
	d := diag.New(diag.PricedUnbound, m.Pos, "%s no quota of %s, which costs", have, printer.And(keysOf(c.t.Prices, names)))
	for _, lc := range lcs[:min(len(lcs), 8)] {
		d = d.See(lc.Pos, "%s has none", lc.Key)
	}
	d = d.Suggest(`give it in classes or in defaults of organizations, or let prices %s say withoutQuota: "zero"`, c.t.Prices.Name)
	if m == &c.t.Prices.Meta && !c.history.Changed(m) {
		d.Severity = diag.Warning
		return tenancy.Finding{Diagnostic: d.About(m.String())}
	}
	return tenancy.Fault(m, d, "what they cost has no bound")
}

// without returns the priced resources of which a logical cluster has no quota.
func without(lc *tenancy.LogicalCluster, priced []string) (out []string) {
	for _, name := range priced {
		if _, ok := lc.Quota.Of(name); !ok {
			out = append(out, name)
		}
	}
	return out
}

// keysOf returns the keys by which a price book has resources.
func keysOf(b *tenancy.PriceBook, resources []string) (out []string) {
	for key := range sorted(b.Spec.Quota) {
		if slices.Contains(resources, schema.ResourceName(key)) {
			out = append(out, key)
		}
	}
	return out
}

// blame returns the document by whose change a logical cluster that did not change
// has no quota of something priced: an organization that gave one, else its class,
// else the price book.
func (c *checker) blame(lc *tenancy.LogicalCluster, open []string) *document.Meta {
	if c.history.ChangedAbove(lc.Org) {
		was, by, ok := c.history.Charge(lc)
		if ok && by != nil && slices.ContainsFunc(open, func(name string) bool { _, had := was.Quota.Of(name); return had }) {
			return &by.Meta
		}
	}
	if c.history.Changed(&lc.Class.Meta) {
		return &lc.Class.Meta
	}
	return &c.t.Prices.Meta
}

// Check holds the worst cases against the budgets. former are the decisions before
// this run, and sites those of it.
func Check(t *tenancy.Tenancy, costs *Costs, former *pins.Pins, history *history.History) []tenancy.Finding {
	if !costs.Priced() {
		return nil
	}
	c := &checker{t: t, costs: costs, former: former, history: history}
	var known map[string]*addition
	for _, o := range t.Organizations {
		if o.Spec.Budget == "" {
			continue
		}
		if known == nil {
			known = c.additions()
		}
		limit, err := Parse(string(o.Spec.Budget))
		if err != nil {
			continue // said already
		}
		n := node{meta: &o.Meta, budget: limit, limit: limit, below: t.Below(o)}
		if times, err := Parse(string(o.Spec.Overcommit)); err == nil {
			n.limit = limit.Mul(times)
		}
		c.sum(n, known)
	}
	for i, lc := range t.LogicalClusters {
		if lc.Spec.Budget == "" || lc.State == schema.Deleted {
			continue
		}
		if limit, err := Parse(string(lc.Spec.Budget)); err == nil {
			if known == nil {
				known = c.additions()
			}
			c.own(node{meta: &lc.Meta, budget: limit, limit: limit, below: t.LogicalClusters[i : i+1]}, known[lc.Key])
		}
	}
	return c.found
}

type checker struct {
	t       *tenancy.Tenancy
	costs   *Costs
	former  *pins.Pins
	history *history.History
	found   []tenancy.Finding
}

// node is what has a budget: an organization or a logical cluster.
type node struct {
	meta *document.Meta
	// limit is the budget times the overcommit factor.
	budget, limit Money
	below         []*tenancy.LogicalCluster
}

// addition is what a new or changed document adds to the cost of one or, where it
// is an organization, of many logical clusters.
type addition struct {
	by        *document.Meta
	was, want Money
}

// additions returns what changed documents add to the cost of each logical
// cluster that costs another amount than before. What it cost before is reckoned
// at today's prices.
func (c *checker) additions() map[string]*addition {
	out := map[string]*addition{}
	for _, lc := range c.t.LogicalClusters {
		own := c.history.Changed(&lc.Meta)
		if lc.State == schema.Deleted || !own && !c.history.ChangedAbove(lc.Org) {
			continue
		}
		a := &addition{by: &lc.Meta, want: c.costs.Total(lc.Key)}
		was, org, ok := c.history.Charge(lc)
		if ok {
			c.costs.fill(lc.Key, &was)
			a.was = c.costs.Book.total(&was, c.formerSite(lc))
		}
		if !own && org != nil {
			a.by = &org.Meta
		}
		if a.was.Cmp(a.want) != 0 {
			out[lc.Key] = a
		}
	}
	return out
}

// fill gives a charge what was divided from its budget, at today's prices.
func (c *Costs) fill(key string, charge *tenancy.Charge) {
	basis, ok := c.bases[key]
	if !ok {
		basis.factor = one
	}
	budget, err := Parse(string(charge.Budget))
	if len(charge.Weights) == 0 || err != nil {
		return
	}
	division := c.Book.divide(charge, budget, basis.factor)
	for i, n := range division.units(charge) {
		w := charge.Weights[i]
		if _, ok := charge.Quota.Of(w.Name); !ok {
			charge.Quota = charge.Quota.With(w.Name, quota.Quantity(w.Name, n))
		}
	}
}

// formerSite returns where a logical cluster stood before this run.
func (c *checker) formerSite(lc *tenancy.LogicalCluster) *pins.LogicalCluster {
	for _, key := range append([]string{lc.Key}, c.t.FormerKeys(lc)...) {
		if site := c.former.LogicalClusters[key]; site != nil {
			return site
		}
	}
	return nil
}

// sum holds the sum below a node against its budget. What stood before is summed
// first; then, organizations before logical clusters and each in the order of
// keys, every addition that fits is let in, and so is whatever lowers the sum.
func (c *checker) sum(n node, known map[string]*addition) {
	var total Money
	var orgs, lcs []*addition
	byOrg := map[*document.Meta]*addition{}
	for _, lc := range n.below {
		a := known[lc.Key]
		if a == nil {
			total = total.Add(c.costs.Total(lc.Key))
			continue
		}
		total = total.Add(a.was)
		if a.by.Kind == schema.KindLogicalClusters {
			lcs = append(lcs, a)
			continue
		}
		sum := byOrg[a.by]
		if sum == nil {
			sum = &addition{by: a.by}
			byOrg[a.by] = sum
			orgs = append(orgs, sum)
		}
		sum.was, sum.want = sum.was.Add(a.was), sum.want.Add(a.want)
	}
	if total.Cmp(n.limit) > 0 {
		c.overrun(n, total)
	}
	slices.SortFunc(orgs, func(a, b *addition) int { return strings.Compare(a.by.Key, b.by.Key) })
	for _, a := range append(orgs, lcs...) {
		sum := total.Sub(a.was).Add(a.want)
		if a.want.Cmp(a.was) <= 0 || sum.Cmp(n.limit) <= 0 {
			total = sum
			continue
		}
		c.exceeded(n, a, total, sum)
	}
}

// own holds the worst case of one logical cluster against its own budget. a is
// what changed documents add to it, nil where that is nothing.
func (c *checker) own(n node, a *addition) {
	total := c.costs.Total(n.meta.Key)
	switch {
	case total.Cmp(n.limit) <= 0:
	case c.history.Changed(n.meta):
		c.exceeded(n, &addition{by: n.meta, want: total}, Money{}, total)
	case a != nil && a.want.Cmp(a.was) > 0:
		c.exceeded(n, a, a.was, total)
	default:
		c.overrun(n, total)
	}
}

func (c *checker) show(m Money) string { return m.In(c.costs.Currency) }

// bound says what bounds a node.
func (c *checker) bound(n node) string {
	if n.limit.Cmp(n.budget) == 0 {
		return "its budget of " + c.show(n.budget)
	}
	return fmt.Sprintf("%s, which is its budget of %s overcommitted", c.show(n.limit), c.show(n.budget))
}

// overrun reports that what stood before costs more than the budget.
func (c *checker) overrun(n node, total Money) {
	d := diag.New(diag.BudgetOverrun, n.meta.At("budget"), "what exists in %s costs up to %s a month, above %s", n.meta.Key, c.show(total), c.bound(n)).About(n.meta.String())
	if !c.history.Changed(n.meta) { // prices or factors rose
		d.Severity = diag.Warning
	}
	d = c.largest(d, n)
	c.found = append(c.found, tenancy.Finding{Diagnostic: d.Suggest("raise the budget to at least %s, or have quotas lowered", c.show(total))})
}

// exceeded reports an addition that does not fit.
func (c *checker) exceeded(n node, a *addition, total, sum Money) {
	room := n.limit.Sub(total).Add(a.was)
	if room.Sign() < 0 {
		room = Money{}
	}
	pos, who := a.by.Pos, a.by.Key+" costs"
	if a.by.Kind == schema.KindOrganizations {
		pos, who = a.by.At("defaults"), "with the defaults of "+a.by.Key+", what inherits them costs"
	} else if p := a.by.At("quota"); p != (diag.Position{}) {
		pos = p
	}
	var d diag.Diagnostic
	if n.meta == a.by {
		d = diag.New(diag.OverBudget, pos, "%s up to %s a month, above %s", who, c.show(a.want), c.bound(n)).
			See(n.meta.At("budget"), "the budget stands here")
		d = c.dearest(d, n).Suggest("raise the budget, or ask for what costs at most %s", room.AtMost(c.costs.Currency))
	} else {
		d = diag.New(diag.OverBudget, pos, "%s up to %s a month, which would bring %s to %s, above %s", who, c.show(a.want), n.meta.Key, c.show(sum), c.bound(n)).
			See(n.meta.At("budget"), "the budget stands here")
		d = c.largest(d, n).Suggest("ask for what costs at most %s, or ask the owners of %s for a higher budget", room.AtMost(c.costs.Currency), n.meta.Key)
	}
	c.found = append(c.found, tenancy.Fault(a.by, d, "it stays"))
}

// largest names the three logical clusters below a node that cost most.
func (c *checker) largest(d diag.Diagnostic, n node) diag.Diagnostic {
	lcs := slices.SortedStableFunc(slices.Values(n.below), func(a, b *tenancy.LogicalCluster) int {
		return -c.costs.Total(a.Key).Cmp(c.costs.Total(b.Key))
	})
	for _, lc := range lcs[:min(len(lcs), 3)] {
		if cost := c.costs.Total(lc.Key); cost.Sign() > 0 && &lc.Meta != n.meta {
			d = d.See(lc.Pos, "%s costs up to %s", lc.Key, c.show(cost))
		}
	}
	return d
}

// dearest names the three parts of a logical cluster that cost most.
func (c *checker) dearest(d diag.Diagnostic, n node) diag.Diagnostic {
	lc := n.below[0]
	for _, place := range c.costs.Places(lc)[:1] {
		parts := c.costs.Parts(lc, place)
		slices.SortStableFunc(parts, func(a, b Part) int { return -a.Cost.Cmp(b.Cost) })
		for _, p := range parts[:min(len(parts), 3)] {
			at := lc.Pos
			if p.Kind == Quota {
				at = cmp.Or(lc.Origins()["quota."+schema.ResourceName(p.Name)].Pos, at)
			}
			d = d.See(at, "%s for %s", c.show(p.Cost), p.describe())
		}
	}
	return d
}

// describe names a part: "24 cores of cpu", "class standard".
func (p Part) describe() string {
	if p.Kind != Quota {
		return string(p.Kind) + " " + p.Name
	}
	amount := p.Amount.String()
	if p.Unit != quota.Piece {
		amount += " " + string(p.Unit)
		if p.Unit == quota.Core && amount != "1 core" {
			amount += "s"
		}
	}
	return amount + " of " + p.Name
}
