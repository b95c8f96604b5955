package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// diffFormats are the formats of api diff.
var diffFormats = []string{"text", "json", "markdown", "sarif", "github"}

func newAPIDiff() *cobra.Command {
	var repo repoFlags
	var output, config, promise string
	var witness bool
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what changes from one API to another, and for whom",
		Long: `diff compares CustomResourceDefinitions by resource and judges each change: is
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

Exit codes: 0 compatible or conditional, 1 breaking, 2 the command could not run.`,
		Example: `  tenantry api diff old.yaml new.yaml
  tenantry api diff main:config/crd config/crd --witness
  tenantry api diff database@v1 database@v2 -o markdown
  kubectl get crd widgets.acme.example -o yaml | tenantry api diff - widgets.yaml`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(diffFormats, output) {
				return fmt.Errorf("-o is one of %s, not %q", strings.Join(diffFormats, ", "), output)
			}
			if args[0] == "-" && args[1] == "-" {
				return fmt.Errorf("only one side can come from standard input")
			}
			tuned, err := readConfig(config)
			if err != nil {
				return err
			}
			sides := &apiSides{repo: repo}
			old, err := sides.read(c, args[0])
			if err != nil {
				return err
			}
			new, err := sides.read(c, args[1])
			if err != nil {
				return err
			}
			if promise != "" {
				tuned.Promise = schema.Promise(promise)
			}
			if tuned.Promise == "" {
				tuned.Promise = new.promise
			}
			if !slices.Contains([]schema.Promise{"", schema.PromiseBackward, schema.PromiseFull, schema.PromiseNone}, tuned.Promise) {
				return fmt.Errorf("--promise is backward, full or none, not %q", promise)
			}
			report, err := diffReport(c.Context(), old, new, tuned, witness)
			if err != nil {
				return err
			}
			return writeDiff(c, report, output, repo.color, old, new)
		},
	}
	repo.register(c)
	f := c.Flags()
	f.StringVarP(&output, "output", "o", "text", "format: "+strings.Join(diffFormats, ", "))
	f.StringVar(&config, "config", "", "a file that tunes how changes are judged")
	f.StringVar(&promise, "promise", "", "for whom the verdict is: backward (writers), full (readers too) or none")
	f.BoolVar(&witness, "witness", false, "show breaking changes by objects that are refused")
	_ = c.MarkFlagFilename("config", "yaml", "yml", "json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(diffFormats, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("promise", cobra.FixedCompletions([]string{"backward", "full", "none"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func readConfig(name string) (evolution.Config, error) {
	if name == "" {
		return evolution.Config{}, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return evolution.Config{}, err
	}
	config, err := evolution.ParseConfig(data)
	if err != nil {
		return evolution.Config{}, fmt.Errorf("%s: %w", name, err)
	}
	return config, nil
}

// diffReport compares two sides, resource by resource.
func diffReport(ctx context.Context, old, new *apiSide, config evolution.Config, witness bool) (evolution.Report, error) {
	changes := impact.NewComparer(nil, toolVersion(), config).Changes(&old.API, &new.API)
	if witness {
		if err := addWitnesses(ctx, changes, &old.API, &new.API); err != nil {
			return evolution.Report{}, err
		}
	}
	return evolution.NewReport(changes, config.Promise), nil
}

// addWitnesses gives the changes, which are in the order of their resources, the
// objects that show them.
func addWitnesses(ctx context.Context, changes []evolution.Change, old, new *impact.API) error {
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].Resource == changes[0].Resource {
			n++
		}
		was, is := old.Find(changes[0].Resource), new.Find(changes[0].Resource)
		if was != nil && is != nil {
			if err := instance.AddWitnesses(ctx, changes[:n], was.Writable(), is.Writable()); err != nil {
				return err
			}
		}
		changes = changes[n:]
	}
	return nil
}

func writeDiff(c *cobra.Command, r evolution.Report, output, color string, old, new *apiSide) error {
	w := c.OutOrStdout()
	var err error
	switch output {
	case "json":
		err = r.WriteJSON(w)
	case "markdown":
		err = r.WriteMarkdown(w)
	case "sarif", "github":
		report := diag.Report{Diagnostics: r.Diagnostics(func(change *evolution.Change) diag.Position {
			if at := new.Position(change); !at.IsZero() {
				return at
			}
			return old.Position(change)
		})}
		err = report.Write(w, diag.Format(output), diag.WriteOptions{ToolVersion: toolVersion()})
	default:
		var paint bool
		if paint, err = useColor(c, color); err == nil {
			err = r.WriteText(w, paint && (color == "always" || isTerminal(w)))
		}
	}
	if err != nil {
		return err
	}
	if r.Verdict == evolution.Breaking {
		return errFindings
	}
	return nil
}
