package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// judgements compares which logical clusters break which policies. What the
// compiler says of a request that it refuses counts as well.
func (c *comparison) judgements() []change.Judgement {
	before, after := broken(c.before.Diagnostics, c.before.Policies), broken(c.after.Diagnostics, c.after.Policies)
	var out []change.Judgement
	for name, j := range after {
		if _, broke := before[name]; !broke {
			out = append(out, c.judgement(j, false))
		}
	}
	for name, j := range before {
		if _, breaks := after[name]; !breaks && c.after.Tenancy.LogicalCluster(j.LogicalCluster) != nil {
			out = append(out, c.judgement(j, true))
		}
	}
	slices.SortFunc(out, func(a, b change.Judgement) int {
		if a.Passes != b.Passes {
			if b.Passes {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.LogicalCluster, b.LogicalCluster), strings.Compare(a.Policy, b.Policy))
	})
	return out
}

// judgement completes a judgement that only one side has.
func (c *comparison) judgement(j change.Judgement, passes bool) change.Judgement {
	j.Passes = passes
	j.Message, _, _ = strings.Cut(j.Message, " (it ")
	j.Causes = c.fieldCauses(schema.KindLogicalClusters, j.LogicalCluster, "")
	for _, p := range slices.Concat(c.before.Policies.All, c.after.Policies.All) {
		if p.ID() == j.Policy {
			j.Causes = append(j.Causes, c.policySources(p)...)
		}
	}
	if j.Causes = sortCauses(j.Causes); len(j.Causes) == 0 {
		j.Causes = c.causes[j.LogicalCluster]
	}
	return j
}

// brokenID is a document and a policy that it breaks.
type brokenID struct{ document, policy string }

// broken are the judgements of a side: what breaks a policy there.
func broken(ds []diag.Diagnostic, p *policy.Policies) map[brokenID]change.Judgement {
	var at map[diag.Position]*policy.Policy
	out := map[brokenID]change.Judgement{}
	for _, d := range ds {
		if d.Code != diag.PolicyDenies && d.Code != diag.PolicyWarns && d.Code != diag.PolicyNotes || len(d.Related) == 0 {
			continue
		}
		if at == nil {
			at = map[diag.Position]*policy.Policy{}
			for _, one := range p.All {
				at[one.Pos] = one
			}
		}
		one := at[d.Related[0].Position]
		if one == nil {
			continue
		}
		key, found := strings.CutPrefix(d.Document, string(schema.KindLogicalClusters)+` "`)
		if !found {
			continue
		}
		key = strings.TrimSuffix(key, `"`)
		name := brokenID{d.Document, one.ID()}
		if _, known := out[name]; !known {
			out[name] = change.Judgement{LogicalCluster: key, Policy: one.ID(), Enforcement: string(one.Spec.Enforcement), Message: strings.TrimPrefix(d.Message, key+": ")}
		}
	}
	return out
}
