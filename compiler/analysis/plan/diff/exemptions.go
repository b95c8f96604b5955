package diff

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// exemptions compares the exemptions as documents.
func (l *limits) exemptions() {
	paired(l.before.Tenancy.Exemptions, l.after.Tenancy.Exemptions, func(x *tenancy.Exemption) *document.Meta { return &x.Meta }, l.exemption)
}

func (l *limits) exemption(was, is *tenancy.Exemption) {
	x := cmp.Or(is, was)
	causes := l.fieldCauses(schema.KindExemptions, x.Key, x.Dir)
	if len(causes) == 0 {
		return
	}
	name := nameOf(&x.Meta)
	add := func(effect, what string) { l.add(change.LimitExemption, name, effect, what, causes) }
	of := "policy " + x.Spec.Policy
	if x.Spec.Policy == "" {
		of = "the ceilings of " + x.Spec.Ceiling
	}
	switch {
	case was == nil:
		l.limit(change.LimitExemption, name).Change = change.Added
		if is.Expired {
			add(change.Neither, "it ended on "+is.Spec.Expires)
		} else {
			add(change.Loosens, "it lifts "+of+" from "+x.Spec.Target+" until "+is.Spec.Expires)
		}
		return
	case is == nil:
		l.limit(change.LimitExemption, name).Change = change.Removed
		if was.Expired {
			add(change.Neither, "it ended on "+was.Spec.Expires)
		} else {
			add(change.Tightens, "it no longer lifts "+of+" from "+x.Spec.Target)
		}
		return
	}
	for _, d := range exemptionChanged(was, is) {
		add(d.Effect, d.What)
	}
	if l.all[[2]string{change.LimitExemption, name}] == nil {
		add(change.Neither, "nothing that it lifts differs")
	}
}

// exemptionChanged compares an exemption with what it was.
func exemptionChanged(was, is *tenancy.Exemption) (out []change.LimitDetail) {
	add := func(effect, what string) { out = append(out, change.LimitDetail{Effect: effect, What: what}) }
	if was.Spec.Expires != is.Spec.Expires {
		effect := change.Tightens
		switch {
		case is.Expired && was.Expired:
			effect = change.Neither
		case is.Spec.Expires > was.Spec.Expires:
			effect = change.Loosens
		}
		add(effect, "it ends on "+is.Spec.Expires+" instead of "+was.Spec.Expires)
	}
	for _, f := range []struct{ name, was, is string }{
		{"policy", was.Spec.Policy, is.Spec.Policy}, {"ceiling", was.Spec.Ceiling, is.Spec.Ceiling}, {"target", was.Spec.Target, is.Spec.Target},
	} {
		if f.was == f.is {
			continue
		}
		effect := change.MayLoosen
		if is.Expired || f.name == "target" && was.Holds() && schema.OrgPath(f.was).Above(f.is) {
			effect = change.Tightens
		}
		add(effect, f.name+" "+cmp.Or(f.was, "none")+" → "+cmp.Or(f.is, "none"))
	}
	return out
}

// nameOf names a document that stands in a directory by both.
func nameOf(m *document.Meta) string {
	if m.Dir == "" {
		return m.Key
	}
	return m.Dir + "/" + m.Key
}

// lifted compares who counts in no ceiling of which organization.
func (l *limits) lifted() {
	before, after := fromCeilings(l.before.Tenancy), fromCeilings(l.after.Tenancy)
	if len(before)+len(after) == 0 {
		return
	}
	pairs := l.differingPairs()
	if l.changedKind(schema.KindExemptions) {
		pairs = l.pairs()
	}
	become := map[string]string{}
	for was, is := range l.organizationPairs() {
		if was != nil && is != nil {
			become[was.Path] = is.Path
		}
	}
	for was, is := range pairs {
		if is == nil || !standing(is) {
			continue
		}
		then, now := map[string]*tenancy.Exemption{}, map[string]*tenancy.Exemption{}
		if was != nil && standing(was) {
			for _, x := range covering(before, was.Key) {
				then[cmp.Or(become[x.Spec.Ceiling], x.Spec.Ceiling)] = x
			}
		}
		for _, x := range covering(after, is.Key) {
			now[x.Spec.Ceiling] = x
		}
		l.liftedFrom(then, now, is, was == nil)
	}
}

// liftedFrom compares the exemptions of a logical cluster from ceilings, by
// organization.
func (l *limits) liftedFrom(then, now map[string]*tenancy.Exemption, is *tenancy.LogicalCluster, fresh bool) {
	for _, org := range slices.Sorted(maps.Keys(merged(then, now))) {
		x, effect, what := now[org], change.Loosens, "the ceilings of "+org+" no longer bind it"
		switch {
		case then[org] != nil && x != nil:
			continue
		case x == nil:
			x, effect, what = then[org], change.Tightens, "the ceilings of "+org+" bind it again"
		case fresh && len(l.fieldCauses(schema.KindExemptions, x.Key, x.Dir)) == 0:
			continue // what is new, where all below a target is exempt
		}
		causes := l.fieldCauses(schema.KindExemptions, x.Key, x.Dir)
		if len(causes) == 0 {
			causes = l.causes[is.Key]
		}
		d := l.add(change.LimitExemption, nameOf(&x.Meta), effect, what, causes)
		d.LogicalClusters = append(d.LogicalClusters, is.Key)
	}
}

// fromCeilings are the exemptions from ceilings that hold.
func fromCeilings(t *tenancy.Tenancy) (out []*tenancy.Exemption) {
	for _, x := range t.Exemptions {
		if x.Spec.Ceiling != "" && x.Holds() {
			out = append(out, x)
		}
	}
	return out
}

func covering(list []*tenancy.Exemption, key string) (out []*tenancy.Exemption) {
	for _, x := range list {
		if x.Covers(key) {
			out = append(out, x)
		}
	}
	return out
}
