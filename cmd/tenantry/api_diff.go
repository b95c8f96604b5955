package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/apis"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

const apiDiffHelp = `diff compares CustomResourceDefinitions by resource and judges each change: is
what writers wrote still accepted and does it mean the same, and can readers meet
something that they could not meet before? A change is compatible, conditional
(safe if a named condition holds) or breaking. The documentation of API evolution
lists all rules.

OLD and NEW are each one of
  FILE or DIRECTORY    with CustomResourceDefinitions in YAML or JSON, in documents
                       or lists
  -                    standard input
  REV:PATH             a file or directory in a git revision, from the root of the
                       repository that --dir lies in
  SET@VERSION          a version or channel of an API set of the tenancy repo

The promise says who is asked: "backward" cares for writers, "full" for readers
too, and "none" for nobody. It is full unless --promise, the configuration or the
API set of NEW says something else.

A configuration is a YAML file:
  promise: backward
  holds: [stored-objects-migrated]     # conditions that are known to hold
  rules:
    enum/value-added: {readers: compatible}
    default: {writers: breaking, paths: [.spec.replicas]}

With --witness, a breaking change is shown by a small object that the old
definition accepts and the new one refuses, where one is found. The search is
bounded by a count of values, so very large definitions end, too; the report says
for which changes it was cut short.

Exit codes: 0 compatible or conditional, 1 breaking, 2 the command could not run.`

type apiDiffFlags struct {
	repoFlags
	config  string
	promise cli.Choice
	witness bool
	output  cli.Output[*apis.Diff]
}

func newAPIDiff() *cobra.Command {
	var f apiDiffFlags
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what changes from one API to another, and for whom",
		Long:  apiDiffHelp,
		Example: `  tenantry api diff old.yaml new.yaml
  tenantry api diff main:config/crd config/crd --witness
  tenantry api diff database@v1 database@v2 -o markdown
  kubectl get crd widgets.acme.example -o yaml | tenantry api diff - widgets.yaml`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0], args[1]) },
	}
	f.register(c)
	fs := c.Flags()
	fs.StringVar(&f.config, "config", "", "a file that tunes how changes are judged")
	f.promise.Register(c, "promise", "", "for whom the verdict is: backward (writers), full (readers too) or none",
		string(schema.PromiseBackward), string(schema.PromiseFull), string(schema.PromiseNone))
	fs.BoolVar(&f.witness, "witness", false, "show breaking changes by objects that are refused")
	_ = c.MarkFlagFilename("config", "yaml", "yml", "json")
	findings := func(d *apis.Diff, w io.Writer, format diag.Format) error {
		return d.Findings().Write(w, format, diag.WriteOptions{ToolVersion: cli.Version()})
	}
	f.output.RegisterAs(c, cli.Wording{
		Usage:   "format: text, json, markdown, sarif, github",
		Refusal: "-o is one of text, json, markdown, sarif, github, not %q",
	},
		cli.As("text", func(d *apis.Diff, w io.Writer) error { return d.WriteText(w, f.color.On(w)) }),
		cli.As("json", func(d *apis.Diff, w io.Writer) error { return d.WriteJSON(w) }),
		cli.As("markdown", func(d *apis.Diff, w io.Writer) error { return d.WriteMarkdown(w) }),
		cli.As("sarif", func(d *apis.Diff, w io.Writer) error { return findings(d, w, diag.SARIF) }),
		cli.As("github", func(d *apis.Diff, w io.Writer) error { return findings(d, w, diag.GitHub) }),
	)
	return c
}

func (f *apiDiffFlags) run(c *cobra.Command, before, after string) error {
	config, err := f.readConfig()
	if err != nil {
		return err
	}
	old, new, err := f.sides(c).ReadBoth(c.Context(), before, after)
	if err != nil {
		return err
	}
	if promise := f.promise.String(); promise != "" {
		config.Promise = schema.Promise(promise)
	} else if config.Promise == "" {
		config.Promise = new.Promise
	}
	diff, err := apis.Compare(c.Context(), old, new, cli.Version(), config, f.witness)
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), diff); err != nil {
		return err
	}
	if diff.Verdict == evolution.Breaking {
		return cli.Findings{}
	}
	return nil
}

func (f *apiDiffFlags) readConfig() (evolution.Config, error) {
	if f.config == "" {
		return evolution.Config{}, nil
	}
	data, err := os.ReadFile(f.config)
	if err != nil {
		return evolution.Config{}, err
	}
	config, err := evolution.ParseConfig(data)
	if err != nil {
		return evolution.Config{}, fmt.Errorf("%s: %w", f.config, err)
	}
	return config, nil
}
