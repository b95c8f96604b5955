package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
)

var impactFormats = []string{"text", "json", "markdown"}

func newAPIImpact() *cobra.Command {
	var repo repoFlags
	var against, output string
	var objects []string
	c := &cobra.Command{
		Use:   "impact {SET@OLD SET@NEW | --against REV}",
		Short: "Say whom a change of APIs reaches, and which objects it breaks",
		Long: `impact compares two versions of an API set, or the APIs of two revisions of the
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
or an object is refused, 2 the command could not run.`,
		Example: `  tenantry api impact database@v1 database@v2
  tenantry api impact --against origin/main -o markdown
  kubectl get databases -A -o yaml | tenantry api impact database@stable database@v2 --objects -`,
		Args: func(c *cobra.Command, args []string) error {
			if against == "" && len(args) != 2 {
				return fmt.Errorf("name two versions, as in database@v1 database@v2, or a revision with --against")
			}
			if against != "" && len(args) > 0 {
				return fmt.Errorf("--against compares revisions; leave the versions out")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(impactFormats, output) {
				return fmt.Errorf("-o is one of %s, not %q", strings.Join(impactFormats, ", "), output)
			}
			color, err := useColor(c, repo.color)
			if err != nil {
				return err
			}
			given, err := readObjects(c, objects)
			if err != nil {
				return err
			}
			var changes []impact.Change
			var result *compiler.Result
			if against != "" {
				changes, result, err = impactAgainst(c, repo, against)
			} else {
				changes, result, err = impactBetween(c, repo, args[0], args[1])
			}
			if err != nil {
				return err
			}
			report := &impact.Impact{Total: len(result.Tenancy.LogicalClusters)}
			if err := judgeObjects(c.Context(), report, changes, given, result.Sites); err != nil {
				return err
			}
			w := c.OutOrStdout()
			switch output {
			case "json":
				err = report.WriteJSON(w)
			case "markdown":
				err = report.WriteMarkdown(w)
			default:
				err = report.WriteText(w, color && (repo.color == "always" || isTerminal(w)))
			}
			if err == nil && (report.Verdict == evolution.Breaking || report.Refused()) {
				err = errFindings
			}
			return err
		},
	}
	repo.register(c)
	f := c.Flags()
	f.StringVar(&against, "against", "", "compare with the APIs of this git revision or directory")
	f.StringArrayVar(&objects, "objects", nil, "objects to try: a file, a directory or - for standard input; may be repeated")
	f.StringVarP(&output, "output", "o", "text", "format: "+strings.Join(impactFormats, ", "))
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(impactFormats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// impactBetween compares two versions for those who bind the first.
func impactBetween(c *cobra.Command, repo repoFlags, old, new string) ([]impact.Change, *compiler.Result, error) {
	sides := &apiSides{repo: repo}
	was, err := sides.named(c, old)
	if err != nil {
		return nil, nil, err
	}
	is, err := sides.named(c, new)
	if err != nil {
		return nil, nil, err
	}
	noteErrors(c, sides.result)
	comparer := impact.NewComparer(nil, toolVersion(), evolution.Config{})
	return []impact.Change{impact.Between(sideOf(sides.result), was, is, comparer)}, sides.result, nil
}

// impactAgainst compares two revisions, of which the second goes on from the
// decisions of the first.
func impactAgainst(c *cobra.Command, repo repoFlags, against string) ([]impact.Change, *compiler.Result, error) {
	head, err := repo.options(c)
	if err != nil {
		return nil, nil, err
	}
	revision := head.Revision
	head.Revision = "" // what is published is published for every revision
	repo.usePinsOf(&head, "")
	head.Revision, head.Unpromised = revision, true
	base := head
	if base.Revision = against; isTenancy(against) {
		base.Dir, base.Revision = against, ""
	}
	before, err := compiler.Compile(c.Context(), base)
	if err != nil {
		return nil, nil, fmt.Errorf("--against: %w", err)
	}
	head.Former, head.AsOf = before.Pins, before.AsOf
	after, err := compiler.Compile(c.Context(), head)
	if err != nil {
		return nil, nil, err
	}
	noteErrors(c, after)
	return impact.Compare(sideOf(before), sideOf(after), impact.NewComparer(head.Cache, toolVersion(), evolution.Config{})), after, nil
}

func sideOf(r *compiler.Result) impact.Side {
	return impact.Side{Tenancy: r.Tenancy, Sites: r.Sites}
}

// noteErrors says that the repo is not all that was compared.
func noteErrors(c *cobra.Command, r *compiler.Result) {
	n := 0
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			n++
		}
	}
	if n > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "note: the repo has %s; what is held counts as it was last good\n", plural(n, "error"))
	}
}

// judgeObjects tries objects under each change.
func judgeObjects(ctx context.Context, report *impact.Impact, changes []impact.Change, objects []impact.Object, sites map[string]*pins.LogicalCluster) error {
	namespaces := map[string]string{}
	for key, lc := range sites {
		for _, site := range append([]pins.Site{lc.Site}, lc.Left...) {
			for _, n := range site.Namespaces {
				namespaces[n.Physical] = key
			}
		}
	}
	for i := range changes {
		judged := impact.Judged{Change: changes[i]}
		var err error
		if judged.Objects, judged.Tried, err = changes[i].Judge(ctx, objects, namespaces); err != nil {
			return err
		}
		report.Changes = append(report.Changes, judged)
	}
	report.Settle()
	return nil
}

// readObjects reads all objects that are named.
func readObjects(c *cobra.Command, names []string) ([]impact.Object, error) {
	var out []impact.Object
	add := func(name string, data []byte) error {
		found, err := impact.ReadObjects(name, data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, found...)
		return nil
	}
	for _, name := range names {
		if name == "-" {
			data, err := io.ReadAll(c.InOrStdin())
			if err != nil {
				return nil, err
			}
			if err := add("standard input", data); err != nil {
				return nil, err
			}
			continue
		}
		err := filepath.WalkDir(name, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && strings.HasPrefix(d.Name(), ".") && p != name:
				return fs.SkipDir
			case d.IsDir() || p != name && !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(p)):
				return nil
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			return add(filepath.ToSlash(p), data)
		})
		if err != nil {
			return nil, fmt.Errorf("--objects: %w", err)
		}
	}
	return out, nil
}
