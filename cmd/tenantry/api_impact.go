package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/apis"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/input"
	"github.com/tenantry/tenantry/internal/printer"
)

const apiImpactHelp = `impact compares two versions of an API set, or the APIs of two revisions of the
tenancy repo, and lists the logical clusters that meet each change: those that
bind the old version by its name or by a channel, with their organizations and
the physical clusters on which they stand.

Versions are named as SET@VERSION or SET@CHANNEL. With --against, the side before
is that git revision or directory, and the side after the files on disk or
--revision: versions that are edited or gone, channels that move, and logical
clusters that bind something else.

With --objects, each object is tried under the old definition and under the new
one, by the API server's own code: which are refused, which are stored as
something else, and by which change. An object that is refused already is no
effect of the change. The API server lets be what is wrong with an object that
stands and does not change; so of each refused one it is said whether an update
that leaves it as it is, as of its labels or finalizers, still passes. Objects come from files or directories in YAML or JSON, or
from standard input: lists and several documents are fine, as kubectl prints them.

A set that promises nothing is judged as if it promised "backward".

Exit codes: 0 nobody is broken, 1 a change breaks a logical cluster that it reaches
or an object is refused, 2 the command could not run.`

type apiImpactFlags struct {
	repoFlags
	against string
	objects []string
	output  cli.Output[*apis.Impact]
}

func newAPIImpact() *cobra.Command {
	var f apiImpactFlags
	c := &cobra.Command{
		Use:   "impact {SET@OLD SET@NEW | --against REV}",
		Short: "Say whom a change of APIs reaches, and which objects it breaks",
		Long:  apiImpactHelp,
		Example: `  tenantry api impact database@v1 database@v2
  tenantry api impact --against origin/main -o markdown
  kubectl get databases -A -o yaml | tenantry api impact database@stable database@v2 --objects -`,
		Args: func(_ *cobra.Command, args []string) error { return f.countArgs(args) },
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args) },
	}
	f.register(c)
	fs := c.Flags()
	fs.StringVar(&f.against, "against", "", "compare with the APIs of this git revision or directory")
	fs.StringArrayVar(&f.objects, "objects", nil, "objects to try: a file, a directory or - for standard input; may be repeated")
	f.output.RegisterAs(c, cli.Wording{
		Usage:   "format: text, json, markdown",
		Refusal: "-o is one of text, json, markdown, not %q",
	},
		cli.As("text", func(i *apis.Impact, w io.Writer) error { return i.WriteText(w, f.color.On(w)) }),
		cli.As("json", (*apis.Impact).WriteJSON),
		cli.As("markdown", (*apis.Impact).WriteMarkdown),
	)
	return c
}

func (f *apiImpactFlags) countArgs(args []string) error {
	if f.against == "" && len(args) != 2 {
		return errors.New("name two versions, as in database@v1 database@v2, or a revision with --against")
	}
	if f.against != "" && len(args) > 0 {
		return errors.New("--against compares revisions; leave the versions out")
	}
	return nil
}

func (f *apiImpactFlags) run(c *cobra.Command, args []string) error {
	objects, err := f.readObjects(c.InOrStdin())
	if err != nil {
		return err
	}
	reach, err := f.reach(c, args)
	if err != nil {
		return err
	}
	if n := reach.Errors(); n > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "note: the repo has %s; what is held counts as it was last good\n", printer.Count(n, "error"))
	}
	report, err := reach.Judge(c.Context(), objects)
	if err != nil {
		return err
	}
	if err := f.output.Write(c.OutOrStdout(), report); err != nil {
		return err
	}
	if report.Verdict == evolution.Breaking || report.Refused() {
		return cli.Findings{}
	}
	return nil
}

// reach compares what was named.
func (f *apiImpactFlags) reach(c *cobra.Command, args []string) (*apis.Reach, error) {
	if f.against == "" {
		return f.sides(c).Between(args[0], args[1], cli.Version())
	}
	head, err := f.options(c)
	if err != nil {
		return nil, err
	}
	f.usePublishedPins(&head, "")
	head.Unpromised = true
	base := head
	if base.Revision = f.against; isTenancy(f.against) {
		base.Dir, base.Revision = f.against, ""
	}
	return apis.Against(c.Context(), base, head)
}

func (f *apiImpactFlags) readObjects(stdin io.Reader) ([]impact.Object, error) {
	files, err := input.Read(stdin, f.objects)
	if err != nil {
		return nil, fmt.Errorf("--objects: %w", err)
	}
	var out []impact.Object
	for _, file := range files {
		found, err := impact.ReadObjects(file.Name, file.Data)
		switch {
		case err != nil && file.Name == input.StandardInput:
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		case err != nil:
			return nil, fmt.Errorf("--objects: %s: %w", file.Name, err)
		}
		out = append(out, found...)
	}
	return out, nil
}
