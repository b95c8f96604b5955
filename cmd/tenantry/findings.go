package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/diag"
)

// findingsOutput is the flag -o of commands that print what a run found.
type findingsOutput struct{ cli.Output[foundIn] }

// foundIn is a run with the repo that it compiled.
type foundIn struct {
	*compiler.Result
	repo *repoFlags
}

func (o *findingsOutput) register(c *cobra.Command) {
	var formats []cli.Format[foundIn]
	var names []string
	for _, f := range diag.Formats() {
		formats = append(formats, cli.As(string(f), func(r foundIn, w io.Writer) error { return r.write(w, f) }))
		names = append(names, string(f))
	}
	o.RegisterAs(c, cli.Wording{
		Usage:   "format of the findings: text, json, sarif, github or gitlab",
		Refusal: "unknown format %q: must be one of " + strings.Join(names, ", "),
	}, formats...)
}

// isText reports whether people read the output.
func (o *findingsOutput) isText() bool { return o.Format() == string(diag.Text) }

// print writes what a run has to say: machine formats to standard output, text for
// people to standard error.
func (o *findingsOutput) print(c *cobra.Command, r *compiler.Result, repo *repoFlags) error {
	w := c.OutOrStdout()
	if o.isText() {
		w = c.ErrOrStderr()
	}
	return o.Write(w, foundIn{r, repo})
}

func (r foundIn) write(w io.Writer, f diag.Format) error {
	return r.Result.Write(w, f, diag.WriteOptions{
		Color: r.repo.color.On(w), Width: cli.Width(w), Base: source.Below(r.repo.dir), ToolVersion: cli.Version(),
	})
}

// printErrors writes the findings of a run to standard error, if errors are among them.
func (f *repoFlags) printErrors(c *cobra.Command, r *compiler.Result) error {
	if !diag.HasErrors(r.Diagnostics) {
		return nil
	}
	return foundIn{r, f}.write(c.ErrOrStderr(), diag.Text)
}

// compileAndReport is compile for an answer about what is built in spite of errors in
// the repo: they are printed.
func (f *queryFlags) compileAndReport(c *cobra.Command) (*compiler.Result, error) {
	r, err := f.compile(c)
	if err != nil {
		return nil, err
	}
	return r, f.printErrors(c, r)
}

// findings returns the error that ends a command which found errors in the repo.
func findings(ds []diag.Diagnostic) error {
	if diag.HasErrors(ds) {
		return cli.Findings{}
	}
	return nil
}
