package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/diag"
)

func newBuild() *cobra.Command {
	var repo repoFlags
	var report reportFlags
	var out string
	var strict, bootstrap bool
	c := &cobra.Command{
		Use:   "build",
		Short: "Render the manifests of every physical cluster",
		Long: `build compiles the tenancy repo and writes the output that Flux or Argo CD
apply: one tree for each physical cluster, the objects of the GitOps engine,
the inventory, and the pins, which hold what the compiler decided and must not
decide anew.

The former output is where build goes on from: logical clusters stay where they
stand and keep their names. Nothing is removed unless its document says
state: "deleted". The new output is written aside and swapped in.

An error holds the logical clusters that it concerns at their last good
document; everybody else's are built, and build exits 1. With --strict an
error writes nothing.`,
		Example: `  tenantry build --bootstrap            # the first build fills rendered/
  tenantry build --as-of 2026-11-20
  tenantry build --out ../rendered --strict -o sarif > findings.sarif`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := repo.options(c)
			if err != nil {
				return err
			}
			if !filepath.IsAbs(out) && !c.Flags().Changed("out") {
				out = filepath.Join(repo.dir, out)
			}
			o.Out, o.Strict, o.Bootstrap, o.Release = out, strict, bootstrap, true
			r, err := compiler.Compile(c.Context(), o)
			if err != nil {
				return err
			}
			if err := printReport(c, r, repo, report); err != nil {
				return err
			}
			if report.format == string(diag.Text) {
				summarize(c, r, out)
			}
			return findings(r.Diagnostics)
		},
	}
	repo.register(c)
	report.register(c)
	c.Flags().StringVar(&out, "out", usualOutput, "the output directory, by default below the tenancy repo")
	c.Flags().BoolVar(&strict, "strict", false, "write nothing where there is any error")
	c.Flags().BoolVar(&bootstrap, "bootstrap", false, "allow an output without pins: the first build")
	_ = c.MarkFlagDirname("out")
	return c
}

// shortList joins the first few of a list and counts the rest.
func shortList(keys []string, most int) string {
	if len(keys) <= most {
		return strings.Join(keys, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(keys[:most], ", "), len(keys)-most)
}

func summarize(c *cobra.Command, r *compiler.Result, out string) {
	w := c.ErrOrStderr()
	if n := len(r.LeftOut); n > 0 {
		fmt.Fprintf(w, "%s left out, new and in error: %s\n", plural(n, "logical cluster"), shortList(r.LeftOut, 5))
	}
	switch s := r.Written; {
	case s == nil:
		fmt.Fprintf(w, "nothing was written; %s stands as it was\n", out)
	default:
		fmt.Fprintf(w, "%s as of %s: %d written, %d unchanged, %d removed\n", out, r.AsOf, s.Written, s.Unchanged, s.Removed)
	}
}
