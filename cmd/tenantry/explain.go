package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/explain"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/input"
	"github.com/tenantry/tenantry/internal/printer"
)

const explainHelp = `explain CODE tells what a diagnostic code means, why it matters and what to do.

explain LOGICAL-CLUSTER tells where each effective value of a logical cluster
comes from: its own document, its class, an organization above it, the schema's
default, or what earlier builds decided (the pins). Below a value stands what else
had a say in it and was overridden. Policies follow in the order in which they
stand, each with its module, its parameters and what exempts from it. FIELD narrows it: "quota" stands for all that
is below it, as in "quota.cpu", "access.payments-devs", "apis" or "placement".

explain -f FILE tells from what a field of a rendered object was made: name the
field with --path, and the object with --object where the file holds several that
have the field.`

type explainFlags struct {
	queryFlags
	list               bool
	file, path, object string
	output             cli.Output[explain.Answer]
}

func newExplain() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain (CODE | LOGICAL-CLUSTER [FIELD])",
		Short: "Tell where a value comes from, or more about a diagnostic",
		Long:  explainHelp,
		Example: `  tenantry explain TEN0123
  tenantry explain --list
  tenantry explain acme/payments/prod
  tenantry explain acme/payments/prod quota.cpu
  tenantry explain -f rendered/clusters/eu-1/tenants/c0001/acme.payments.prod.yaml \
    --path '.spec.hard["requests.cpu"]'`,
		Args:              func(c *cobra.Command, args []string) error { return f.countArgs(c, args) },
		ValidArgsFunction: completeCode,
		RunE:              func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	f.register(c, outPlaces)
	fs := c.Flags()
	fs.BoolVar(&f.list, "list", false, "list all codes")
	fs.StringVarP(&f.file, "file", "f", "", "a rendered file, or - for standard input")
	fs.StringVar(&f.path, "path", "", `the field of a rendered object: .spec.hard["requests.cpu"]; by default all fields`)
	fs.StringVar(&f.object, "object", "", "the rendered object, as KIND/NAME or KIND/NAMESPACE/NAME")
	f.output.Register(c,
		cli.As("text", explain.Answer.WriteText),
		cli.As("json", explain.Answer.WriteJSON),
	)
	return c
}

// isKey tells the key of a logical cluster, which has its organization in front,
// from a code.
func isKey(arg string) bool { return strings.Contains(arg, "/") }

func (f *explainFlags) countArgs(c *cobra.Command, args []string) error {
	switch {
	case f.list, f.file != "":
		return cobra.NoArgs(c, args)
	case len(args) > 0 && isKey(args[0]):
		return cobra.MaximumNArgs(2)(c, args)
	}
	return cobra.ExactArgs(1)(c, args)
}

func completeCode(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	if len(args) == 0 {
		for _, e := range diag.Entries() {
			out = append(out, fmt.Sprintf("%s\t%s", e.Code, e.Title))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

func (f *explainFlags) run(c *cobra.Command, args []string) error {
	w := c.OutOrStdout()
	var r *compiler.Result
	var answer explain.Answer
	var err error
	switch {
	case f.file == "" && (f.path != "" || f.object != ""):
		return errors.New("--path and --object go with -f")
	case f.list:
		return diag.WriteEntries(w)
	case f.file == "" && !isKey(args[0]):
		return diag.WriteEntry(w, args[0], cli.Width(w))
	case f.file != "":
		r, answer, err = f.explainFile(c)
	default:
		r, answer, err = f.explainLogicalCluster(c, args)
	}
	if err != nil {
		return err
	}
	if err := f.output.Write(w, answer); err != nil {
		return err
	}
	return findings(r.Diagnostics)
}

func (f *explainFlags) explainLogicalCluster(c *cobra.Command, args []string) (*compiler.Result, explain.Answer, error) {
	r, err := f.compileAndReport(c)
	if err != nil {
		return nil, nil, err
	}
	answer, err := explain.OfLogicalCluster(r, args[0], args[1:]...)
	return r, answer, err
}

func (f *explainFlags) explainFile(c *cobra.Command) (*compiler.Result, explain.Answer, error) {
	at, err := explain.ParsePath(f.path)
	if err != nil {
		return nil, nil, fmt.Errorf("--path: %w", err)
	}
	data, err := input.ReadOne(c.InOrStdin(), f.file)
	if err != nil {
		return nil, nil, err
	}
	objects, err := explain.ReadFile(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.file, err)
	}
	r, err := f.compileAndReport(c)
	if err != nil {
		return nil, nil, err
	}
	answer, err := explain.OfFile(r, objects, at, f.object)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.file, err)
	}
	if answer == nil {
		return nil, nil, fmt.Errorf("%s has no object %s with a field %s", f.file, printer.OrDash(f.object), printer.OrDash(f.path))
	}
	return r, answer, nil
}
