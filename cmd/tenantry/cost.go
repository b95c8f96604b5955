package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/worstcase"
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/internal/cli"
)

const costHelp = `cost prints the worst case of each logical cluster a month, summed up the
organization tree, beside the budgets: what its quota costs at the prices of the
price book that holds, with the prices of its class, its backing and its API
sets, times the factors of where it stands.

PATH narrows it to an organization with all below it ("acme"), or to a pattern
("acme/*/prod"). For one logical cluster ("acme/payments/prod") it shows each part
of the cost.

Tables show amounts rounded up to what can be paid in the currency; json and csv
have them exactly.`

type costFlags struct {
	queryFlags
	by     cli.Choice
	output cli.Output[*worstcase.Report]
}

func newCost() *cobra.Command {
	var f costFlags
	c := &cobra.Command{
		Use:   "cost [PATH]",
		Short: "Show what logical clusters cost a month at most",
		Long:  costHelp,
		Example: `  tenantry cost
  tenantry cost acme/payments/prod
  tenantry cost --by region --as-of 2027-01-01
  tenantry cost acme -o csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	f.register(c, outPlaces)
	var dimensions []string
	for _, d := range cost.Dimensions() {
		dimensions = append(dimensions, string(d))
	}
	f.by.Register(c, "by", "", "add up by organization (at the top of the tree), cluster, region, class or api", dimensions...)
	f.output.Register(c,
		cli.As("table", func(r *worstcase.Report, w io.Writer) error { return r.WriteTable(w, cli.IsTerminal(w)) }),
		cli.As("json", (*worstcase.Report).WriteJSON),
		cli.As("csv", (*worstcase.Report).WriteCSV),
	)
	return c
}

func (f *costFlags) run(c *cobra.Command, args []string) error {
	path, err := pathArg(args)
	if err != nil {
		return err
	}
	r, err := f.compileAndReport(c)
	if err != nil {
		return err
	}
	if !r.Costs.Priced() {
		fmt.Fprintf(c.ErrOrStderr(), "note: no price book holds on %s, so nothing costs anything\n", r.AsOf)
	}
	report, err := worstcase.Of(r, path, cost.Dimension(f.by.String()))
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), report); err != nil {
		return err
	}
	return findings(r.Diagnostics)
}
