package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler/analysis/plan"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
)

// planFormats are those of a plan, and of its findings alone.
var planFormats = []string{"text", "json", "markdown", "html", "sarif", "github", "gitlab"}

func newPlan() *cobra.Command {
	var repo repoFlags
	var against, out string
	var outputs []string
	var detail bool
	var failOn []string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what a change to the tenancy repo would do",
		Long: `plan compiles the tenancy repo before and after a change and shows the
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
change brings an error, or something that --fail-on names.`,
		Example: `  tenantry plan
  tenantry plan --against v1.2 --revision v1.3 --detail
  tenantry plan --against origin/main --pins origin/rendered: --fail-on deletion,move,budget
  tenantry plan -o html=plan.html -o markdown=comment.md -o github
  tenantry plan -o json | jq '.objects[] | select(.counts.delete)'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			targets, err := planTargets(outputs)
			if err != nil {
				return err
			}
			color, err := useColor(c, repo.color)
			if err != nil {
				return err
			}
			compile, err := repo.options(c)
			if err != nil {
				return err
			}
			revision := compile.Revision
			compile.Revision = "" // what is published is published for every revision
			repo.usePinsOf(&compile, out)
			compile.Revision = revision
			if compile.AsOf == "" {
				compile.AsOf = today()
			}
			o := plan.Options{Options: compile, Against: against, AgainstDir: isTenancy(against)}
			if against == "" {
				from := repo.revision
				if from == "" {
					from = "HEAD"
				}
				if o.Against, _, err = source.MergeBase(c.Context(), repo.dir, from); err != nil {
					return fmt.Errorf("--against: %w", err)
				}
			}
			p, err := plan.Make(c.Context(), o)
			if err != nil {
				return err
			}
			if err := p.Raise(failOn); err != nil {
				return fmt.Errorf("--fail-on: %w", err)
			}
			for _, target := range targets {
				if err := target.write(c.OutOrStdout(), p, plan.TextOptions{Detail: detail, Color: color}); err != nil {
					return err
				}
			}
			return findings(p.Findings)
		},
	}
	repo.register(c)
	f := c.Flags()
	f.StringVar(&against, "against", "", "the side before: a git revision or a directory; by default where HEAD left the default branch")
	f.StringArrayVarP(&outputs, "output", "o", []string{"text"}, "format: text, json, markdown or html; sarif, github or gitlab for the findings alone; FORMAT=FILE writes a file; may be repeated")
	f.BoolVar(&detail, "detail", false, "show every field and object")
	var names []string
	for _, n := range plan.Notables {
		names = append(names, n.Name)
	}
	f.StringSliceVar(&failOn, "fail-on", nil, "exit 1 for these: "+strings.Join(names, ", "))
	f.StringVar(&out, "out", "", "the output whose pins hold; by default rendered, where the repo has it")
	_ = c.MarkFlagDirname("out")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(planFormats, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// planTarget is where a plan goes, in a format. No file is standard output.
type planTarget struct{ format, file string }

func planTargets(outputs []string) ([]planTarget, error) {
	var out []planTarget
	for _, o := range outputs {
		format, file, named := strings.Cut(o, "=")
		if !slices.Contains(planFormats, format) {
			return nil, fmt.Errorf("-o is %s, not %q", strings.Join(planFormats, ", "), format)
		}
		if named && file == "" {
			return nil, fmt.Errorf("-o %s names no file", o)
		}
		if slices.ContainsFunc(out, func(t planTarget) bool { return t.file == file }) {
			return nil, fmt.Errorf("-o %s: %s is written already: a format beside it needs a file, as in %s=FILE", o, cmp.Or(file, "standard output"), format)
		}
		out = append(out, planTarget{format, file})
	}
	return out, nil
}

func (t planTarget) write(w io.Writer, p *plan.Plan, o plan.TextOptions) (err error) {
	o.ToolVersion = toolVersion()
	if t.file != "" {
		f, err := os.Create(t.file)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		w, o.Color = f, false
	} else {
		o.Width = terminalWidth(w)
	}
	switch t.format {
	case "json":
		return p.WriteJSON(w)
	case "markdown":
		return p.WriteMarkdown(w)
	case "html":
		return p.WriteHTML(w)
	case "text":
		return p.WriteText(w, o)
	}
	return p.Report().Write(w, diag.Format(t.format), diag.WriteOptions{Base: p.Directory, ToolVersion: toolVersion()})
}

// isTenancy reports whether a name is that of a directory which holds a tenancy
// repo, rather than a revision.
func isTenancy(name string) bool {
	if name == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(name, "cue.mod", "module.cue"))
	return err == nil
}
