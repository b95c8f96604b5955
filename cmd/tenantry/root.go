package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"golang.org/x/term"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tenantry",
		Short: "Compile a tenancy repo into the manifests of its Kubernetes clusters",
		Long: `tenantry compiles a tenancy repo: one git repository of CUE files that declare
organizations, logical clusters, the API sets they may use and the physical
clusters below. It validates the repo and renders the manifests of every
physical cluster, for Flux or Argo CD to apply.

Start with "tenantry init", then "tenantry vet" and "tenantry build".

Exit codes: 0 fine, 1 errors were found in the repo, 2 the command could not run.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.AddCommand(newInit(), newVet(), newBuild(), newPlan(), newPublish(), newStatus(), newDrift(), newList(), newCost(), newBill(), newAccess(), newWhoCan(), newAdmit(), newLock(), newExplain(), newKubeconfig(), newPolicy(), newAPI(), newVersion())
	return root
}

// repoFlags are the flags of every command that compiles.
type repoFlags struct {
	dir, revision, pins, asOf, cacheDir, color string
	noCache                                    bool
	workers                                    int
}

func (f *repoFlags) register(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVarP(&f.dir, "dir", "C", ".", "the tenancy repo: a directory with a cue.mod, or a git repository")
	fs.StringVar(&f.revision, "revision", "", "compile this git revision instead of the files on disk (main, v1.2, HEAD~3, REV:path)")
	fs.StringVar(&f.pins, "pins", "", "read the former decisions from this output: a directory, or REV:path in git")
	fs.StringVar(&f.asOf, "as-of", "", "the date to judge sunsets and expiries by: 2026-11-20, or today")
	fs.StringVar(&f.cacheDir, "cache", store.DefaultDir(), "directory of the cache")
	fs.BoolVar(&f.noCache, "no-cache", false, "neither read nor write the cache")
	fs.IntVarP(&f.workers, "workers", "j", runtime.GOMAXPROCS(0), "directories evaluated at a time")
	fs.StringVar(&f.color, "color", "auto", "colour: auto, always or never")
	_ = c.MarkFlagDirname("dir")
	_ = c.MarkFlagDirname("cache")
	_ = c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("as-of", cobra.FixedCompletions([]string{"today"}, cobra.ShellCompDirectiveNoFileComp))
}

// options returns the compiler's options for the flags.
func (f *repoFlags) options(c *cobra.Command) (compiler.Options, error) {
	o := compiler.Options{
		Dir: f.dir, Revision: f.revision, Pins: f.pins, AsOf: f.asOf, Workers: f.workers,
		ToolVersion: toolVersion(), Progress: progress(c), Opened: expectHeap,
	}
	if o.AsOf == "today" {
		o.AsOf = today()
	}
	if f.workers < 1 {
		return o, fmt.Errorf("--workers must be at least 1, have %d", f.workers)
	}
	if !f.noCache {
		store, err := store.Open(f.cacheDir)
		if err != nil {
			fmt.Fprintf(c.ErrOrStderr(), "note: going on without a cache: %v\n", err)
		}
		o.Cache = store
	}
	return o, nil
}

// usePinsOf makes a command that only reads go on from the pins of an output: the
// one that is named, or the usual one where it stands in the repo.
func (f *repoFlags) usePinsOf(o *compiler.Options, out string) {
	if o.Pins != "" || o.Revision != "" && out == "" {
		return
	}
	if o.Pins = out; out == "" {
		usual := filepath.Join(f.dir, usualOutput)
		if _, err := os.Stat(filepath.Join(usual, "pins")); err == nil {
			o.Pins = usual
		}
	}
}

// compile compiles the repo, going on from the pins of an output.
func (f *repoFlags) compile(c *cobra.Command, out string) (*compiler.Result, error) {
	o, err := f.options(c)
	if err != nil {
		return nil, err
	}
	f.usePinsOf(&o, out)
	return compiler.Compile(c.Context(), o)
}

// repoQuery are the flags of commands that ask about what is compiled.
type repoQuery struct {
	repo repoFlags
	out  string
}

func (q *repoQuery) register(c *cobra.Command) {
	q.repo.register(c)
	c.Flags().StringVar(&q.out, "out", "", "the output whose pins say where they stand; by default rendered, where the repo has it")
	_ = c.MarkFlagDirname("out")
}

// compile compiles the repo. Errors in it are printed: the answer is about what is
// built in spite of them.
func (q *repoQuery) compile(c *cobra.Command) (*compiler.Result, error) {
	r, err := q.repo.compile(c, q.out)
	if err != nil {
		return nil, err
	}
	if diag.HasErrors(r.Diagnostics) {
		err = printReport(c, r, q.repo, reportFlags{format: "text"})
	}
	return r, err
}

// usualOutput is where build writes to unless it is told otherwise, below the
// tenancy repo.
const usualOutput = "rendered"

func today() string { return time.Now().Format(time.DateOnly) }

// useColor reports whether to colour what goes to the terminal behind stderr.
func useColor(c *cobra.Command, mode string) (bool, error) {
	switch mode {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(c.ErrOrStderr()), nil
	}
	return false, fmt.Errorf("--color is auto, always or never, not %q", mode)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func terminalWidth(w any) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}

// progress shows long work on a terminal, after a second, in one line that
// leaves no trace.
func progress(c *cobra.Command) func(stage string, done, total int) {
	w := c.ErrOrStderr()
	if !isTerminal(w) {
		return nil
	}
	start, last := time.Now(), time.Time{}
	return func(stage string, done, total int) {
		now := time.Now()
		switch {
		case stage == "":
			if !last.IsZero() {
				fmt.Fprint(w, "\r\x1b[K")
			}
		case now.Sub(start) > time.Second && now.Sub(last) > 100*time.Millisecond:
			last = now
			fmt.Fprintf(w, "\r\x1b[K%s", stage)
			if total > 0 {
				fmt.Fprintf(w, " %d of %d", done, total)
			}
		}
	}
}

// reportFlags are the flags of commands that print diagnostics.
type reportFlags struct{ format string }

func (f *reportFlags) register(c *cobra.Command) {
	c.Flags().StringVarP(&f.format, "output", "o", "text", "format of the findings: text, json, sarif, github or gitlab")
	_ = c.RegisterFlagCompletionFunc("output", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, f := range diag.Formats() {
			names = append(names, string(f))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of tenantry",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "tenantry %s (%s, %s/%s)\n", toolVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// toolVersion is the module's version, or the revision it was built from.
func toolVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}
