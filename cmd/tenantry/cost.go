package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// costReport is what cost prints as JSON.
type costReport struct {
	AsOf string `json:"asOf"`
	// Prices is the price book that holds; empty where none does.
	Prices   string       `json:"prices"`
	Currency string       `json:"currency"`
	Total    cost.Money   `json:"total"`
	Rows     []cost.Row   `json:"rows,omitempty"`
	Groups   []cost.Group `json:"groups,omitempty"`
}

func newCost() *cobra.Command {
	var q repoQuery
	var output, by string
	c := &cobra.Command{
		Use:   "cost [PATH]",
		Short: "Show what logical clusters cost a month at most",
		Long: `cost prints the worst case of each logical cluster a month, summed up the
organization tree, beside the budgets: what its quota costs at the prices of the
price book that holds, with the prices of its class, its backing and its API
sets, times the factors of where it stands.

PATH narrows it to an organization with all below it ("acme"), or to a pattern
("acme/*/prod"). For one logical cluster ("acme/payments/prod") it shows each part
of the cost.

Tables show amounts rounded up to what can be paid in the currency; json and csv
have them exactly.`,
		Example: `  tenantry cost
  tenantry cost acme/payments/prod
  tenantry cost --by region --as-of 2027-01-01
  tenantry cost acme -o csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if output != "table" && output != "json" && output != "csv" {
				return fmt.Errorf("-o is table, json or csv, not %q", output)
			}
			if by != "" && !slices.Contains(cost.Dimensions(), cost.Dimension(by)) {
				return fmt.Errorf("--by is organization, cluster, region, class or api, not %q", by)
			}
			want := ""
			if len(args) > 0 {
				want = args[0]
				if _, err := path.Match(want, ""); err != nil {
					return fmt.Errorf("PATH: %q is not a pattern such as acme/*/prod", want)
				}
			}
			r, err := q.compile(c)
			if err != nil {
				return err
			}
			if !r.Costs.Priced() {
				fmt.Fprintf(c.ErrOrStderr(), "note: no price book holds on %s, so nothing costs anything\n", r.AsOf)
			}
			report := costReport{AsOf: r.AsOf, Currency: r.Costs.Currency}
			if r.Costs.Priced() {
				report.Prices = r.Costs.Book.Name
			}
			chosen := func(key string) bool { return want == "" || under(key, want) }
			var lcs []*tenancy.LogicalCluster
			for _, lc := range r.Tenancy.LogicalClusters {
				if chosen(lc.Key) && lc.State != schema.Deleted {
					lcs = append(lcs, lc)
					report.Total = report.Total.Add(r.Costs.Total(lc.Key))
				}
			}
			if by != "" {
				report.Groups = r.Costs.By(cost.Dimension(by), lcs)
			} else {
				report.Rows = slices.DeleteFunc(r.Costs.Tree(r.Tenancy), func(row cost.Row) bool { return !chosen(row.Key) })
			}
			if want != "" && len(lcs) == 0 && len(report.Rows) == 0 {
				return fmt.Errorf("there is no organization or logical cluster %s", want)
			}
			w := c.OutOrStdout()
			switch {
			case output == "json":
				err = writeJSON(w, report)
			case output == "csv":
				err = writeCostCSV(w, report, by)
			case by != "":
				err = writeGroups(w, report, by)
			case len(report.Rows) == 1 && report.Rows[0].Kind == "logicalCluster" && report.Rows[0].Key == want:
				err = writeParts(w, report)
			default:
				err = writeTree(w, report)
			}
			if err != nil {
				return err
			}
			return findings(r.Diagnostics)
		},
	}
	q.register(c)
	f := c.Flags()
	f.StringVarP(&output, "output", "o", "table", "format: table, json or csv")
	f.StringVar(&by, "by", "", "add up by organization (at the top of the tree), cluster, region, class or api")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "csv"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{"organization", "cluster", "region", "class", "api"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// share is a part of the whole in percent, with a bar on a terminal.
func share(w io.Writer, part, whole cost.Money) string {
	if whole.Sign() == 0 {
		return "-"
	}
	text := fmt.Sprintf("%d%%", part.Share(whole, 100))
	if isTerminal(w) {
		full := int(min(part.Share(whole, 10), 10))
		text = strings.Repeat("█", full) + strings.Repeat("░", 10-full) + " " + text
	}
	return text
}

// writeTree prints organizations and logical clusters as a tree.
func writeTree(w io.Writer, r costReport) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "ORGANIZATION\tWORST CASE A MONTH\tSHARE\tBUDGET\tUSED")
	base := 0
	if len(r.Rows) > 0 {
		base = r.Rows[0].Depth
	}
	for _, row := range r.Rows {
		name := row.Key
		if depth := max(row.Depth-base, 0); depth > 0 {
			name = strings.Repeat("  ", depth) + path.Base(row.Key)
		}
		budget, used := "-", "-"
		if row.Budget != nil {
			limit := *row.Budget
			budget = limit.In(r.Currency)
			if row.Overcommit != nil {
				budget += " x " + row.Overcommit.String()
				limit = limit.Mul(*row.Overcommit)
			}
			used = share(w, row.Total, limit)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", name, row.Total.In(r.Currency), share(w, row.Total, r.Total), budget, used)
	}
	fmt.Fprintf(t, "total\t%s\n", r.Total.In(r.Currency))
	return t.Flush()
}

// writeParts prints what the cost of one logical cluster is made of.
func writeParts(w io.Writer, r costReport) error {
	row := r.Rows[0]
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, p := range row.Places {
		at := p.Cluster
		if p.Left {
			at += ", which it has left"
		}
		fmt.Fprintf(t, "%s on %s, prices %s as of %s\n", row.Key, at, r.Prices, r.AsOf)
		fmt.Fprintln(t, "FOR\tAMOUNT\tPRICE\tFACTOR\tWORST CASE A MONTH\tSHARE")
		for _, part := range p.Parts {
			name, amount, price := string(part.Kind)+" "+part.Name, "-", part.Price.String()+" "+r.Currency
			if part.Kind == cost.Quota {
				name, amount = part.Name, part.Amount.String()
				price += " a " + string(part.Unit)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", name, amount, price, p.Factor, part.Cost.In(r.Currency), share(w, part.Cost, row.Total))
		}
	}
	fmt.Fprintf(t, "total\t\t\t\t%s\n", row.Total.In(r.Currency))
	if row.Budget != nil {
		fmt.Fprintf(t, "budget\t\t\t\t%s\t%s used\n", row.Budget.In(r.Currency), share(w, row.Total, *row.Budget))
	}
	if err := t.Flush(); err != nil || row.Division == nil {
		return err
	}
	return writeDivision(w, *row.Division, r.Currency)
}

// writeDivision prints what a budget is divided into.
func writeDivision(w io.Writer, d cost.Division, currency string) error {
	fmt.Fprintf(w, "\nquota from the budget of %s, at the prices of %s (factor %s)\n", d.Budget.In(currency), d.At, d.Factor)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "FOR\tWEIGHT\tMINIMUM\tAMOUNT\tCOST\tSHARE")
	fmt.Fprintf(t, "what is not divided\t\t\t\t%s\t%s\n", d.Fixed.In(currency), share(w, d.Fixed, d.Budget))
	for _, s := range d.Shares {
		capped := ""
		if s.Capped != "" {
			capped = "\t" + s.Capped + " stops it"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s%s\n", s.Name, s.Weight, s.Minimum, s.Amount, s.Cost.In(currency), share(w, s.Cost, d.Budget), capped)
	}
	rest := d.Remainder.AtMost(currency)
	if d.Remainder.Sign() < 0 {
		rest = "-" + (cost.Money{}).Sub(d.Remainder).In(currency)
	}
	fmt.Fprintf(t, "unused\t\t\t\t%s\t%s\n", rest, share(w, d.Remainder, d.Budget))
	return t.Flush()
}

// groupName names a group where it belongs to nothing.
func groupName(g cost.Group) string {
	if g.Name == "" {
		return "(everything else)"
	}
	return g.Name
}

func writeGroups(w io.Writer, r costReport, by string) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "%s\tWORST CASE A MONTH\tSHARE\n", strings.ToUpper(by))
	for _, g := range r.Groups {
		fmt.Fprintf(t, "%s\t%s\t%s\n", groupName(g), g.Total.In(r.Currency), share(w, g.Total, r.Total))
	}
	fmt.Fprintf(t, "total\t%s\n", r.Total.In(r.Currency))
	return t.Flush()
}

// writeCostCSV writes exact amounts, one line for each row or group.
func writeCostCSV(w io.Writer, r costReport, by string) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"kind", "key", "monthly", "currency", "budget", "overcommit"}}
	optional := func(m *cost.Money) string {
		if m == nil {
			return ""
		}
		return m.String()
	}
	for _, row := range r.Rows {
		lines = append(lines, []string{row.Kind, row.Key, row.Total.String(), r.Currency, optional(row.Budget), optional(row.Overcommit)})
	}
	if by != "" {
		lines = [][]string{{by, "monthly", "currency"}}
		for _, g := range r.Groups {
			lines = append(lines, []string{g.Name, g.Total.String(), r.Currency})
		}
	}
	if err := out.WriteAll(lines); err != nil {
		return err
	}
	return out.Error()
}
