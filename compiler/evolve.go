package compiler

import (
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/policy/evolve"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// checkMoves judges the moves of bindings by the policies at stage evolve, which go by what
// the pins say was bound.
func checkMoves(f *facts) (found []tenancy.Finding) {
	f.policies, found = evolve.Check(f.policies, evolve.Moves{
		AsOf:    f.history.AsOf,
		Changed: f.documents.Changed,
		Before: func(lc *tenancy.LogicalCluster) (map[string]string, bool) {
			keys := append([]string{lc.Key}, f.tenancy.FormerKeys(lc)...)
			for _, key := range keys {
				if pin := f.history.Pins.LogicalClusters[key]; pin != nil && pin.Phase != pins.Gone {
					return pin.APIs, pin.APIs != nil
				}
			}
			return nil, true
		},
		Verdict: func(old, new *tenancy.APIVersion) string {
			promise := new.Set.Spec.Promise
			if promise == schema.PromiseNone { // a set that promises nothing breaks all the same
				promise = schema.PromiseBackward
			}
			return string(evolution.Verdict(f.comparer.Changes(impact.Of(old), impact.Of(new)), promise))
		},
	})
	return found
}
