// Package plan says what a change to a tenancy repo would do, in the terms of
// the tenancy: which logical clusters it reaches, who gains and loses access,
// which objects of which physical clusters it creates, changes and deletes, and
// what in the source is the cause.
//
// Both sides are compiled for one date. The side before goes on from the
// published decisions, and the side after from those of the side before, as if
// the one were merged and built, and then the other. So a plan shows what the
// change does and nothing else: not what a date brought, nor what was merged
// and is not built yet.
package plan

import (
	"context"
	"fmt"
	"os"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/analysis/plan/diff"
	"github.com/tenantry/tenantry/compiler/analysis/plan/sections"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
)

// Plan is a plan as a value, with what its writers need.
type Plan struct {
	change.Plan
	sources func(file string) ([]byte, bool)
	held    []string
}

// Options say what to compare. The compiler's own options hold for both sides.
type Options struct {
	compiler.Options
	// Against is the side before: a git revision, or a directory if AgainstDir.
	Against    string
	AgainstDir bool
}

// Make compiles both sides and compares them. The error is for a plan that
// could not be made; what is wrong in the repo stands in its findings.
func Make(ctx context.Context, o Options) (*Plan, error) {
	if o.Out != "" {
		return nil, fmt.Errorf("a plan writes no output")
	}
	if o.Cache == nil { // what did not change is evaluated once
		dir, err := os.MkdirTemp("", "tenantry-plan-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		if o.Cache, err = store.Open(dir); err != nil {
			return nil, err
		}
	}
	o.Evaluated = &load.Evaluated{}
	base := o.Options
	base.Revision = o.Against
	if o.AgainstDir {
		base.Dir, base.Revision = o.Against, ""
	}
	before, err := compiler.Compile(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("the side before: %w", err)
	}
	head := o.Options
	head.Former, head.AsOf = before.Pins, before.AsOf
	after, err := compiler.Compile(ctx, head)
	if err != nil {
		return nil, err
	}
	p, err := Compare(ctx, before, after, impact.NewComparer(o.Cache, o.Build, evolution.Config{}))
	if err != nil {
		return nil, err
	}
	p.Directory = source.Below(o.Dir)
	if o.AgainstDir {
		p.Before.Name = o.Against
	}
	return p, nil
}

// Compare returns the plan of two compilations, of which the second went on
// from the pins of the first.
func Compare(ctx context.Context, before, after *compiler.Result, comparer *impact.Comparer) (*Plan, error) {
	value, err := diff.Compare(ctx, before, after, comparer)
	if err != nil {
		return nil, err
	}
	p := &Plan{Plan: *value, sources: after.Sources, held: after.Held}
	p.APIVersion, p.Kind = change.Version, "Plan"
	p.Before, p.After, p.AsOf, p.Provisional = side(before), side(after), after.AsOf, before.From.Provisional
	p.Findings = diag.Sort(append(p.Findings, sections.Findings(&p.Plan)...))
	p.Summary = p.Summarize()
	return p, nil
}

func side(r *compiler.Result) change.Side {
	return change.Side{Name: r.Tree.Name(), Commit: r.Tree.Revision()}
}

// Report returns the findings for the writers of package diag.
func (p *Plan) Report() diag.Report {
	return diag.Report{Diagnostics: p.Findings, Sources: p.sources, Held: p.held}
}
