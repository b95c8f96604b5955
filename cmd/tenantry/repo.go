package main

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/apis"
	"github.com/tenantry/tenantry/compiler/analysis/selection"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/cli"
	"github.com/tenantry/tenantry/internal/heap"
	"github.com/tenantry/tenantry/internal/store"
)

// usualOutput is where build writes to unless it is told otherwise, below the
// tenancy repo.
const usualOutput = "rendered"

// noPins is the value of --pins for no former decisions at all.
const noPins = "none"

// outHelp is the usage of --out where what it decides needs no words of its own.
const outHelp = "the output whose pins hold; by default rendered, where the repo has it"

// outPlaces is the usage of --out where the answer says where logical clusters are.
const outPlaces = "the output whose pins say where they stand; by default rendered, where the repo has it"

// repoFlags are the flags of every command that compiles.
type repoFlags struct {
	dir, revision, pins, asOf, cacheDir string
	// status is the file of a report of what stands.
	status  string
	color   cli.Color
	noCache bool
	workers int
}

func (f *repoFlags) register(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVarP(&f.dir, "dir", "C", ".", "the tenancy repo: a directory with a cue.mod, or a git repository")
	fs.StringVar(&f.revision, "revision", "", "compile this git revision instead of the files on disk (main, v1.2, HEAD~3, REV:path)")
	fs.StringVar(&f.pins, "pins", "", "read the former decisions from this output: a directory, or REV:path in git; none for no decisions")
	fs.StringVar(&f.asOf, "as-of", "", "the date to judge sunsets and expiries by: 2026-11-20, or today")
	fs.StringVar(&f.cacheDir, "cache", store.DefaultDir(), "directory of the cache")
	fs.BoolVar(&f.noCache, "no-cache", false, "neither read nor write the cache")
	fs.IntVarP(&f.workers, "workers", "j", runtime.GOMAXPROCS(0), "directories evaluated at a time")
	f.color.Register(c)
	cli.CompleteDirectory(c, "dir")
	cli.CompleteDirectory(c, "cache")
	cli.Complete(c, "as-of", "today")
}

// registerStatus registers --status, for the commands that take the steps of a deletion.
func (f *repoFlags) registerStatus(c *cobra.Command) {
	c.Flags().StringVar(&f.status, "status", "", "what \"tenantry status -o json\" wrote: deletions of which it says that a step has been applied need not wait for the next")
}

// options returns the compiler's options for the flags.
func (f *repoFlags) options(c *cobra.Command) (compiler.Options, error) {
	o := compiler.Options{
		Dir: f.dir, Revision: f.revision, Pins: f.pins, AsOf: f.asOf, Workers: f.workers,
		Build: store.Build(), Progress: cli.Progress(c.ErrOrStderr()), Opened: expectHeap,
	}
	if o.Pins == noPins {
		o.Pins = ""
	}
	if o.AsOf == "today" {
		o.AsOf = today()
	}
	if f.status != "" {
		data, err := os.ReadFile(f.status)
		if err != nil {
			return o, err
		}
		if o.Applied, err = compiler.ReadApplied(data); err != nil {
			return o, fmt.Errorf("%s: %w", f.status, err)
		}
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

// trimCache bounds the cache that a command used, once what it had to say is said.
func trimCache(c *cobra.Command) {
	dir, err := c.Flags().GetString("cache")
	if off, _ := c.Flags().GetBool("no-cache"); err != nil || off {
		return
	}
	if _, err := os.Stat(dir); err != nil {
		return // it had none, as for a page of help
	}
	if cache, err := store.Open(dir); err == nil {
		cache.Trim(store.MaxSize, store.MaxUnused)
	}
}

// expectHeap tells the heap how much source there is.
func expectHeap(tree *source.Tree) {
	bytes := int64(0)
	for _, f := range tree.Files() {
		bytes += int64(len(f.Data))
	}
	heap.Expect(bytes)
}

func today() string { return time.Now().UTC().Format(time.DateOnly) }

// usePinsOf makes a command that only reads go on from the pins of an output: the
// one that is named, or the usual one where it stands in the repo.
func (f *repoFlags) usePinsOf(o *compiler.Options, out string) {
	if o.Pins != "" || f.pins == noPins || o.Revision != "" && out == "" {
		return
	}
	if o.Pins = out; out == "" {
		usual := filepath.Join(f.dir, usualOutput)
		if _, err := os.Stat(filepath.Join(usual, "pins")); err == nil {
			o.Pins = usual
		}
	}
}

// usePublishedPins is usePinsOf for a comparison: what is published is published for
// every revision.
func (f *repoFlags) usePublishedPins(o *compiler.Options, out string) {
	revision := o.Revision
	o.Revision = ""
	f.usePinsOf(o, out)
	o.Revision = revision
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

// queryFlags are the flags of commands that ask about what is compiled.
type queryFlags struct {
	repoFlags
	out string
}

// register adds the flags to a command; usage is what --out decides.
func (f *queryFlags) register(c *cobra.Command, usage string) {
	f.repoFlags.register(c)
	c.Flags().StringVar(&f.out, "out", "", usage)
	cli.CompleteDirectory(c, "out")
}

// compile compiles the repo, going on from the pins of an output: the one that is named, that
// in the working tree, or what was last fetched of the branch that the GitOps engine reads. It
// says which these are, and where there are none, what would bring them.
func (f *queryFlags) compile(c *cobra.Command) (*compiler.Result, error) {
	o, err := f.options(c)
	if err != nil {
		return nil, err
	}
	f.usePinsOf(&o, f.out)
	r, err := compiler.Compile(c.Context(), o)
	if err != nil {
		return nil, err
	}
	if r.From.Provisional && o.Pins == "" && f.pins != noPins {
		if r, err = f.compilePublished(c, o, r); err != nil {
			return nil, err
		}
	}
	if r.From.Provisional || f.pins == "" && f.out == "" { // else it is what was named
		fmt.Fprintf(c.ErrOrStderr(), "note: %s\n", &r.From)
	}
	return r, nil
}

// compilePublished compiles once more, going on from what was last fetched of the branch that
// the GitOps engine reads, if there is such a branch.
func (f *queryFlags) compilePublished(c *cobra.Command, o compiler.Options, r *compiler.Result) (*compiler.Result, error) {
	from := r.Tenancy.Settings.GitOps.Source
	if from.Kind != "git" || from.URL == "" {
		return r, nil
	}
	branch, dir := cmp.Or(from.Branch, "main"), strings.TrimPrefix(path.Clean("/"+from.Path), "/")
	if ref := source.PublishedRef(f.dir, from.URL, branch); ref != "" {
		o.Pins = ref + ":" + dir
		return compiler.Compile(c.Context(), o)
	}
	if remote := source.Remote(f.dir, from.URL); remote != "" {
		r.From.Fetch = fmt.Sprintf("git fetch %s %s", remote, branch)
	} else {
		r.From.Fetch = fmt.Sprintf("git fetch %s %s, and --pins FETCH_HEAD:%s", from.URL, branch, dir)
	}
	return r, nil
}

// pathArg returns the argument PATH of commands whose answer it narrows; empty for all.
func pathArg(args []string) (string, error) {
	if len(args) == 0 {
		return "", nil
	}
	if err := selection.Check(args[0]); err != nil {
		return "", fmt.Errorf("PATH: %w", err)
	}
	return args[0], nil
}

// sides reads APIs to compare. Those of the repo are compared whatever they promise.
func (f *repoFlags) sides(c *cobra.Command) *apis.Sides {
	return &apis.Sides{Dir: f.dir, Stdin: c.InOrStdin(), Compile: func() (*compiler.Result, error) {
		o, err := f.options(c)
		if err != nil {
			return nil, err
		}
		f.usePinsOf(&o, "")
		o.Unpromised = true
		return compiler.Compile(c.Context(), o)
	}}
}
