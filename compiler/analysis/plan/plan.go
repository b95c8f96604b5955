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
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/render"
)

// Version is the apiVersion of a plan as JSON. A field may be added under the
// same version; none changes its meaning or goes.
const Version = "tenantry.dev/plan/v1"

// Plan is what a change would do.
type Plan struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"` // Plan
	Before     Side   `json:"before"`
	After      Side   `json:"after"`
	// Directory is where the tenancy repo lies in its git repository; empty for the root.
	Directory string `json:"directory,omitempty"`
	// AsOf is the date of both sides.
	AsOf string `json:"asOf"`
	// Provisional: no decisions are published, so placements and names are what
	// would be decided on an empty output.
	Provisional bool    `json:"provisional,omitempty"`
	Summary     Summary `json:"summary"`
	// LogicalClusters that differ, those of equal effect together.
	LogicalClusters []LogicalClusters `json:"logicalClusters"`
	// Access is who gains and loses what.
	Access []Access `json:"access"`
	// APIs are the versions and channels of API sets that differ.
	APIs []API `json:"apis"`
	// Implicit are the implicit documents that give something else, or to others.
	Implicit []Implicit `json:"implicit"`
	// Policy is how policies and all other limits differ; nil where none does.
	Policy *Policy `json:"policy,omitempty"`
	// Cost is how the worst case a month differs; nil where neither it nor a budget
	// does.
	Cost *Cost `json:"cost,omitempty"`
	// Capacity of the physical clusters on which the sum of quotas changes.
	Capacity []Capacity `json:"capacity"`
	// Objects that differ, by where they stand.
	Objects []Objects `json:"objects"`
	// Documents that differ: what all else follows from.
	Documents []Document `json:"documents"`
	// Findings are what the side after has to say and the side before has not, and
	// what is notable about the change itself.
	Findings []diag.Diagnostic `json:"findings"`
	// Standing counts the errors that both sides have.
	Standing int `json:"standingErrors"`

	sources func(file string) ([]byte, bool)
	held    []string
}

// Side is one side of a plan.
type Side struct {
	// Name names the revision for people: "main (4f1c2a7)", "working tree".
	Name string `json:"name"`
	// Commit is its full hash; empty for a directory.
	Commit string `json:"commit,omitempty"`
}

// Cause is a place in the source from which a difference follows.
type Cause struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	// Document is what stands there: `organizations "acme"`; empty for a file of
	// which only the text is known to differ.
	Document string `json:"document,omitempty"`
	// Removed: the place is in the source before the change.
	Removed bool `json:"removed,omitempty"`
}

// String names the place: "orgs/acme/org.cue:3 (organizations "acme")".
func (c Cause) String() string {
	out := diag.Position{File: c.File, Line: c.Line}.String()
	if c.Document != "" {
		out += " (" + c.Document + ")"
	}
	if c.Removed {
		out += ", before the change"
	}
	return strings.TrimSpace(out)
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
	p, err := compare(ctx, before, after, impact.NewComparer(o.Cache, o.ToolVersion, evolution.Config{}))
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
func Compare(ctx context.Context, before, after *compiler.Result) (*Plan, error) {
	return compare(ctx, before, after, impact.NewComparer(nil, "", evolution.Config{}))
}

func compare(ctx context.Context, before, after *compiler.Result, comparer *impact.Comparer) (*Plan, error) {
	rendered, err := render.Compare(ctx, before.Rendering(), after.Rendering())
	if err != nil {
		return nil, err
	}
	p := &Plan{
		APIVersion: Version, Kind: "Plan",
		Before: side(before), After: side(after), AsOf: after.AsOf, Provisional: before.Provisional,
		sources: after.Sources, held: after.Held,
	}
	c := newComparison(before, after)
	p.Documents = c.documents()
	p.LogicalClusters = c.logicalClusters(rendered.States)
	p.Objects = c.objects(rendered.Files)
	p.Access = c.access()
	p.Capacity = c.capacity()
	p.APIs = c.apis(comparer)
	p.Implicit = c.implicit()
	p.Policy = c.policy()
	p.Cost = c.cost()
	p.Findings, p.Standing = newFindings(before.Diagnostics, after.Diagnostics)
	p.Findings = append(p.Findings, notable(p)...)
	p.Findings = diag.Sort(p.Findings)
	c.count(p.Documents)
	p.Summary = p.summarize()
	return p, nil
}

func side(r *compiler.Result) Side {
	return Side{Name: r.Tree.Name(), Commit: r.Tree.Revision()}
}

// Empty reports whether the change does nothing at all.
func (p *Plan) Empty() bool {
	return len(p.Documents) == 0 && len(p.LogicalClusters) == 0 && len(p.Access) == 0 && len(p.Capacity) == 0 &&
		len(p.APIs) == 0 && len(p.Implicit) == 0 && p.Policy == nil && p.Cost == nil && len(p.Objects) == 0 && len(p.Findings) == 0
}

// Report returns the findings for the writers of package diag.
func (p *Plan) Report() diag.Report {
	return diag.Report{Diagnostics: p.Findings, Sources: p.sources, Held: p.held}
}

// comparison is two compilations with what is known of their difference.
type comparison struct {
	before, after *compiler.Result
	source        *sourceDiff
	// changed documents by identity.
	changed map[documentID]*Document
	// reached are the logical clusters that differ because of a document.
	reached map[*Document]map[string]bool
	// differing are the keys of logical clusters whose state, place or document differs
	// on some physical cluster.
	differing map[string]bool
	// former are the keys under which renamed logical clusters stood, by key.
	former map[string]string
	// causes of logical clusters that differ, by key, for their objects.
	causes map[string][]Cause
	// reaching are the documents that differ and reach logical clusters without
	// being named by them.
	reaching []*Document
	// accesses that differ.
	accesses []Access
	// states of both sides by place.
	statesBefore, statesAfter map[place]*desired.State
}

func newComparison(before, after *compiler.Result) *comparison {
	return &comparison{before: before, after: after, source: newSourceDiff(before.Tree, after.Tree),
		changed: map[documentID]*Document{}, causes: map[string][]Cause{}, reached: map[*Document]map[string]bool{}}
}

// reach notes that a logical cluster differs because of a document.
func (c *comparison) reach(d *Document, key string) {
	if c.reached[d] == nil {
		c.reached[d] = map[string]bool{}
	}
	c.reached[d][key] = true
}

// count fills in how many logical clusters differ because of each document.
func (c *comparison) count(documents []Document) {
	for i := range documents {
		documents[i].Reach = len(c.reached[&documents[i]])
	}
}
