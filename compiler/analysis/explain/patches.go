package explain

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/render"
)

// Patches returns what policies change in a rendered object of a logical cluster.
func (o *Rendered) Patches(in render.Input, lc *tenancy.LogicalCluster) (out []patch.Made) {
	in.States = slices.DeleteFunc(slices.Clone(in.States), func(s desired.State) bool { return s.Key != lc.Key || s.Patches == nil })
	for _, t := range render.Traces(in, func([32]byte) bool { return false }) {
		for _, m := range t.Trace.Made {
			if m.Object == (patch.Object{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}) {
				out = append(out, m)
			}
		}
	}
	return out
}

// OfPatch returns the policies that changed a field, the one that holds last, and where
// each says so.
func OfPatch(policies *policy.Policies, effective []policy.Effective, made []patch.Made, path []string) (out []tenancy.Value) {
	seen := map[*patch.Step]bool{}
	for _, m := range made {
		if seen[m.Step] || !m.Change.Covers(path) {
			continue
		}
		seen[m.Step] = true
		p, at := policies.PatchedBy(m.Step)
		i := slices.IndexFunc(effective, func(e policy.Effective) bool { return e.Policy == p })
		for _, v := range Policies(effective[i : i+1]) {
			v.Steps = slices.Insert(v.Steps, 1, tenancy.Step{Origin: tenancy.Origin{From: "patch", Pos: at}, Text: m.Step.Name(), Effect: tenancy.Refers})
			out = append(out, v)
		}
	}
	return out
}
