package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/bill"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/input"
	"github.com/tenantry/tenantry/internal/printer"
)

const billHelp = `bill joins what was used in a month with the price books that held in it, and
writes a statement for each organization at the top of the tree.

FILE is CSV with a header,

  logicalCluster,resource,from,to,amount
  acme/payments/prod,cpu,2026-11-01,2026-11-12T08:00:00Z,3.5

or the answer of a Prometheus query as JSON: a range, whose samples are amounts in
cores, bytes or pieces, or an instant vector, whose values are sums over the hours
of the month. "-" reads standard input.

An amount that was used for a part of the month costs that part of the price a
month: its seconds over the seconds of the month, in UTC. Classes, backings and API
sets are paid for the whole month, or for as long as records of the resource
"logicalCluster" say.

What can't be billed is reported with its line, and a bill above the worst case of
a logical cluster too; everything else is billed, and the run exits 1 if anything
was left out.`

type billFlags struct {
	queryFlags
	month, usage, provider string
	output                 cli.Output[*bill.Bill]
}

func newBill() *cobra.Command {
	var f billFlags
	c := &cobra.Command{
		Use:   "bill --month MONTH --usage FILE",
		Short: "Bill what was used in a month",
		Long:  billHelp,
		Example: `  tenantry bill --month 2026-11 --usage usage.csv
  tenantry bill --month 2026-11 --usage usage.csv -o focus --provider "Acme Platform" >focus.csv`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c, "the output whose pins say where logical clusters stand; by default rendered, where the repo has it")
	fs := c.Flags()
	fs.StringVar(&f.month, "month", "", "the month, such as 2026-11")
	fs.StringVar(&f.usage, "usage", "", "the file of what was used, CSV or JSON")
	fs.StringVar(&f.provider, "provider", "Tenantry", "the provider, publisher and invoice issuer that FOCUS names")
	_ = c.MarkFlagRequired("month")
	_ = c.MarkFlagRequired("usage")
	_ = c.MarkFlagFilename("usage", "csv", "json")
	f.output.RegisterAs(c, cli.Wording{Refusal: "-o is one of text, json, csv, markdown, focus, not %q"},
		cli.As("text", (*bill.Bill).WriteText),
		cli.As("json", func(b *bill.Bill, w io.Writer) error { return printer.JSON(w, b) }),
		cli.As("csv", (*bill.Bill).WriteCSV),
		cli.As("markdown", (*bill.Bill).WriteMarkdown),
		cli.As("focus", func(b *bill.Bill, w io.Writer) error { return b.WriteFOCUS(w, f.provider) }),
	)
	return c
}

func (f *billFlags) run(c *cobra.Command) error {
	period, err := bill.ParseMonth(f.month)
	if err != nil {
		return fmt.Errorf("--month: %w", err)
	}
	data, err := input.ReadOne(c.InOrStdin(), f.usage)
	if err != nil {
		return err
	}
	records, unread, err := bill.Read(f.usage, data, period)
	if err != nil {
		return err
	}
	r, err := f.compile(c)
	if err != nil {
		return err
	}
	b, found := bill.Make(r.Tenancy, r.Sites, period, f.usage, records)
	b.Pins = r.From
	report := f.report(r, data, append(unread, found...))
	if w := c.ErrOrStderr(); len(report.Diagnostics) > 0 {
		if err := report.Write(w, diag.Text, diag.WriteOptions{Color: f.color.On(w), Width: cli.Width(w), ToolVersion: cli.Version()}); err != nil {
			return err
		}
	}
	if err := f.output.Write(c.OutOrStdout(), b); err != nil {
		return err
	}
	return findings(report.Diagnostics)
}

// report is what was found in the usage, and the errors of the repo: what is in error is
// billed as it was last good.
func (f *billFlags) report(r *compiler.Result, usage []byte, found []diag.Diagnostic) diag.Report {
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			found = append(found, d)
		}
	}
	return diag.Report{Diagnostics: found, Held: r.Held, Sources: func(file string) ([]byte, bool) {
		if file == f.usage {
			return usage, true
		}
		return r.Sources(file)
	}}
}
