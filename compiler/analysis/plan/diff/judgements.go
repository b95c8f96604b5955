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
	type id struct{ document, policy string }
	read := func(ds []diag.Diagnostic, p *policy.Policies) map[id]change.Judgement {
		var at map[diag.Position]*policy.Policy
		out := map[id]change.Judgement{}
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
			broken := at[d.Related[0].Position]
			if broken == nil {
				continue
			}
			key, found := strings.CutPrefix(d.Document, string(schema.KindLogicalClusters)+` "`)
			if !found {
				continue
			}
			key = strings.TrimSuffix(key, `"`)
			name := id{d.Document, broken.ID()}
			if _, known := out[name]; !known {
				out[name] = change.Judgement{LogicalCluster: key, Policy: broken.ID(), Enforcement: string(broken.Spec.Enforcement), Message: strings.TrimPrefix(d.Message, key+": ")}
			}
		}
		return out
	}
	before, after := read(c.before.Diagnostics, c.before.Policies), read(c.after.Diagnostics, c.after.Policies)
	var out []change.Judgement
	add := func(j change.Judgement, passes bool) {
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
		out = append(out, j)
	}
	for name, j := range after {
		if _, broke := before[name]; !broke {
			add(j, false)
		}
	}
	for name, j := range before {
		if _, breaks := after[name]; !breaks && c.after.Tenancy.LogicalCluster(j.LogicalCluster) != nil {
			add(j, true)
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
