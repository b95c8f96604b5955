package sections

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/report"
	"github.com/tenantry/tenantry/schema"
)

func writeCost(p *change.Plan, s *report.Section) bool {
	k := p.Cost
	if k == nil {
		return false
	}
	s.Count, s.Unit = len(k.Rows), "worst case a month"
	s.Lead = "The worst case a month: " + costHeadline(k) + "."
	s.Fold = "Worst case: " + costHeadline(k)
	switch {
	case k.PricesBefore != k.Prices:
		books := fmt.Sprintf("book %s, before %s", cmp.Or(k.Prices, "none"), cmp.Or(k.PricesBefore, "none"))
		s.Lead += " Price " + books + "."
		s.Intro = "price " + books
	case k.Prices != "":
		s.Lead += fmt.Sprintf(" Price book %s.", k.Prices)
	}
	rows := report.List{ID: "cost-rows", Title: "Organizations, and logical clusters with a budget", Noun: "row", Aligned: true}
	for i := range k.Rows {
		rows.Items = append(rows.Items, costItem(k, &k.Rows[i]))
	}
	causes := report.List{ID: "cost-causes", Title: "What makes it differ, the largest first", Noun: "reason"}
	for i := range k.Causes {
		causes.Items = append(causes.Items, costCauseItem(k, &k.Causes[i]))
	}
	s.Lists = []report.List{rows, causes}
	return true
}

func costItem(k *change.Cost, r *change.CostRow) report.Item {
	it := report.Item{Sign: " ", Title: r.Key, Action: "without a budget", Count: 1, Rank: 1, Places: []string{r.Key},
		Level: &report.Level{Nested: true, Depth: r.Depth, Numbers: costNumbers(k, r)}}
	if r.Kind == change.RowOrganization {
		it.Places[0] += "/"
	}
	if r.Budget != nil {
		it.Action = "within budget"
		over := r.After.Cmp(*r.Budget) > 0
		bar := &report.Bar{Before: money(r.Before), After: money(r.After), Bound: money(*r.Budget), Over: over, Tenths: 10}
		if over {
			it.Action, it.Rank = "above budget", 0
		} else {
			bar.Tenths = int(r.After.Share(*r.Budget, 10))
		}
		it.Level.Bar = bar
	}
	if r.Crosses != "" {
		it.Sign, it.Level.Warning = "!", "above its budget"
		it.Badges = []string{it.Level.Warning}
		if r.Crosses == change.CrossesLimit {
			it.Badges[0] = "above the budget overcommitted"
		}
	}
	return it
}

// money is the number that an amount stands for, for the length of a bar.
func money(m cost.Money) float64 {
	v, err := strconv.ParseFloat(m.String(), 64)
	if err != nil {
		return 0
	}
	return v
}

// costNumbers tells the row in a line: "3150.00 EUR → 3922.00 EUR of 4500.00 EUR".
func costNumbers(k *change.Cost, r *change.CostRow) string {
	before := cmp.Or(k.CurrencyBefore, k.Currency)
	out := r.After.In(k.Currency)
	if k.CurrencyBefore != "" || r.Before.Cmp(r.After) != 0 {
		out = r.Before.In(before) + " → " + out
	}
	if r.Budget != nil {
		out += " of " + r.Budget.In(k.Currency)
		if r.Overcommit != nil {
			out += " × " + r.Overcommit.String()
		}
	}
	switch {
	case r.BudgetBefore != nil:
		out += ", before of " + r.BudgetBefore.In(before)
	case r.OvercommitBefore != nil && (r.Overcommit == nil || r.Overcommit.Cmp(*r.OvercommitBefore) != 0):
		out += ", before × " + r.OvercommitBefore.String()
	}
	return out
}

func costCauseItem(k *change.Cost, x *change.CostCause) report.Item {
	who := fmt.Sprintf("%d logical clusters", len(x.LogicalClusters))
	if len(x.LogicalClusters) == 1 {
		who = x.LogicalClusters[0]
	}
	it := report.Item{Sum: true, Sign: "+", Title: signed(x.Change, k.Currency), What: who + ": " + costCauseWhat(k, x),
		Action: x.What, Count: 1, Rank: 1, Places: x.LogicalClusters, Parts: []report.Part{causesPart(x.Causes, 0)}}
	if x.Change.Sign() < 0 {
		it.Sign = "-"
	}
	if len(x.LogicalClusters) > 1 {
		it.Parts = append(it.Parts, reaches(x.LogicalClusters, detailed))
	}
	return it
}

func costCauseWhat(k *change.Cost, x *change.CostCause) string {
	subject := string(x.Kind) + " " + x.Name
	if x.Kind == cost.Quota {
		subject = x.Name
	}
	switch {
	case (x.What == cost.Appears || x.What == cost.Goes) && len(x.LogicalClusters) > 1:
		return strings.TrimSuffix(x.What, "s")
	case x.What == cost.Appears || x.What == cost.Goes:
		return x.What
	case x.What == cost.Factor:
		return fmt.Sprintf("factor of where it stands %s → %s", x.Before, x.After)
	case x.What == cost.Price:
		return fmt.Sprintf("price of %s %s → %s", subject, x.Before.In(k.Currency), x.After.In(k.Currency))
	case x.Kind == cost.Quota && x.Unit != quota.Piece:
		return fmt.Sprintf("%s %s → %s %s", subject, x.Before, x.After, x.Unit)
	case x.Kind == cost.Quota:
		return fmt.Sprintf("%s %s → %s", subject, x.Before, x.After)
	case x.After.Sign() == 0:
		return "no " + subject + " any more"
	}
	return subject
}

func costKeys(p *change.Plan) (out []string) {
	if p.Cost != nil {
		for i := range p.Cost.Rows {
			out = append(out, p.Cost.Rows[i].Key)
		}
	}
	return out
}

// costHeadline says in a few words how the worst case differs.
func costHeadline(k *change.Cost) string {
	switch {
	case k.CurrencyBefore != "":
		return fmt.Sprintf("%s → %s a month", k.Before.In(k.CurrencyBefore), k.After.In(k.Currency))
	case k.Change.Sign() == 0:
		return fmt.Sprintf("%s a month, as before", k.After.In(k.Currency))
	}
	return signed(k.Change, k.Currency) + " a month"
}

// costCount is the figure of how the worst case differs.
func costCount(k *change.Cost) report.Count {
	switch {
	case k.CurrencyBefore != "" || k.Change.Sign() == 0:
		return report.Count{Tone: "chg", Number: costHeadline(k)}
	case k.Change.Sign() > 0:
		return report.Count{Tone: "alert", Number: signed(k.Change, k.Currency), Word: "a month"}
	}
	return report.Count{Tone: "add", Number: signed(k.Change, k.Currency), Word: "a month"}
}

// signed writes a difference with its sign.
func signed(m cost.Money, currency string) string {
	if m.Sign() > 0 {
		return "+" + m.In(currency)
	}
	return m.In(currency)
}

// costFindings are the budgets that the change crosses.
func costFindings(p *change.Plan) []diag.Diagnostic {
	k := p.Cost
	if k == nil {
		return nil
	}
	var out []diag.Diagnostic
	for i := range k.Rows {
		r := &k.Rows[i]
		if r.Crosses == "" {
			continue
		}
		d := diag.New(diag.PlanBudget, position(rowCauses(p, r)), "%s costs up to %s a month, before %s: that is above its budget of %s",
			r.Key, r.After.In(k.Currency), r.Before.In(cmp.Or(k.CurrencyBefore, k.Currency)), r.Budget.In(k.Currency))
		if r.Crosses == change.CrossesBudget && r.Overcommit != nil {
			d.Message += fmt.Sprintf(", and below %s, which is the budget overcommitted", r.Limit().In(k.Currency))
		}
		out = append(out, d.About(fmt.Sprintf("%s %q", rowKind(r), r.Key)))
	}
	return out
}

func rowKind(r *change.CostRow) schema.Kind {
	if r.Kind == change.RowLogicalCluster {
		return schema.KindLogicalClusters
	}
	return schema.KindOrganizations
}

// rowCauses returns the causes of what raises the worst case of a row the most;
// where nothing does, its budget was lowered.
func rowCauses(p *change.Plan, r *change.CostRow) []change.Cause {
	for i := range p.Cost.Causes {
		x := &p.Cost.Causes[i]
		if x.Change.Sign() <= 0 {
			continue
		}
		for _, key := range x.LogicalClusters {
			if schema.OrgPath(r.Key).Contains(key) {
				return x.Causes
			}
		}
	}
	var out []change.Cause
	for i := range p.Documents {
		d := &p.Documents[i]
		if d.Kind != string(rowKind(r)) || d.Key != r.Key {
			continue
		}
		for j := range d.Fields {
			if f := &d.Fields[j]; f.Elements[0] == "budget" || f.Elements[0] == "overcommit" {
				out = append(out, f.Cause(d))
			}
		}
	}
	return out
}
