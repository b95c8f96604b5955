package compiler

import (
	"bytes"
	"slices"

	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/policy/transform"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/render"
)

// checkPatches says what is wrong with the patches of policies, by what they do to what is
// rendered for each logical cluster. Nothing is to be said of most: those are remembered
// from run to run, by what they follow from, with the steps that select an object there.
func checkPatches(f *facts) []tenancy.Finding {
	if !f.policies.Patch() {
		return nil
	}
	all := transform.NewPatching(f.policies, f.documents.Changed)
	states := f.desired.States
	fine := finePatches(f.options)
	known := func(input [32]byte) bool { _, ok := fine[input]; return ok }
	now := map[[32]byte]uint64{}
	for i, t := range render.Traces(render.Input{Targets: f.options.Targets, Tenancy: f.tenancy, States: states, Platforms: f.desired.Platforms, Pins: &pins.Pins{}}, known) {
		if states[i].Patches == nil {
			continue
		}
		steps, trace := states[i].Patches.Steps(), t.Trace
		if trace == nil {
			trace = patch.NewTrace()
			for n, s := range steps {
				trace.Matched[s] = fine[t.Input]>>n&1 == 1
			}
		}
		if all.Add(f.tenancy.LogicalCluster(states[i].Key), trace) && len(steps) <= 64 {
			var matched uint64
			for n, s := range steps {
				if trace.Matched[s] {
					matched |= 1 << n
				}
			}
			now[t.Input] = matched
		}
	}
	rememberPatches(f.options, now)
	return all.Findings()
}

func patchesKey(o *Options) store.Key { return store.NewKey(o.Build, "patches").Key() }

// savedPatch is an input of which the patches had nothing to say, with the steps
// that select an object there.
type savedPatch struct {
	Input [32]byte
	Steps uint64
}

func finePatches(o *Options) map[[32]byte]uint64 {
	var saved []savedPatch
	if !o.Cache.Load(patchesKey(o), &saved) {
		return nil
	}
	out := make(map[[32]byte]uint64, len(saved))
	for _, s := range saved {
		out[s.Input] = s.Steps
	}
	return out
}

func rememberPatches(o *Options, fine map[[32]byte]uint64) {
	saved := make([]savedPatch, 0, len(fine))
	for input, steps := range fine {
		saved = append(saved, savedPatch{input, steps})
	}
	slices.SortFunc(saved, func(a, b savedPatch) int { return bytes.Compare(a.Input[:], b.Input[:]) })
	o.Cache.Save(patchesKey(o), &saved)
}
