package sections

import (
	"fmt"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
	"k8s.io/apimachinery/pkg/api/resource"
)

func writeCapacity(p *change.Plan, s *report.Section) bool {
	s.Count, s.Unit = len(p.Capacity), "sum of quotas"
	s.Lead = "Sums of quotas on each physical cluster, beside what it can hold."
	s.Fold = "Capacity, sum of quotas"
	list := report.List{ID: "capacity-list"}
	for i := range p.Capacity {
		list.Items = append(list.Items, capacityItem(&p.Capacity[i]))
	}
	s.Lists = []report.List{list}
	return len(p.Capacity) > 0
}

func capacityItem(c *change.Capacity) report.Item {
	line := fmt.Sprintf("%s %s: %s → %s of %s", c.Cluster, c.Amount, c.Before, c.After, c.Capacity)
	it := report.Item{Sign: " ", Title: c.Cluster, What: c.Amount, Action: "within capacity", Count: 1, Rank: 1, Level: &report.Level{
		Before: c.Before, After: c.After, Bound: c.Capacity,
		Bar: &report.Bar{Before: amount(c.Before), After: amount(c.After), Bound: amount(c.Capacity), Over: c.Over},
	}}
	if c.Over {
		const over = "more than there is"
		it.Action, it.Rank, it.Badges = "over capacity", 0, []string{over}
		line += ", " + over
	}
	if c.Unbounded > 0 {
		it.Level.About = printer.Count(c.Unbounded, "logical cluster") + " without a bound"
		line += ", and " + it.Level.About
	}
	it.Line = line
	return it
}

// amount is the number that a quantity stands for, for the length of a bar.
func amount(s string) float64 {
	q, err := resource.ParseQuantity(s)
	if err != nil {
		return 0
	}
	return q.AsApproximateFloat64()
}
