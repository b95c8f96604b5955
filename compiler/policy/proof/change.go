package proof

import (
	"context"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/example"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
)

// changedIntoDenied tries the mutations on the objects of their own cases, and reports
// rules that allow such an object as it is written and deny what becomes of it.
func (c *prover) changedIntoDenied() {
	type pair struct {
		transform *apiserver.Transform
		admission string
	}
	tried := map[pair]bool{}
	judges := map[string]*apiserver.Judge{}
	trials := map[*apiserver.Transform][]trial{}
	for _, lc := range c.policies.Tenancy.LogicalClusters {
		transforms := c.policies.Transforms(lc)
		if transforms == nil || lc.State == schema.Deleted {
			continue
		}
		for _, e := range c.policies.Of(lc) {
			if e.Admission == nil || e.Exemption != nil || e.Spec.Enforcement != schema.Deny {
				continue
			}
			for _, t := range transforms {
				if tried[pair{t, e.Admission.ID}] {
					continue
				}
				tried[pair{t, e.Admission.ID}] = true
				j := judges[e.Admission.ID]
				if j == nil {
					var err error
					if j, err = e.Admission.Judge(rule.Latest); err != nil {
						continue // said of the policy
					}
					judges[e.Admission.ID] = j
				}
				if _, ok := trials[t]; !ok {
					trials[t] = c.trials(t)
				}
				c.tryCases(trials[t], e.Policy, j, lc)
			}
		}
	}
}

// trial is a write of a case of a policy that changes writes, before and after.
type trial struct {
	policy        *policy.Policy
	name          string
	namespace     *corev1.Namespace
	write, result admission.Attributes
}

// trials makes of the cases of a transform's policies what the whole transform makes
// of them.
func (c *prover) trials(t *apiserver.Transform) (out []trial) {
	m, err := t.Mutator(rule.Latest, c.policies.Schemas())
	if err != nil {
		return nil // said of the policy
	}
	seen := map[*policy.Policy]bool{}
	for _, step := range t.Steps {
		p, _ := c.policies.MutatedBy(step)
		if seen[p] {
			continue
		}
		seen[p] = true
		cases := p.Rules.Cases
		if len(cases) == 0 && p.Module != nil {
			cases = p.Module.Spec.Cases
		}
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			write, err := example.Write(c.policies.Tenancy, cases[name])
			if err != nil || write.GetObject() == nil {
				continue
			}
			namespace := example.Namespace(cases[name], write)
			if object, err := m.Mutate(context.Background(), write, namespace, authorizerfactory.NewAlwaysDenyAuthorizer()); err == nil {
				out = append(out, trial{p, name, namespace, write, example.With(write, object)})
			}
		}
	}
	return out
}

func (c *prover) tryCases(trials []trial, rule *policy.Policy, j *apiserver.Judge, lc *tenancy.LogicalCluster) {
	ctx, nobody := context.Background(), authorizerfactory.NewAlwaysDenyAuthorizer()
	reported := map[*policy.Policy]bool{}
	for _, t := range trials {
		p := t.policy
		if p == rule || reported[p] || !j.Matches(t.write) || len(j.Denied(ctx, t.write, t.namespace, nobody)) > 0 {
			continue // it is not for what is changed
		}
		if denied := j.Denied(ctx, t.result, t.namespace, nobody); len(denied) > 0 {
			reported[p] = true
			c.add(p, diag.New(diag.PolicyConflict, p.Pos, "policy %s makes of what is written in %s what policy %s denies: of its case %s, %s",
				p.Key, lc.Key, rule.Key, t.name, denied[0].Message).
				See(rule.Pos, "policy %s stands here", rule.Key).
				See(rule.RuleAt(max(denied[0].Rule, 0)), "it demands this"))
		}
	}
}
