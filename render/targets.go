package render

import (
	"sync"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/backing"
	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/schema"
)

// Targets are the backings and the engines that can be rendered for. A nil *Targets
// stands for those that come with Tenantry.
type Targets struct {
	backings map[schema.Backing]backing.Backing
	engines  map[schema.Engine]engine.Engine
	table    target.Table
}

// NewTargets returns the backings and engines of two registries.
func NewTargets(backings backing.Registry, engines engine.Registry) *Targets {
	t := &Targets{
		backings: make(map[schema.Backing]backing.Backing, len(backings)),
		engines:  make(map[schema.Engine]engine.Engine, len(engines)),
		table:    target.Table{Backings: backings.Rows(), Engines: engines.Rows()},
	}
	for i, b := range backings {
		t.backings[t.table.Backings[i].Name] = b
	}
	for i, e := range engines {
		t.engines[t.table.Engines[i].Name] = e
	}
	return t
}

// BuiltIn returns the backings and engines that come with Tenantry.
func BuiltIn() *Targets { return builtIn() }

var builtIn = sync.OnceValue(func() *Targets { return NewTargets(backing.BuiltIn(), engine.BuiltIn()) })

// orBuiltIn returns t, or what stands for nil.
func (t *Targets) orBuiltIn() *Targets {
	if t == nil {
		return BuiltIn()
	}
	return t
}

// Table returns the rows of the backings and engines. It may not be changed.
func (t *Targets) Table() target.Table { return t.orBuiltIn().table }

// Size returns how many objects a state is lowered to, before patches.
func (t *Targets) Size(s *desired.State) int {
	b := t.backing(s)
	if b == nil {
		return 0
	}
	return b.Size(s)
}

// Objects returns what a state is lowered to, as patches leave it. None may be
// changed.
func (t *Targets) Objects(s *desired.State) []manifest.Map { return t.objects(s, nil) }

// objects returns what a state is lowered to, and traces what patches do to it.
func (t *Targets) objects(s *desired.State, trace *patch.Trace) []manifest.Map {
	b := t.backing(s)
	if b == nil {
		return nil
	}
	return s.Patch(b.Lower(s, t.Table().Engines), trace)
}

// backing returns the backing of a state, nil if there is none of its name.
func (t *Targets) backing(s *desired.State) backing.Backing {
	return t.orBuiltIn().backings[s.Backing]
}

// engine returns an engine, nil if there is none of that name.
func (t *Targets) engine(name schema.Engine) engine.Engine { return t.orBuiltIn().engines[name] }
