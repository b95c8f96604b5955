package proof

import (
	"maps"
	"slices"

	"github.com/google/cel-go/common/types"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
)

// contradictions reports rules of two policies that can't both be kept.
func (c *prover) contradictions() {
	about := map[string][]clause{}
	for _, p := range c.policies.All {
		if p.Spec.Enforcement != schema.Deny || p.Demanded != nil || p.Stage == schema.Evolve {
			continue
		}
		for _, one := range clauses(p) {
			about[one.of+"\x00"+one.key] = append(about[one.of+"\x00"+one.key], one)
		}
	}
	type pair struct{ upper, lower *policy.Policy }
	said := map[pair]bool{}
	for _, of := range slices.Sorted(maps.Keys(about)) {
		for i, upper := range about[of] {
			for _, lower := range about[of][i+1:] {
				both := pair{upper.policy, lower.policy}
				said[both] = said[both] || c.contradict(upper, lower)
			}
		}
	}
}

// contradict reports two clauses that can't both be kept, and whether it did.
func (c *prover) contradict(upper, lower clause) bool {
	p, q := upper.policy, lower.policy
	why := upper.against(lower)
	switch {
	case why == "" || p == q || (p.Stage == schema.Acquire) != (q.Stage == schema.Acquire):
		return false
	case p.Module != nil && p.Module == q.Module && !upper.keyed && len(p.Rules.MatchConditions) == 0:
		return false // it is said of the module's choices
	}
	lc, resource := c.meet(p, q)
	if lc == nil {
		return false
	}
	where := lc.Key
	if resource != "" {
		where = "the " + resource + " of " + lc.Key
	}
	c.add(q, diag.New(diag.PolicyConflict, q.Pos, "policies %s and %s can't both be kept by %s: %s", p.Key, q.Key, where, why).
		See(p.Pos, "policy %s stands here", p.Key).
		See(p.RuleAt(upper.rule), "it demands this").See(q.RuleAt(lower.rule), "policy %s demands this", q.Key))
	return true
}

// meet returns the first logical cluster that two policies hold for, and, of policies
// on writes, a resource that it binds and that both judge when it is created.
func (c *prover) meet(a, b *policy.Policy) (*tenancy.LogicalCluster, string) {
	for lc := range c.both(a, b) {
		if a.Stage == schema.Acquire {
			return lc, ""
		}
		for _, binding := range lc.APIs {
			for _, r := range binding.Version.Resources {
				if c.judgesCreation(a, r) && c.judgesCreation(b, r) {
					return lc, r.Key
				}
			}
		}
	}
	return nil, ""
}

// judgesCreation reports whether a policy judges each object of a resource that is
// created, as far as that can be told without one.
func (c *prover) judgesCreation(p *policy.Policy, r *tenancy.Resource) bool {
	version := r.Writable()[0]
	creation := admission.NewAttributesRecord(nil, nil, kubeschema.GroupVersionKind{Group: r.Group, Version: version, Kind: r.Kind}, "x", "",
		kubeschema.GroupVersionResource{Group: r.Group, Version: version, Resource: r.Plural}, "", admission.Create, nil, false, nil)
	if !p.Admission.Matches(creation) {
		return false
	}
	env, err := c.environments.Of(rule.Latest, object.Any, nil)
	if err != nil {
		return false
	}
	request := map[string]any{"operation": "CREATE", "subResource": "", "namespace": "x",
		"kind": map[string]any{"group": r.Group, "version": version, "kind": r.Kind}, "resource": map[string]any{"group": r.Group, "version": version, "resource": r.Plural}}
	for _, condition := range p.Source.Conditions() {
		checked, issues := env.Compile(condition.Expression)
		if issues.Err() != nil {
			return false
		}
		program, err := env.Program(checked)
		if err != nil {
			return false
		}
		if holds, _, err := program.Eval(map[string]any{"request": request}); err != nil || holds != types.True {
			return false
		}
	}
	return true
}
