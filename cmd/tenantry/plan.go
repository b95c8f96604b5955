package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/plan"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/diag"
)

const planHelp = `plan compiles the tenancy repo before and after a change and shows the
difference: which logical clusters appear, change, move or go, who gains and
loses access to what, which APIs change and for whom that breaks, which limits
loosen, what it costs, what quotas take from the physical clusters, which objects
are created, changed and deleted, and which lines of the source are the cause.
It writes nothing and leaves the working tree alone.

The side after is the files on disk, or --revision. The side before is
--against: a git revision or a directory; by default the commit at which the
side after left the default branch. Both are compiled for one date.

Decisions such as placements go on from the published output: --pins, or
rendered where the repo has it. Where the output is kept on a branch, that is
--pins origin/BRANCH: with a colon at the end for its root.

Errors that both sides have are counted and not repeated. plan exits 1 if the
change brings an error, or something that --fail-on names.`

type planFlags struct {
	queryFlags
	against string
	output  cli.Outputs[*plan.Plan]
	detail  bool
	failOn  []string
}

func newPlan() *cobra.Command {
	var f planFlags
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what a change to the tenancy repo would do",
		Long:  planHelp,
		Example: `  tenantry plan
  tenantry plan --against v1.2 --revision v1.3 --detail
  tenantry plan --against origin/main --pins origin/rendered: --fail-on deletion,move,budget
  tenantry plan -o html=plan.html -o markdown=comment.md -o github
  tenantry plan -o json | jq '.objects[] | select(.counts.delete)'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	f.register(c, outHelp)
	f.registerOutput(c)
	var notable []string
	for _, n := range plan.Notables {
		notable = append(notable, n.Name)
	}
	fs := c.Flags()
	fs.StringVar(&f.against, "against", "", "the side before: a git revision or a directory; by default where HEAD left the default branch")
	fs.BoolVar(&f.detail, "detail", false, "show every field and object")
	fs.StringSliceVar(&f.failOn, "fail-on", nil, "exit 1 for these: "+strings.Join(notable, ", "))
	cli.Complete(c, "fail-on", notable...)
	return c
}

// registerOutput adds the formats of a plan, and of its findings alone.
func (f *planFlags) registerOutput(c *cobra.Command) {
	text := func(p *plan.Plan, w io.Writer) error {
		o := plan.TextOptions{Detail: f.detail, ToolVersion: cli.Version(), Width: cli.Width(w)}
		o.Color = w == c.OutOrStdout() && f.color.On(w)
		return p.WriteText(w, o)
	}
	findings := func(p *plan.Plan, w io.Writer, format diag.Format) error {
		return p.Report().Write(w, format, diag.WriteOptions{Base: p.Directory, ToolVersion: cli.Version()})
	}
	f.output.Register(c, cli.Wording{
		Usage:   "format: text, json, markdown or html; sarif, github or gitlab for the findings alone; FORMAT=FILE writes a file; may be repeated",
		Refusal: "-o is text, json, markdown, html, sarif, github, gitlab, not %q",
	},
		cli.As("text", text),
		cli.As("json", (*plan.Plan).WriteJSON),
		cli.As("markdown", (*plan.Plan).WriteMarkdown),
		cli.As("html", (*plan.Plan).WriteHTML),
		cli.As("sarif", func(p *plan.Plan, w io.Writer) error { return findings(p, w, diag.SARIF) }),
		cli.As("github", func(p *plan.Plan, w io.Writer) error { return findings(p, w, diag.GitHub) }),
		cli.As("gitlab", func(p *plan.Plan, w io.Writer) error { return findings(p, w, diag.GitLab) }),
	)
}

func (f *planFlags) run(c *cobra.Command) error {
	o, err := f.options(c)
	if err != nil {
		return err
	}
	p, err := plan.Make(c.Context(), o)
	if err != nil {
		return err
	}
	if err := p.Raise(f.failOn); err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	if err := f.output.Write(c.OutOrStdout(), p); err != nil {
		return err
	}
	return findings(p.Findings)
}

// options are those of both sides.
func (f *planFlags) options(c *cobra.Command) (plan.Options, error) {
	compile, err := f.repoFlags.options(c)
	if err != nil {
		return plan.Options{}, err
	}
	f.usePublishedPins(&compile, f.out)
	if compile.AsOf == "" {
		compile.AsOf = today()
	}
	o := plan.Options{Options: compile, Against: f.against, AgainstDir: isTenancy(f.against)}
	if f.against != "" {
		return o, nil
	}
	from := f.revision
	if from == "" {
		from = "HEAD"
	}
	if o.Against, _, err = source.MergeBase(c.Context(), f.dir, from); err != nil {
		return o, fmt.Errorf("--against: %w", err)
	}
	return o, nil
}
