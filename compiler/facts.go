package compiler

import (
	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/history"
)

// facts are the values that the stages of a round have made; judge fills them in, one
// stage after the other, and checks read them.
type facts struct {
	*judging
	documents *hold.Documents
	tenancy   *tenancy.Tenancy
	former    *history.History
	// labels returns the labels that patterns give; see check.Input.
	labels    func(document *document.Meta, dir string) map[string]string
	book      *cost.Book
	bases     cost.Bases
	policies  *policy.Policies
	implicit  *implicit.Set
	placement placement.Result
	costs     *cost.Costs
	desired   *Desired
}

// Desired is the desired state of everything, whatever renders it.
type Desired struct {
	States    []desired.State
	Platforms []desired.Platform
}

// judging is what all rounds have in common.
type judging struct {
	options   *Options
	clock     *clock
	snapshot  *Snapshot
	history   *History
	published *published
	comparer  *impact.Comparer
	// placed are the physical clusters that an earlier round found for new logical
	// clusters: their budgets are divided at the prices there.
	placed map[string]string
	// bare are logical clusters, by key, that are declared deleted, stay for now and are in
	// error: they give nothing.
	bare map[string]bool
}

func newJudging(o *Options, s *Snapshot, h *History, d *Documents, c *clock) *judging {
	return &judging{
		options: o, clock: c, snapshot: s, history: h, published: newPublished(&d.start),
		comparer: impact.NewComparer(o.Cache, o.Build, evolution.Config{}), placed: map[string]string{}, bare: map[string]bool{},
	}
}
