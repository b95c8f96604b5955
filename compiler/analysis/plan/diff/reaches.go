package diff

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// reaches compares for whom policies hold.
func (l *limits) reaches(before, after map[string]*policy.Policy, become map[string]string) {
	// Where none differs, only labels and classes can make a difference.
	documents := l.changedKind(schema.KindPolicies, schema.KindModules, schema.KindExemptions)
	if len(before) == 0 && len(after) == 0 {
		return
	}
	pairs := l.differingPairs()
	if documents {
		pairs = l.pairs()
	}
	for was, is := range pairs {
		if was == nil || is == nil || !standing(was) || !standing(is) || !documents && sameSelected(was, is) {
			continue // what is new or goes has nothing loosened
		}
		then, now := map[string]policy.Effective{}, map[string]policy.Effective{}
		for _, e := range l.before.Policies.Of(was) {
			if e.Demanded == nil {
				then[cmp.Or(become[e.ID()], e.ID())] = e
			}
		}
		for _, e := range l.after.Policies.Of(is) {
			if e.Demanded == nil {
				now[e.ID()] = e
			}
		}
		for _, id := range slices.Sorted(maps.Keys(merged(then, now))) {
			b, held := then[id]
			a, holds := now[id]
			held, holds = held && b.Exemption == nil, holds && a.Exemption == nil
			if held == holds {
				continue
			}
			kind, name, effect, what := change.LimitPolicy, id, change.Tightens, "it newly reaches"
			switch {
			case held && a.Exemption != nil:
				kind, name, effect, what = change.LimitExemption, exemptionName(a.Exemption), change.Loosens, "policy "+id+" no longer holds"
			case holds && b.Exemption != nil:
				kind, name, what = change.LimitExemption, exemptionName(b.Exemption), "policy "+id+" holds again"
			case held:
				effect, what = change.Loosens, "it no longer reaches"
			}
			effect = effectOf(cmp.Or(a.Policy, b.Policy), effect)
			var causes []change.Cause
			if one := l.all[[2]string{kind, name}]; one == nil || len(one.Causes) == 0 || len(l.fieldCauses(is.Kind, is.Key, is.Dir)) > 0 {
				causes = l.causes[is.Key]
			}
			d := l.add(kind, name, effect, what, causes)
			d.LogicalClusters = append(d.LogicalClusters, is.Key)
		}
	}
}

// sameSelected reports whether all that selectors look at is the same.
func sameSelected(was, is *tenancy.LogicalCluster) bool {
	return was.Key == is.Key && was.Class.Name == is.Class.Name && maps.Equal(was.Labels, is.Labels)
}
