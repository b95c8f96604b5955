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
		l.reach(was, is, become)
	}
}

// reach compares which policies hold for a logical cluster.
func (l *limits) reach(was, is *tenancy.LogicalCluster, become map[string]string) {
	then, now := effectiveOf(l.before.Policies, was, become), effectiveOf(l.after.Policies, is, nil)
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
			kind, name, effect, what = change.LimitExemption, nameOf(&a.Exemption.Meta), change.Loosens, "policy "+id+" no longer holds"
		case holds && b.Exemption != nil:
			kind, name, what = change.LimitExemption, nameOf(&b.Exemption.Meta), "policy "+id+" holds again"
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

// effectiveOf are the policies of a logical cluster by the IDs that they have become.
func effectiveOf(p *policy.Policies, lc *tenancy.LogicalCluster, become map[string]string) map[string]policy.Effective {
	out := map[string]policy.Effective{}
	for _, e := range p.Of(lc) {
		if e.Demanded == nil { // what API sets demand is compared with them
			out[cmp.Or(become[e.ID()], e.ID())] = e
		}
	}
	return out
}

// sameSelected reports whether all that selectors look at is the same.
func sameSelected(was, is *tenancy.LogicalCluster) bool {
	return was.Key == is.Key && was.Class.Name == is.Class.Name && maps.Equal(was.Labels, is.Labels)
}
