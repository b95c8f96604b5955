package plan

import (
	"cmp"
	"fmt"
	"math"
	"strconv"

	"github.com/tenantry/tenantry/compiler/cost"
	"k8s.io/apimachinery/pkg/api/resource"
)

func pageCost(p *Plan, t *orgTree) (*pageSection, error) {
	k := p.Cost
	if k == nil {
		return nil, nil
	}
	s := &pageSection{ID: "cost", Title: "Cost", Count: len(k.Rows), Lead: "The worst case a month: " + k.headline() + "."}
	switch {
	case k.PricesBefore != k.Prices:
		s.Lead += fmt.Sprintf(" Price book %s, before %s.", cmp.Or(k.Prices, "none"), cmp.Or(k.PricesBefore, "none"))
	case k.Prices != "":
		s.Lead += fmt.Sprintf(" Price book %s.", k.Prices)
	}
	rows := &pageList{ID: "cost-rows", Title: "Organizations, and logical clusters with a budget"}
	for i := range k.Rows {
		r := &k.Rows[i]
		below := r.Key
		if r.Kind == rowOrganization {
			below += "/"
		}
		data := struct {
			*CostRow
			Line string
			Bar  *bar
		}{CostRow: r, Line: r.line(k)}
		item := &pageItem{template: "cost-row", action: "without a budget", count: 1, rank: 1, orgs: t.ranges([]string{below})}
		if r.Budget != nil {
			item.action = "within budget"
			over := r.After.Cmp(*r.Budget) > 0
			b := newBar(money(r.Before), money(r.After), money(*r.Budget), over)
			data.Bar = &b
			if over {
				item.action, item.rank = "above budget", 0
			}
		}
		item.data = data
		rows.items = append(rows.items, item)
	}
	causes := &pageList{ID: "cost-causes", Title: "What makes it differ, the largest first"}
	for i := range k.Causes {
		x := &k.Causes[i]
		data := struct {
			*CostCause
			Amount, Text string
			Saves        bool
		}{x, minus(signed(x.Change, k.Currency)), x.what(k), x.Change.Sign() < 0}
		causes.items = append(causes.items, &pageItem{template: "cost-cause", action: x.What, count: 1, rank: 1, orgs: t.ranges(x.LogicalClusters), data: data})
	}
	s.Lists = []*pageList{rows, causes}
	return s, nil
}

// money is the number that an amount stands for, for the length of a bar.
func money(m cost.Money) float64 {
	v, err := strconv.ParseFloat(m.String(), 64)
	if err != nil {
		return 0
	}
	return v
}

func pageCapacity(p *Plan, _ *orgTree) (*pageSection, error) {
	if len(p.Capacity) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "capacity", Title: "Capacity", Count: len(p.Capacity),
		Lead: "Sums of quotas on each physical cluster, beside what it can hold."}
	l := &pageList{ID: "capacity-list"}
	for i := range p.Capacity {
		c := &p.Capacity[i]
		item := &pageItem{template: "capacity", action: "within capacity", count: 1, rank: 1, data: struct {
			*Capacity
			Bar bar
		}{c, newBar(amount(c.Before), amount(c.After), amount(c.Capacity), c.Over)}}
		if c.Over {
			item.action, item.rank = "over capacity", 0
		}
		l.items = append(l.items, item)
	}
	s.Lists = []*pageList{l}
	return s, nil
}

// amount is the number that a quantity stands for, for the length of a bar.
func amount(s string) float64 {
	q, err := resource.ParseQuantity(s)
	if err != nil {
		return 0
	}
	return q.AsApproximateFloat64()
}

// bar is an amount before and after a change, in percent of its bound, or of the
// greatest of the three.
type bar struct {
	Bound, Stays, Differs float64
	Grows, Over           bool
}

func newBar(before, after, bound float64, over bool) bar {
	share := func(v float64) float64 {
		if most := max(before, after, bound); most > 0 {
			return math.Round(v/most*1e4) / 100
		}
		return 0
	}
	low, high := share(min(before, after)), share(max(before, after))
	return bar{Bound: share(bound), Stays: low, Differs: math.Round((high-low)*100) / 100, Grows: after >= before, Over: over}
}
