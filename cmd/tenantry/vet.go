package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

const vetHelp = `vet compiles the tenancy repo as build does, up to the desired state of every
logical cluster, and reports everything that is wrong, with file, line and
column. It writes nothing.

Without the pins of a former output, placements are decided anew for the check
and are provisional.`

type vetFlags struct {
	queryFlags
	output findingsOutput
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
	return c
}

func (f *vetFlags) run(c *cobra.Command) error {
	o, err := f.options(c)
	if err != nil {
		return err
	}
	f.usePinsOf(&o, f.out)
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
	return findings(r.Diagnostics)
}
