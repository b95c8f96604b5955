// Package compiler turns a tenancy repo into the desired state of its physical
// clusters, and writes it where Flux or Argo CD read it.
//
// Compile is a list of stages; each makes one value from those before it, and none is
// changed later: Snapshot, History, Documents, Tenancy, Placement, Desired, Pins and the
// files of the output. Stages lists them, and Checks what is checked between them. An
// error in a document never stops a run: the document is held at its last good version,
// and everything else is built; see package hold.
package compiler

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
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
	// Timings are how long stages and checks took.
	Timings []Timing
}

// Compile runs the stages. The error is for a run that could not take place; errors in
// the repo are in the result's diagnostics.
func Compile(ctx context.Context, o Options) (*Result, error) {
	defer o.progress("", 0, 0)
	clock := newClock()
	out, err := openOutput(&o)
	if err != nil {
		return nil, err
	}
	defer out.close()
	snapshot, err := takeSnapshot(ctx, &o, out, clock)
	if err != nil {
		return nil, err
	}
	last := out.lastBuild()
	if last.upToDate(&o, snapshot) {
		return last.result(&o, snapshot, clock), nil
	}
	documents, history, err := loadDocuments(ctx, &o, snapshot, last, clock)
	if err != nil {
		return nil, err
	}
	round := newJudging(&o, snapshot, history, documents, clock)
	made, found, err := hold.Fixpoint(ctx, documents.start, hold.Stages[*facts]{Resolve: round.resolve, Judge: round.judge})
	if err != nil {
		return nil, err
	}
	made.loader, documents.start.Loader = nil, nil // it holds the syntax of the whole repo
	found = append(found, made.cut()...)
	result := newResult(snapshot, history, documents, made, made.decide(), found)
	if err := writeOutput(ctx, &o, out, snapshot, result, clock); err != nil {
		return nil, err
	}
	result.Timings = clock.timings()
	return result, nil
}

func (o *Options) progress(stage string, done, total int) {
	if o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

// newResult gathers what the stages made. found is what was found while documents were
// held and judged.
func newResult(s *Snapshot, h *History, documents *Documents, f *facts, decided *pins.Pins, found []diag.Diagnostic) *Result {
	var all diag.List
	all.Add(s.Diagnostics...)
	all.Add(h.Diagnostics...)
	all.Add(documents.diagnostics...)
	all.Add(found...)
	all.Add(pendingChanges(documents.changes, f.tenancy, f.implicit)...)
	for _, one := range f.implicit.OnArgo(onArgo(f.desired.States)) {
		all.Add(one.Diagnostic)
	}
	sites := f.placement.Sites
	return &Result{
		Report: diag.Report{Diagnostics: all.All(), Sources: s.text, Held: held(f.documents, sites)},
		AsOf:   h.AsOf, Provisional: h.Provisional, Tree: s.Tree, Documents: f.documents.Documents, Tenancy: f.tenancy, Policies: f.policies,
		Sites: sites, Former: h.Pins.LogicalClusters, Costs: f.costs, Implicit: f.implicit, Changes: documents.changes,
		States: f.desired.States, Platforms: f.desired.Platforms,
		LeftOut: leftOut(f.documents, documents.start.Failures, sites), Pins: decided,
	}
}
