// Package acquire judges logical clusters by the policies at stage acquire.
package acquire

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// Check judges logical clusters by the policies at stage acquire. An error
// concerns the logical cluster's own document. One that stands unchanged, or is
// held, and breaks a policy that denies is suspended, as it is where it breaks a
// pattern: nobody keeps access by not touching a file. A rule that looks at other
// logical clusters suspends nobody, since it is never one alone that breaks it.
//
// changed reports whether a document differs from its last good version or has
// none.
func Check(policies *policy.Policies, changed func(schema.Kind, string, string) bool) []tenancy.Finding {
	var rules []*facts.Rules
	for _, p := range policies.All {
		if p.Stage == schema.Acquire {
			rules = append(rules, p.Judged)
		}
	}
	if len(rules) == 0 {
		return nil
	}
	j := &judging{policies, facts.New(policies.Tenancy, rules), facts.NewMemos(rules)}
	lcs := policies.Tenancy.LogicalClusters
	found := make([][]tenancy.Finding, len(lcs))
	parallel.Each(len(lcs), func(i int) {
		if lc := lcs[i]; lc.State != schema.Deleted {
			found[i] = j.judge(lc, !lc.Held && changed(lc.Kind, lc.Key, lc.Dir))
		}
	})
	return slices.Concat(found...)
}

// judging is one run over all logical clusters.
type judging struct {
	policies *policy.Policies
	facts    *facts.Facts
	memos    *facts.Memos
}

// judge judges one logical cluster.
func (j *judging) judge(lc *tenancy.LogicalCluster, changed bool) (out []tenancy.Finding) {
	var given *facts.Seen
	for _, e := range j.policies.Of(lc) {
		if e.Stage != schema.Acquire || e.Exemption != nil {
			continue
		}
		if given == nil {
			given = j.facts.Of(lc)
		}
		for i, message := range j.memos.Broken(e.Judged, given) {
			if message != "" {
				out = append(out, j.policies.Violation(e.Policy, i, message, lc, changed))
			}
		}
	}
	return out
}
