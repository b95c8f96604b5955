package diff

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// cost compares the worst cases and the budgets. It is nil where none differs.
func (c *comparison) cost() (*change.Cost, reach) {
	before, after := c.before.Costs, c.after.Costs
	if !before.Priced() && !after.Priced() {
		return nil, nil
	}
	out := &change.Cost{Currency: after.Currency, PricesBefore: bookName(before), Prices: bookName(after)}
	if before.Currency != after.Currency {
		out.CurrencyBefore = before.Currency
	}
	touched := map[string]bool{} // organizations and logical clusters
	causes := map[string]*change.CostCause{}
	reached := reach{}
	for was, is := range c.priced() {
		then, now := totalOf(before, was), totalOf(after, is)
		if then.Cmp(now) == 0 && out.CurrencyBefore == "" {
			handedOver(touched, was, is)
			continue
		}
		touch(touched, was)
		touch(touched, is)
		if out.CurrencyBefore != "" {
			continue
		}
		for _, r := range cost.Reasons(before, after, was, is) {
			c.costCause(causes, r, was, is, reached)
		}
	}
	out.Rows = c.costRows(touched, out.CurrencyBefore == "")
	if len(out.Rows) == 0 && len(causes) == 0 {
		return nil, reached
	}
	out.Before, out.After = sumOf(before, c.before.Tenancy.LogicalClusters), sumOf(after, c.after.Tenancy.LogicalClusters)
	if out.CurrencyBefore == "" {
		out.Change = out.After.Sub(out.Before)
	}
	for _, id := range slices.Sorted(maps.Keys(causes)) {
		out.Causes = append(out.Causes, *causes[id])
	}
	slices.SortStableFunc(out.Causes, func(a, b change.CostCause) int { return -size(a.Change).Cmp(size(b.Change)) })
	return out, reached
}

// bookName returns the name of the price book that costs are worked out with; "" where
// there is none.
func bookName(c *cost.Costs) string {
	if c.Book == nil {
		return ""
	}
	return c.Book.Name
}

// sumOf returns the worst case of logical clusters together.
func sumOf(c *cost.Costs, lcs []*tenancy.LogicalCluster) (sum cost.Money) {
	for _, lc := range lcs {
		sum = sum.Add(totalOf(c, lc))
	}
	return sum
}

// touch notes a logical cluster and its organizations.
func touch(touched map[string]bool, lc *tenancy.LogicalCluster) {
	if lc == nil {
		return
	}
	touched[lc.Key] = true
	for _, o := range lc.Org.Ancestors() {
		touched[o.Path] = true
	}
}

// handedOver notes the organizations between which a logical cluster is handed over, up to
// what is above both.
func handedOver(touched map[string]bool, was, is *tenancy.LogicalCluster) {
	if was == nil || is == nil || was.Org.Path == is.Org.Path {
		return
	}
	touched[is.Key] = true
	for _, side := range [][2]*tenancy.LogicalCluster{{was, is}, {is, was}} {
		for _, o := range side[0].Org.Ancestors() {
			if !schema.OrgPath(o.Path).Contains(side[1].Key) {
				touched[o.Path] = true
			}
		}
	}
}

// priced yields the logical clusters of which the worst case may differ: those that
// differ, and all where prices or what they are multiplied by do.
func (c *comparison) priced() iter.Seq2[*tenancy.LogicalCluster, *tenancy.LogicalCluster] {
	if c.changedKind(schema.KindPrices, schema.KindPhysicalClusters, schema.KindSettings) {
		return c.pairs()
	}
	return c.differingPairs()
}

func totalOf(c *cost.Costs, lc *tenancy.LogicalCluster) cost.Money {
	if lc == nil {
		return cost.Money{}
	}
	return c.Total(lc.Key)
}

func size(m cost.Money) cost.Money {
	if m.Sign() < 0 {
		return cost.Money{}.Sub(m)
	}
	return m
}

// costCause adds a reason to the causes, together with those of equal effect.
func (c *comparison) costCause(all map[string]*change.CostCause, r cost.Reason, was, is *tenancy.LogicalCluster, reached reach) {
	lc := cmp.Or(is, was)
	out := change.CostCause{What: r.What, Kind: r.Kind, Name: r.Name, Unit: r.Unit, Causes: c.costSources(r, was, is, reached)}
	if r.What != cost.Appears && r.What != cost.Goes {
		out.Before, out.After = &r.Before, &r.After
	}
	var id strings.Builder
	fmt.Fprintf(&id, "%s %s %s %v %v", r.Kind, r.Name, r.What, r.Before, r.After)
	for _, source := range out.Causes {
		fmt.Fprintf(&id, "\n%s", source)
	}
	if g := all[id.String()]; g != nil {
		g.Change = g.Change.Add(r.Change)
		g.LogicalClusters = append(g.LogicalClusters, lc.Key)
		return
	}
	out.Change, out.LogicalClusters = r.Change, []string{lc.Key}
	all[id.String()] = &out
}

// spokenOf are the fields that have to do with a reason.
func spokenOf(r cost.Reason) map[string]bool {
	about := map[string]bool{string(r.Kind): true}
	switch {
	case r.What == cost.Factor:
		about = map[string]bool{"cluster": true, "left": true, "region": true, "regions": true, "clusters": true}
	case r.Kind == cost.API:
		about["apis"] = true
	case r.Kind == cost.Class:
		about["classes"] = true
	case r.Kind == cost.Backing:
		about["backings"] = true
	}
	return about
}

// costSources finds what in the source makes a worst case differ for a reason.
func (c *comparison) costSources(r cost.Reason, was, is *tenancy.LogicalCluster, reached reach) []change.Cause {
	lc := cmp.Or(is, was)
	if r.What == cost.Appears || r.What == cost.Goes {
		return c.causes[lc.Key]
	}
	about := spokenOf(r)
	var out []change.Cause
	for _, d := range c.relatives(was, is) {
		book := d.Kind == string(schema.KindPrices)
		if book != (r.What == cost.Price) && !(book && r.What == cost.Factor) {
			continue
		}
		found := len(out)
		if len(d.Fields) == 0 {
			out = append(out, d.Causes()...)
		}
		for i := range d.Fields {
			f := &d.Fields[i]
			if book && prices(f.Elements, r, about) || !book && speaksOf(f.Elements, about) {
				out = append(out, f.Cause(d))
			}
		}
		if len(out) > found {
			reached.add(d, lc.Key)
		}
	}
	if len(out) == 0 {
		return c.causes[lc.Key]
	}
	return sortCauses(out)
}

// prices reports whether a field of a price book has to do with a reason: the date from
// which the book holds, and what it says about what the reason speaks of.
func prices(path []string, r cost.Reason, about map[string]bool) bool {
	switch {
	case path[0] == "from":
		return true
	case !speaksOf(path, about):
		return false
	case r.What != cost.Price || len(path) < 2: // a factor, or the whole of a map
		return true
	}
	return path[1] == r.Name || r.Kind == cost.Quota && schema.ResourceName(path[1]) == r.Name
}

// costRows are the organizations and logical clusters of which the worst case, by
// touched, or the budget differs.
func (c *comparison) costRows(touched map[string]bool, comparable bool) []change.CostRow {
	var out []change.CostRow
	add := func(row change.CostRow, was, is budgeted, before, after func() cost.Money) {
		row.Budget, row.Overcommit = is.amounts()
		budget, overcommit := was.amounts()
		same := equal(budget, row.Budget) && equal(overcommit, row.Overcommit)
		if !touched[row.Key] && same || row.Kind == change.RowLogicalCluster && budget == nil && row.Budget == nil {
			return
		}
		row.Before, row.After = before(), after()
		row.OvercommitBefore = overcommit
		crosses(&row, budget, comparable)
		if !equal(budget, row.Budget) {
			row.BudgetBefore = budget
		}
		out = append(out, row)
	}
	sum := func(t *tenancy.Tenancy, costs *cost.Costs, o *tenancy.Organization) func() cost.Money {
		return func() cost.Money {
			if o == nil {
				return cost.Money{}
			}
			return sumOf(costs, t.Below(o))
		}
	}
	for was, is := range c.organizationPairs() {
		row := change.CostRow{Kind: change.RowOrganization, Key: cmp.Or(is, was).Path}
		row.Depth = strings.Count(row.Key, "/")
		add(row, budgetOf(was), budgetOf(is), sum(c.before.Tenancy, c.before.Costs, was), sum(c.after.Tenancy, c.after.Costs, is))
	}
	for was, is := range c.differingPairs() {
		of, becomes := ownBudget(was), ownBudget(is)
		if of.budget == "" && becomes.budget == "" {
			continue
		}
		key := cmp.Or(is, was).Key
		add(change.CostRow{Kind: change.RowLogicalCluster, Key: key, Depth: strings.Count(key, "/")}, of, becomes,
			func() cost.Money { return totalOf(c.before.Costs, was) }, func() cost.Money { return totalOf(c.after.Costs, is) })
	}
	slices.SortStableFunc(out, func(a, b change.CostRow) int {
		return slices.Compare(strings.Split(a.Key, "/"), strings.Split(b.Key, "/"))
	})
	return out
}

// ownBudget returns the budget of a logical cluster, which may be nil.
func ownBudget(lc *tenancy.LogicalCluster) budgeted {
	if lc == nil {
		return budgeted{}
	}
	return budgeted{budget: lc.Spec.Budget}
}

// crosses says whether the change brings the worst case above the budget, or
// farther above it. budget is that of the side before.
func crosses(r *change.CostRow, budget *cost.Money, comparable bool) {
	if r.Budget == nil || r.After.Cmp(*r.Budget) <= 0 {
		return
	}
	if comparable && budget != nil && r.Before.Cmp(*budget) > 0 && r.After.Sub(*r.Budget).Cmp(r.Before.Sub(*budget)) <= 0 {
		return
	}
	r.Crosses = change.CrossesBudget
	if r.After.Cmp(r.Limit()) > 0 {
		r.Crosses = change.CrossesLimit
	}
}
