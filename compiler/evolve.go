package compiler

import (
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// moves is what policies at stage evolve go by: what the pins say was bound.
func (c *compilation) moves() policy.Moves {
	formerly := map[string][]string{}
	for _, d := range c.docs.Organizations {
		if len(d.Spec.Formerly) > 0 {
			formerly[d.Key] = d.Spec.Formerly
		}
	}
	return policy.Moves{
		AsOf:    c.result.AsOf,
		Changed: c.changed,
		Before: func(lc *tenancy.LogicalCluster) (map[string]string, bool) {
			keys := append([]string{lc.Key}, tenancy.FormerKeys(lc.Key, lc.Spec.Formerly, func(path string) []string { return formerly[path] })...)
			for _, key := range keys {
				if pin := c.former.LogicalClusters[key]; pin != nil && pin.Phase != pins.Gone {
					return pin.APIs, pin.APIs != nil
				}
			}
			return nil, true
		},
		Verdict: func(old, new *tenancy.APIVersion) string {
			promise := new.Set.Spec.Promise
			if promise == schema.PromiseNone { // whoever promises nothing breaks all the same
				promise = schema.PromiseBackward
			}
			return string(evolution.Verdict(c.comparer.Changes(impact.Of(old), impact.Of(new)), promise))
		},
	}
}

// recordAPIs writes into the pins what logical clusters bind whom a policy at stage
// evolve reaches.
func (c *compilation) recordAPIs() {
	lcs := c.result.Tenancy.LogicalClusters
	concerned := make([]bool, len(lcs))
	parallel.Each(len(lcs), func(i int) {
		pin := c.result.Sites[lcs[i].Key]
		concerned[i] = pin != nil && (pin.APIs != nil || c.result.Policies.Recorded(lcs[i]))
	})
	for i, lc := range lcs {
		if !concerned[i] {
			continue
		}
		changed := *c.result.Sites[lc.Key] // the former pins may share it
		changed.APIs = nil
		if c.result.Policies.Recorded(lc) {
			changed.APIs = make(map[string]string, len(lc.APIs))
			for _, b := range lc.APIs {
				changed.APIs[b.Version.Set.Name] = b.Version.Name
			}
		}
		c.result.Sites[lc.Key] = &changed
	}
}
