package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
)

func newVet() *cobra.Command {
	var repo repoFlags
	var report reportFlags
	var out string
	c := &cobra.Command{
		Use:   "vet",
		Short: "Check a tenancy repo without writing anything",
		Long: `vet compiles the tenancy repo as build does, up to the desired state of every
logical cluster, and reports everything that is wrong, with file, line and
column. It writes nothing.

Without the pins of a former output, placements are decided anew for the check
and are provisional.`,
		Example: `  tenantry vet
  tenantry vet --revision HEAD~3
  tenantry vet --out rendered -o github`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := repo.options(c)
			if err != nil {
				return err
			}
			repo.usePinsOf(&o, out)
			if o.AsOf == "" {
				o.AsOf = today()
			}
			r, err := compiler.Compile(c.Context(), o)
			if err != nil {
				return err
			}
			if err := printReport(c, r, repo, report); err != nil {
				return err
			}
			if report.format == string(diag.Text) && !diag.HasErrors(r.Diagnostics) {
				fmt.Fprintf(c.ErrOrStderr(), "%s fine, as of %s\n", plural(len(r.Tenancy.LogicalClusters), "logical cluster"), r.AsOf)
			}
			return findings(r.Diagnostics)
		},
	}
	repo.register(c)
	report.register(c)
	c.Flags().StringVar(&out, "out", "", "the output whose pins hold; by default rendered, where the repo has it")
	_ = c.MarkFlagDirname("out")
	return c
}

// printReport writes what a run has to say: machine formats to standard output,
// text for people to standard error.
func printReport(c *cobra.Command, r *compiler.Result, repo repoFlags, f reportFlags) error {
	format, err := diag.ParseFormat(f.format)
	if err != nil {
		return err
	}
	color, err := useColor(c, repo.color)
	if err != nil {
		return err
	}
	w := c.OutOrStdout()
	if format == diag.Text {
		w = c.ErrOrStderr()
	}
	return r.Write(w, format, diag.WriteOptions{Color: color, Width: terminalWidth(w), Base: source.Below(repo.dir), ToolVersion: toolVersion()})
}

func findings(ds []diag.Diagnostic) error {
	if diag.HasErrors(ds) {
		return errFindings
	}
	return nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
