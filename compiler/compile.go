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

	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
)

// Compile runs the stages. The error is for a run that could not take place; errors in
// the repo are in the result's diagnostics.
func Compile(ctx context.Context, o Options) (*Result, error) {
	defer o.progress("", 0, 0)
	if err := o.check(); err != nil {
		return nil, err
	}
	clock := newClock()
	out, err := openOutput(&o)
	if err != nil {
		return nil, err
	}
	defer out.close()
	snapshot, err := takeSnapshot(ctx, &o, out.inside, clock)
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
	found = append(found, made.cut()...)
	decided := made.decide()
	kept, err := made.keepPublished(ctx, decided)
	if err != nil {
		return nil, err
	}
	documents.start.Loaded, made.documents = nil, made.documents.Settled()
	result := newResult(snapshot, history, documents, made, decided, kept.amend(found))
	result.AsPublished, result.kept = kept.keys(), kept.kept
	if err := writeOutput(ctx, &o, out, snapshot, result, clock); err != nil {
		return nil, err
	}
	result.Timings = clock.timings()
	return result, nil
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
	for _, one := range ungivable(f) {
		all.Add(one.Diagnostic)
	}
	sites := f.placement.Sites
	return &Result{
		Report: diag.Report{Diagnostics: all.All(), Sources: s.text, Held: heldKeys(f.documents, sites)},
		AsOf:   h.AsOf, From: h.From, Tree: s.Tree, Documents: f.documents.Documents, Tenancy: f.tenancy, Policies: f.policies,
		Sites: sites, Former: h.Pins.LogicalClusters, Costs: f.costs, Implicit: f.implicit, Changes: documents.changes,
		States: f.desired.States, Platforms: f.desired.Platforms, Targets: f.options.Targets,
		LeftOut: leftOutKeys(f.documents, sites), Pins: decided,
	}
}

// timings lists what was measured, in the order of stages, each with its checks.
func (c *clock) timings() []Timing {
	var out []Timing
	add := func(stage, check string) {
		if took, ok := c.read(stage, check); ok {
			out = append(out, Timing{stage, check, took})
		}
	}
	for _, s := range Stages() {
		add(s.Name, "")
		for _, check := range Checks() {
			if check.After == s.Name {
				add(s.Name, check.Name)
			}
		}
	}
	return out
}
