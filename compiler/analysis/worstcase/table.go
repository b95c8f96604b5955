package worstcase

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/internal/printer"
)

// WriteTable writes amounts rounded up to what can be paid in the currency. Bars draws
// shares as bars, too, for a terminal.
func (r *Report) WriteTable(w io.Writer, bars bool) error {
	t := table{w, r, bars}
	switch {
	case r.by != "":
		return t.groups()
	case r.one():
		return t.parts()
	}
	return t.tree()
}

type table struct {
	w    io.Writer
	r    *Report
	bars bool
}

func (t *table) money(m cost.Money) string { return m.In(t.r.Currency) }

// share is a part of the whole in percent.
func (t *table) share(part, whole cost.Money) string {
	if whole.Sign() == 0 {
		return "-"
	}
	text := fmt.Sprintf("%d%%", part.Share(whole, 100))
	if t.bars {
		full := int(min(part.Share(whole, 10), 10))
		text = strings.Repeat("█", full) + strings.Repeat("░", 10-full) + " " + text
	}
	return text
}

// tree writes organizations and logical clusters as a tree.
func (t *table) tree() error {
	out := printer.NewTable(t.w, "ORGANIZATION", "WORST CASE A MONTH", "SHARE", "BUDGET", "USED")
	base := 0
	if len(t.r.Rows) > 0 {
		base = t.r.Rows[0].Depth
	}
	for _, row := range t.r.Rows {
		name := row.Key
		if depth := max(row.Depth-base, 0); depth > 0 {
			name = strings.Repeat("  ", depth) + path.Base(row.Key)
		}
		budget, used := t.budget(&row)
		out.Row(name, t.money(row.Total), t.share(row.Total, t.r.Total), budget, used)
	}
	out.Row("total", t.money(t.r.Total))
	return out.End()
}

// budget is that of a row, and how much of it is used.
func (t *table) budget(row *cost.Row) (budget, used string) {
	if row.Budget == nil {
		return "-", "-"
	}
	limit := *row.Budget
	budget = t.money(limit)
	if row.Overcommit != nil {
		budget += " x " + row.Overcommit.String()
		limit = limit.Mul(*row.Overcommit)
	}
	return budget, t.share(row.Total, limit)
}

// groups writes the sums of a dimension.
func (t *table) groups() error {
	out := printer.NewTable(t.w, strings.ToUpper(string(t.r.by)), "WORST CASE A MONTH", "SHARE")
	for _, g := range t.r.Groups {
		name := g.Name
		if name == "" {
			name = "(everything else)"
		}
		out.Row(name, t.money(g.Total), t.share(g.Total, t.r.Total))
	}
	out.Row("total", t.money(t.r.Total))
	return out.End()
}

// parts writes what the cost of one logical cluster is made of.
func (t *table) parts() error {
	row := t.r.Rows[0]
	out := printer.NewTable(t.w)
	for _, p := range row.Places {
		at := p.Cluster
		if p.Left {
			at += ", which it has left"
		}
		out.Row(fmt.Sprintf("%s on %s, prices %s as of %s", row.Key, at, t.r.Prices, t.r.AsOf))
		out.Row("FOR", "AMOUNT", "PRICE", "FACTOR", "WORST CASE A MONTH", "SHARE")
		for _, part := range p.Parts {
			name, amount, price := string(part.Kind)+" "+part.Name, "-", part.Price.String()+" "+t.r.Currency
			if part.Kind == cost.Quota {
				name, amount = part.Name, part.Amount.String()
				price += " a " + string(part.Unit)
			}
			out.Row(name, amount, price, p.Factor, t.money(part.Cost), t.share(part.Cost, row.Total))
		}
	}
	out.Row("total", "", "", "", t.money(row.Total))
	if row.Budget != nil {
		out.Row("budget", "", "", "", t.money(*row.Budget), t.share(row.Total, *row.Budget)+" used")
	}
	if err := out.End(); err != nil || row.Division == nil {
		return err
	}
	return t.division(row.Division)
}

// division writes what a budget is divided into.
func (t *table) division(d *cost.Division) error {
	fmt.Fprintf(t.w, "\nquota from the budget of %s, at the prices of %s (factor %s)\n", t.money(d.Budget), d.At, d.Factor)
	out := printer.NewTable(t.w, "FOR", "WEIGHT", "MINIMUM", "AMOUNT", "COST", "SHARE")
	out.Row("what is not divided", "", "", "", t.money(d.Fixed), t.share(d.Fixed, d.Budget))
	for _, s := range d.Shares {
		cells := []any{s.Name, s.Weight, s.Minimum, s.Amount, t.money(s.Cost), t.share(s.Cost, d.Budget)}
		if s.Capped != "" {
			cells = append(cells, s.Capped+" stops it")
		}
		out.Row(cells...)
	}
	rest := d.Remainder.AtMost(t.r.Currency)
	if d.Remainder.Sign() < 0 {
		rest = "-" + t.money((cost.Money{}).Sub(d.Remainder))
	}
	out.Row("unused", "", "", "", rest, t.share(d.Remainder, d.Budget))
	return out.End()
}
