package compiler

import (
	"sync"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/render"
)

// Result is what a run found and made.
type Result struct {
	diag.Report
	// AsOf is the date that was used.
	AsOf string
	// From is where the decisions come from that the run went on from.
	From pins.Origin
	// Tree is the source that was compiled.
	Tree *source.Tree
	// Documents are those that hold, the last good ones among them.
	Documents *document.Documents
	Tenancy   *tenancy.Tenancy
	// Targets are those of the options.
	Targets *render.Targets
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
	// AsPublished are the keys of logical clusters that stay as an earlier build published
	// them, whatever States say: an error would take what nobody decided to take.
	AsPublished []string
	kept        map[string]*render.Kept
	// Pins are the decisions after this run.
	Pins *pins.Pins
	// Written says what changed in the output directory, nil where nothing was written.
	Written *outdir.Stats
	// Timings are how long stages and checks took.
	Timings []Timing
}

// Rendering is what is rendered of the result.
func (r *Result) Rendering() render.Input {
	return render.Input{Tenancy: r.Tenancy, States: r.States, Platforms: r.Platforms, Pins: r.Pins, Costs: r.Costs, Targets: r.Targets, Kept: r.kept,
		PinFiles: sync.OnceValue(func() []*pins.File { return r.Pins.Files(pinsOwner(r.Tenancy)) })}
}
