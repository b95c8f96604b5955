// Package compiler turns a tenancy repo into the desired state of its physical
// clusters, and writes it where Flux or Argo CD read it.
//
// Compile is a list of passes; each takes the result of the one before and
// adds what it has to say to one report. An error in a document never stops a
// run: the document is held at its last good version, and everything else is
// built.
package compiler

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/store"
)

// Options say what to compile, and what decisions to go on from.
type Options struct {
	// Dir is the tenancy repo: a directory with a cue.mod, or with Revision a git
	// repository.
	Dir string
	// Revision is a git revision; empty means the files on disk.
	Revision string
	// Out is the output directory; empty means that nothing is written.
	Out string
	// Pins names the output whose pins hold: a directory, or REV:PATH in the
	// repository at Dir. Empty means Out.
	Pins string
	// Former are decisions to go on from that are at hand; then Pins is not read.
	Former *pins.Pins
	// AsOf is the date that sunsets and expiries are compared with. Empty means the
	// date in the pins, or today where there are none.
	AsOf string
	// Bootstrap allows an output without pins to be filled.
	Bootstrap bool
	// Strict writes nothing where any error was found.
	Strict bool
	// Release lets go of all documents before an output is written, whose files at
	// 100,000 logical clusters have better use for the memory. Then the result has no
	// Documents, and of its Tenancy only what is rendered; see tenancy.Tenancy.Release.
	Release bool
	// Unpromised does not hold API sets to what they promise: for those who compare
	// versions to see what a promise would say.
	Unpromised bool
	// Workers is the number of directories evaluated at a time; 0 means one for
	// each processor.
	Workers int
	// Cache may be nil.
	Cache *store.Cache
	// Evaluated may be nil; compilations that are given the same share what they
	// evaluate.
	Evaluated *load.Evaluated
	// ToolVersion keys the cache.
	ToolVersion string
	// Timeout bounds the evaluation of one directory; 0 means the loader's default.
	Timeout time.Duration
	// Opened is told the source before anything is made of it; nil means nobody listens.
	Opened func(*source.Tree)
	// Progress is told how far a stage has come; nil means nobody listens. The last
	// call has an empty stage.
	Progress func(stage string, done, total int)
}

// Result is what a run found and made.
type Result struct {
	diag.Report
	// AsOf is the date that was used.
	AsOf string
	// Provisional: there were no pins, so placements are what would be decided.
	Provisional bool
	// Tree is the source that was compiled.
	Tree *source.Tree
	// Documents are those that hold, the last good ones among them.
	Documents *document.Documents
	Tenancy   *tenancy.Tenancy
	// Policies are those that can be enforced.
	Policies *policy.Policies
	// Sites say where each logical cluster stands, by key, and Former where each
	// stood before this run.
	Sites  map[string]*pins.LogicalCluster
	Former map[string]*pins.LogicalCluster
	// Costs are the worst cases at the prices of the date.
	Costs *cost.Costs
	// Implicit are the implicit documents in effect.
	Implicit *implicit.Set
	// Changes are all implicit documents and locks, and what accepting those that
	// differ would do, by name. They are missing where the output was found to be up
	// to date.
	Changes   []*implicit.Change
	States    []desired.State
	Platforms []desired.Platform
	// LeftOut are the keys of logical clusters that are in error and were never good:
	// nothing stands in for them.
	LeftOut []string
	// Pins are the decisions after this run.
	Pins *pins.Pins
	// Written says what changed in the output directory, nil where nothing was written.
	Written *outdir.Stats
}

// Compile runs the passes. The error is for a run that could not take place;
// what is wrong in the repo stands in the result's diagnostics.
func Compile(ctx context.Context, o Options) (*Result, error) {
	c := newCompilation(o)
	defer c.done()
	if unchanged, err := c.open(ctx); err != nil || unchanged { // source
		return c.result, err
	}
	if err := c.load(ctx); err != nil { // load
		return nil, err
	}
	if err := c.settle(ctx); err != nil { // resolve, check, place
		return nil, err
	}
	c.expand()                            // expand
	if err := c.render(ctx); err != nil { // lower, render
		return nil, err
	}
	return c.result, nil
}

// compilation is the state of one run.
type compilation struct {
	Options
	result *Result
	report diag.List
	tree   *source.Tree
	former *pins.Pins
	loader *load.Loader
	docs   *document.Documents
	// held are the documents that stand in for one in error.
	held map[pins.DocumentID]bool
	// failures are what loading could not have.
	failures []load.Failure
	// refused are the files that could not be read.
	refused []diag.Diagnostic
	// claims are the former keys that documents name, before any is held.
	claims map[string]bool
	// lost are documents that are left out: nothing is to stand in for them.
	lost map[pins.DocumentID]bool
	// gone are documents that vanished while others may depend on them.
	gone map[pins.DocumentID]bool
	// texts are the documents as JSON, for the pins and to see what changed.
	texts map[pins.DocumentID]json.RawMessage
	// formerNames are the names of the pinned documents by identity.
	formerNames func() map[pins.DocumentID]pins.DocumentID
	// locks are those of implicit documents, as far as they can be read.
	locks map[pins.DocumentID]*implicit.Lock
	// changes are the implicit documents beside their locks.
	changes []*implicit.Change
	last    *lastBuild
	// definitions are those that were published, by name, as far as they were read,
	// and damaged says why one could not be.
	definitions map[string]*definition.Definition
	damaged     error
	comparer    *impact.Comparer
	// placed is what placing decided.
	placed placement.Result
	// expanded are the states that follow from that, once somebody asks.
	expanded func() ([]desired.State, []desired.Platform)
	// writer holds the output's lock; nil until it is taken.
	writer *outdir.Writer
}

func newCompilation(o Options) *compilation {
	return &compilation{Options: o, result: &Result{}, comparer: impact.NewComparer(o.Cache, o.ToolVersion, evolution.Config{}),
		definitions: map[string]*definition.Definition{}, held: map[pins.DocumentID]bool{}, gone: map[pins.DocumentID]bool{}, lost: map[pins.DocumentID]bool{}}
}

func (c *compilation) progress(stage string, done, total int) {
	if c.Progress != nil {
		c.Progress(stage, done, total)
	}
}

// done ends the report: whatever the passes said, in order.
func (c *compilation) done() {
	if c.writer != nil {
		c.writer.Abort()
	}
	c.progress("", 0, 0)
	c.result.Diagnostics = c.report.All()
}
