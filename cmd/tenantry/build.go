package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/printer"
)

const buildHelp = `build compiles the tenancy repo and writes the output that Flux or Argo CD
apply: one tree for each physical cluster, the objects of the GitOps engine,
the inventory, and the pins, which hold what the compiler decided and must not
decide anew.

The former output is where build goes on from: logical clusters stay where they
stand and keep their names. Nothing is removed unless its document says
state: "deleted". The new output is written aside and swapped in.

An error holds the logical clusters that it concerns at their last good
document; everybody else's are built, and build exits 1. With --strict an
error writes nothing.`

type buildFlags struct {
	repoFlags
	output            findingsOutput
	out               string
	strict, bootstrap bool
}

func newBuild() *cobra.Command {
	var f buildFlags
	c := &cobra.Command{
		Use:   "build",
		Short: "Render the manifests of every physical cluster",
		Long:  buildHelp,
		Example: `  tenantry build --bootstrap            # the first build fills rendered/
  tenantry build --as-of 2026-11-20
  tenantry build --out ../rendered --strict -o sarif > findings.sarif`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c)
	f.registerStatus(c)
	f.output.register(c)
	fs := c.Flags()
	fs.StringVar(&f.out, "out", usualOutput, "the output directory, by default below the tenancy repo")
	fs.BoolVar(&f.strict, "strict", false, "write nothing where there is any error")
	fs.BoolVar(&f.bootstrap, "bootstrap", false, "allow an output without pins: the first build")
	cli.CompleteDirectory(c, "out")
	return c
}

func (f *buildFlags) run(c *cobra.Command) error {
	o, err := f.options(c)
	if err != nil {
		return err
	}
	if f.pins == noPins {
		return errors.New("build goes on from the pins of its output or from those that are named; to begin anew, write a new output with --bootstrap")
	}
	out := f.out
	if !filepath.IsAbs(out) && !c.Flags().Changed("out") {
		out = filepath.Join(f.dir, out)
	}
	o.Out, o.Strict, o.Bootstrap, o.Release = out, f.strict, f.bootstrap, true
	r, err := compiler.Compile(c.Context(), o)
	if err != nil {
		return err
	}
	if err := f.output.print(c, r, &f.repoFlags); err != nil {
		return err
	}
	if f.output.isText() {
		writeSummary(c.ErrOrStderr(), r, out)
	}
	return findings(r.Diagnostics)
}

// writeSummary says what became of the output.
func writeSummary(w io.Writer, r *compiler.Result, out string) {
	if n := len(r.LeftOut); n > 0 {
		fmt.Fprintf(w, "%s left out, new and in error: %s\n", printer.Count(n, "logical cluster"), printer.Some(r.LeftOut, 5))
	}
	if n := len(r.AsPublished); n > 0 {
		fmt.Fprintf(w, "%s as published, since an error would take what nobody decided to take: %s\n", printer.Count(n, "logical cluster"), printer.Some(r.AsPublished, 5))
	}
	switch s := r.Written; {
	case s == nil:
		fmt.Fprintf(w, "nothing was written; %s stands as it was\n", out)
	default:
		fmt.Fprintf(w, "%s as of %s: %d written, %d unchanged, %d removed\n", out, r.AsOf, s.Written, s.Unchanged, s.Removed)
	}
}
