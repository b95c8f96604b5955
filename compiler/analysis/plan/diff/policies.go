package diff

import (
	"maps"
	"reflect"
	"slices"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// policies compares policies and exemptions: as documents, and by whom they reach.
func (l *limits) policies() {
	before, after := byID(l.before.Policies), byID(l.after.Policies)
	become := moved(before, after)
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if q := after[become[id]]; q != nil {
			l.policyChanged(before[id], q)
		} else {
			l.add(change.LimitPolicy, id, effectOf(before[id], change.Loosens), "it is removed", l.policySources(before[id]))
			l.limit(change.LimitPolicy, id).Change = change.Removed
		}
	}
	former := map[string]string{}
	for id, now := range become {
		former[now] = id
	}
	for _, id := range slices.Sorted(maps.Keys(after)) {
		if former[id] == "" {
			l.add(change.LimitPolicy, id, effectOf(after[id], change.Tightens), "it is added", l.policySources(after[id]))
			l.limit(change.LimitPolicy, id).Change = change.Added
		}
	}
	l.exemptions()
	l.revocations()
	l.reaches(before, after, become)
	l.lifted()
}

// effectOf is the effect of a difference in a policy. One that changes what is rendered
// demands nothing, so that it holds for more or for fewer is not shown to tighten.
func effectOf(p *policy.Policy, effect string) string {
	if p.Patches != nil && effect != change.Neither {
		return change.MayLoosen
	}
	return effect
}

func byID(p *policy.Policies) map[string]*policy.Policy {
	out := map[string]*policy.Policy{}
	for _, one := range p.All {
		if one.Demanded == nil { // what API sets demand is compared with them
			out[one.ID()] = one
		}
	}
	return out
}

// moved returns under which ID each policy stands after the change: its own, or
// that of one of the same name in a directory above, which was not there before.
func moved(before, after map[string]*policy.Policy) map[string]string {
	out := map[string]string{}
	for id, p := range before {
		if after[id] != nil {
			out[id] = id
			continue
		}
		for _, now := range slices.Sorted(maps.Keys(after)) {
			if q := after[now]; before[now] == nil && q.Key == p.Key && tenancy.Below(p.Dir, q.Dir) {
				out[id] = now
			}
		}
	}
	return out
}

// policySources are the places of what differs of a policy and its module.
func (c *comparison) policySources(p *policy.Policy) []change.Cause {
	out := c.fieldCauses(schema.KindPolicies, p.Key, p.Dir)
	if p.Module != nil {
		out = append(out, c.fieldCauses(schema.KindModules, p.Module.Key, p.Module.Dir)...)
	}
	return out
}

// policyChanged compares a policy with what it has become.
func (l *limits) policyChanged(p, q *policy.Policy) {
	sources := append(l.policySources(p), l.policySources(q)...)
	if len(sources) == 0 {
		return
	}
	add := func(effect, what string) { l.add(change.LimitPolicy, q.ID(), effectOf(q, effect), what, sources) }
	if p.Dir != q.Dir {
		add(change.Tightens, "it moves up from "+p.Dir)
	}
	if was, is := p.Spec.Enforcement, q.Spec.Enforcement; was != is {
		add(enforcementEffect(was, is), "enforcement "+string(was)+" → "+string(is))
	}
	if p.Stage != q.Stage {
		add(change.MayLoosen, "stage "+string(p.Stage)+" → "+string(q.Stage))
	}
	if !reflect.DeepEqual(p.Parameters, q.Parameters) {
		for _, f := range difference(mapOf(p.Parameters), mapOf(q.Parameters)) {
			f.Path = "parameters." + f.Path
			add(change.MayLoosen, changeText(&f))
		}
	}
	for _, d := range rulesChanged(&p.Rules, &q.Rules) {
		add(d.Effect, d.What)
	}
	if was, is := p.Spec.Classes, q.Spec.Classes; !slices.Equal(was, is) {
		add(classesEffect(was, is), "classes "+orAny(was)+" → "+orAny(is))
	}
	if was, is := p.Spec.Selector, q.Spec.Selector; !reflect.DeepEqual(was, is) {
		effect := change.MayLoosen
		if wider(was, is) {
			effect = change.Tightens
		}
		add(effect, "selector "+selectorText(was)+" → "+selectorText(is))
	}
	if l.all[[2]string{change.LimitPolicy, q.ID()}] == nil {
		add(change.Neither, "nothing that it demands, or of whom, differs")
	}
}

// enforcementEffect is the effect of another enforcement.
func enforcementEffect(was, is schema.Enforcement) string {
	if strictness(is) < strictness(was) {
		return change.Loosens
	}
	return change.Tightens
}

// classesEffect is the effect of a policy holding for other classes; nil are all.
func classesEffect(was, is []string) string {
	if is == nil || was != nil && contains(is, was) {
		return change.Tightens
	}
	return change.MayLoosen
}

func mapOf(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// strictness orders enforcements: only deny refuses anything.
func strictness(e schema.Enforcement) int {
	return slices.Index([]schema.Enforcement{schema.Audit, schema.Warn, schema.Deny}, e)
}
