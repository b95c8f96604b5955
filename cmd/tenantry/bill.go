package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/bill"
	"github.com/tenantry/tenantry/internal/diag"
)

// billFormats are the formats of a bill.
var billFormats = []string{"text", "json", "csv", "markdown", "focus"}

func newBill() *cobra.Command {
	var repo repoFlags
	var month, usage, output, out, provider string
	c := &cobra.Command{
		Use:   "bill --month MONTH --usage FILE",
		Short: "Bill what was used in a month",
		Long: `bill joins what was used in a month with the price books that held in it, and
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
was left out.`,
		Example: `  tenantry bill --month 2026-11 --usage usage.csv
  tenantry bill --month 2026-11 --usage usage.csv -o focus --provider "Acme Platform" >focus.csv`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains(billFormats, output) {
				return fmt.Errorf("-o is one of %s, not %q", strings.Join(billFormats, ", "), output)
			}
			period, err := bill.ParseMonth(month)
			if err != nil {
				return fmt.Errorf("--month: %w", err)
			}
			data, err := readUsage(c.InOrStdin(), usage)
			if err != nil {
				return err
			}
			records, unread, err := bill.Read(usage, data, period)
			if err != nil {
				return err
			}
			r, err := repo.compile(c, out)
			if err != nil {
				return err
			}
			b, found := bill.Make(r.Tenancy, r.Sites, period, usage, records)
			sources := r.Sources
			report := diag.Report{Diagnostics: append(unread, found...), Held: r.Held, Sources: func(file string) ([]byte, bool) {
				if file == usage {
					return data, true
				}
				return sources(file)
			}}
			for _, d := range r.Diagnostics { // what is in error is billed as it was last good
				if d.Severity == diag.Error {
					report.Diagnostics = append(report.Diagnostics, d)
				}
			}
			color, err := useColor(c, repo.color)
			if err != nil {
				return err
			}
			if len(report.Diagnostics) > 0 {
				w := c.ErrOrStderr()
				if err := report.Write(w, diag.Text, diag.WriteOptions{Color: color, Width: terminalWidth(w), ToolVersion: toolVersion()}); err != nil {
					return err
				}
			}
			w := c.OutOrStdout()
			switch output {
			case "json":
				err = writeJSON(w, b)
			case "csv":
				err = b.WriteCSV(w)
			case "markdown":
				err = b.WriteMarkdown(w)
			case "focus":
				err = b.WriteFOCUS(w, provider)
			default:
				err = b.WriteText(w)
			}
			if err != nil {
				return err
			}
			return findings(report.Diagnostics)
		},
	}
	repo.register(c)
	f := c.Flags()
	f.StringVar(&month, "month", "", "the month, such as 2026-11")
	f.StringVar(&usage, "usage", "", "the file of what was used, CSV or JSON")
	f.StringVarP(&output, "output", "o", "text", "format: text, json, csv, markdown or focus")
	f.StringVar(&provider, "provider", "Tenantry", "the provider, publisher and invoice issuer that FOCUS names")
	f.StringVar(&out, "out", "", "the output whose pins say where logical clusters stand; by default rendered, where the repo has it")
	_ = c.MarkFlagRequired("month")
	_ = c.MarkFlagRequired("usage")
	_ = c.MarkFlagFilename("usage", "csv", "json")
	_ = c.MarkFlagDirname("out")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(billFormats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func readUsage(stdin io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}
