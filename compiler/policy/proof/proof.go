// Package proof shows which policies can't both be kept.
package proof

import (
	"iter"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Check reports policies that can't both hold, where that can be shown: two uses
// of a module whose lists have nothing in common, rules of which one demands what the
// other forbids, and a change that turns what a rule allows into what it denies.
func Check(policies *policy.Policies) []tenancy.Finding {
	p := &prover{policies: policies, environments: apiserver.NewEnvironments(policies.Schemas())}
	p.disjoint()
	p.contradictions()
	p.changedIntoDenied()
	return p.found
}

// prover looks for conflicts of policies.
type prover struct {
	policies     *policy.Policies
	environments *apiserver.Environments
	found        []tenancy.Finding
}

// add reports a conflict at the document of a policy.
func (c *prover) add(p *policy.Policy, d diag.Diagnostic) {
	c.found = append(c.found, tenancy.Finding{Diagnostic: d.About(p.Meta.String())})
}

// both yields the logical clusters that two policies hold for. Of two whose subtrees
// lie apart there are none: each organization may have its own.
func (c *prover) both(a, b *policy.Policy) iter.Seq[*tenancy.LogicalCluster] {
	return func(yield func(*tenancy.LogicalCluster) bool) {
		if !a.MayMeet(b) {
			return
		}
		for _, lc := range c.policies.Tenancy.LogicalClusters {
			if lc.State != schema.Deleted && c.hold(lc, a, b) && !yield(lc) {
				return
			}
		}
	}
}

// hold reports whether two policies hold for a logical cluster.
func (c *prover) hold(lc *tenancy.LogicalCluster, a, b *policy.Policy) bool {
	held := 0
	for _, e := range c.policies.Of(lc) {
		if (e.Policy == a || e.Policy == b) && e.Exemption == nil {
			held++
		}
	}
	return held == 2
}
