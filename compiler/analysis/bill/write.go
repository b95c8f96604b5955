package bill

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/printer"
)

// what names what a line is for: "cpu", "class standard".
func (l Line) what() string {
	if l.Kind == cost.Quota {
		return l.Name
	}
	return string(l.Kind) + " " + l.Name
}

// days says for which days of the month a line is, empty where it is for all.
func (l Line) days(m Month) string {
	if l.From.Equal(m.From) && l.To.Equal(m.To) {
		return ""
	}
	return l.From.Format("02") + "-" + l.To.AddDate(0, 0, -1).Format("02")
}

// amount writes a quantity to four decimals, rounded down; the bill has it to twelve.
func (l Line) amount() string {
	whole, decimals, _ := strings.Cut(l.Quantity.String(), ".")
	text := strings.TrimRight(fmt.Sprintf("%s.%.4s", whole, decimals), "0")
	return strings.TrimSuffix(text, ".") + " " + unitMonths(l.Unit)
}

// unitMonths is the unit of quantities: "core-months".
func unitMonths(unit quota.Unit) string {
	if unit == "" {
		return "months"
	}
	return string(unit) + "-months"
}

// heading says whose statement it is.
func (s Statement) heading() string {
	if s.DisplayName == "" {
		return s.Organization
	}
	return s.DisplayName + " (" + s.Organization + ")"
}

const rounding = "Costs are shown to what can be paid, upwards; what is to be paid is their exact sum, rounded to the nearest."

// WriteText writes the statements for people.
func (b *Bill) WriteText(w io.Writer) error {
	fmt.Fprintf(w, "Bill for %s, %d hours (UTC)\n", b.Month, b.Hours)
	for _, s := range b.Statements {
		fmt.Fprintf(w, "\n%s\n", s.heading())
		t := printer.NewTable(w, "LOGICAL CLUSTER", "CLUSTER", "FOR", "DAYS", "QUANTITY", "PRICE", "FACTOR", "COST")
		last := ""
		for _, l := range s.Lines {
			name := l.LogicalCluster
			if name == last {
				name = ""
			}
			last = l.LogicalCluster
			t.Row(name, l.Cluster, l.what(), l.days(b.month), l.amount(), l.Price, l.Factor, l.Cost.In(b.Currency))
		}
		t.Row("to be paid", "", "", "", "", "", "", s.Payable.In(b.Currency))
		if err := t.End(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", rounding)
	return err
}

// WriteMarkdown writes the statements as tables.
func (b *Bill) WriteMarkdown(w io.Writer) error {
	fmt.Fprintf(w, "# Bill for %s\n\nThe month has %d hours (UTC). %s\n", b.Month, b.Hours, rounding)
	escape := strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`)
	for _, s := range b.Statements {
		fmt.Fprintf(w, "\n## %s\n\n| Logical cluster | Cluster | For | Days | Quantity | Price | Factor | Cost |\n| --- | --- | --- | --- | ---: | ---: | ---: | ---: |\n", escape.Replace(s.heading()))
		for _, l := range s.Lines {
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", l.LogicalCluster, l.Cluster, escape.Replace(l.what()), l.days(b.month), l.amount(), l.Price, l.Factor, l.Cost.In(b.Currency))
		}
		fmt.Fprintf(w, "| **to be paid** | | | | | | | **%s** |\n", s.Payable.In(b.Currency))
	}
	return nil
}

// WriteCSV writes exact amounts, one line for each line of a statement.
func (b *Bill) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"organization", "logicalCluster", "cluster", "region", "kind", "name", "prices", "from", "to", "quantity", "unit", "price", "factor", "cost", "currency"}}
	for _, s := range b.Statements {
		for _, l := range s.Lines {
			lines = append(lines, []string{s.Organization, l.LogicalCluster, l.Cluster, l.Region, string(l.Kind), l.Name, l.Prices, l.From.Format(time.RFC3339), l.To.Format(time.RFC3339),
				l.Quantity.String(), unitMonths(l.Unit), l.Price.String(), l.Factor.String(), l.Cost.String(), b.Currency})
		}
	}
	return out.WriteAll(lines)
}
