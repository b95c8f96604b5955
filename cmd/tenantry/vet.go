package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

const vetHelp = `vet compiles the tenancy repo as build does, up to the desired state of every
logical cluster, and reports everything that is wrong, with file, line and
column. It writes nothing.

Without the pins of a former output, placements are decided anew for the check
and are provisional.

Notes advise on how files could be arranged so that a mistake stays small.

With --timings it also prints how long each stage of the compiler took, and each
check that runs after it. Stages that repeat while documents in error are
replaced by their last good versions are added up.`

type vetFlags struct {
	queryFlags
	output  findingsOutput
	timings bool
}

func newVet() *cobra.Command {
	var f vetFlags
	c := &cobra.Command{
		Use:   "vet",
		Short: "Check a tenancy repo without writing anything",
		Long:  vetHelp,
		Example: `  tenantry vet
  tenantry vet --revision HEAD~3
  tenantry vet --out rendered -o github`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c, outHelp)
	f.output.register(c)
	c.Flags().BoolVar(&f.timings, "timings", false, "print how long each stage and each check took")
	return c
}

func (f *vetFlags) run(c *cobra.Command) error {
	o, err := f.options(c)
	if err != nil {
		return err
	}
	f.usePinsOf(&o, f.out)
	o.Advise = true
	if o.AsOf == "" {
		o.AsOf = today()
	}
	r, err := compiler.Compile(c.Context(), o)
	if err != nil {
		return err
	}
	if err := f.output.print(c, r, &f.repoFlags); err != nil {
		return err
	}
	if f.output.isText() && !diag.HasErrors(r.Diagnostics) {
		fmt.Fprintf(c.ErrOrStderr(), "%s fine, as of %s\n", printer.Count(len(r.Tenancy.LogicalClusters), "logical cluster"), r.AsOf)
	}
	if f.timings {
		if err := printTimings(c.ErrOrStderr(), r.Timings); err != nil {
			return err
		}
	}
	return findings(r.Diagnostics)
}

func printTimings(w io.Writer, timings []compiler.Timing) error {
	table := printer.NewTable(w, "STAGE", "CHECK", "TOOK")
	for _, t := range timings {
		table.Row(t.Stage, printer.OrDash(t.Check), t.Took.Round(10*time.Microsecond))
	}
	return table.End()
}
