package plan

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
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
			l.add(limitPolicy, id, effectOf(before[id], loosens), "it is removed", l.policySources(before[id]))
			l.limit(limitPolicy, id).Change = Removed
		}
	}
	former := map[string]string{}
	for id, now := range become {
		former[now] = id
	}
	for _, id := range slices.Sorted(maps.Keys(after)) {
		if former[id] == "" {
			l.add(limitPolicy, id, effectOf(after[id], tightens), "it is added", l.policySources(after[id]))
			l.limit(limitPolicy, id).Change = Added
		}
	}
	l.exemptions()
	l.reaches(before, after, become)
	l.lifted()
}

// effectOf is the effect of a difference in a policy. One that changes what is rendered
// demands nothing, so that it holds for more or for fewer is not shown to tighten.
func effectOf(p *policy.Policy, effect string) string {
	if p.Patches != nil && effect != neitherWay {
		return mayLoosen
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
func (c *comparison) policySources(p *policy.Policy) []Cause {
	out := c.fieldCauses(schema.KindPolicies, p.Key, p.Dir)
	if p.Module != nil {
		out = append(out, c.fieldCauses(schema.KindModules, p.Module.Key, p.Module.Dir)...)
	}
	return out
}

// patchCauses are the places of what differs of the policies that change what is rendered
// for a logical cluster, under its keys before and after.
func (c *comparison) patchCauses(before, after string) (out []Cause) {
	add := func(m *document.Meta) {
		if d := c.changed[identify(string(m.Kind), m.Key, m.Dir)]; d != nil {
			out = append(out, d.causes()...)
			c.reach(d, after)
		}
	}
	of := func(r *compiler.Result, key string) {
		lc := r.Tenancy.LogicalCluster(key)
		if lc == nil || !r.Policies.Patch() {
			return
		}
		for _, e := range r.Policies.Of(lc) {
			if e.Patches == nil {
				continue
			}
			add(&e.Meta)
			if e.Module != nil {
				add(&e.Module.Meta)
			}
			if e.Exemption != nil {
				add(&e.Exemption.Meta)
			}
		}
	}
	of(c.before, before)
	of(c.after, after)
	return sortCauses(out)
}

// policyChanged compares a policy with what it has become.
func (l *limits) policyChanged(p, q *policy.Policy) {
	sources := append(l.policySources(p), l.policySources(q)...)
	if len(sources) == 0 {
		return
	}
	add := func(effect, what string) { l.add(limitPolicy, q.ID(), effectOf(q, effect), what, sources) }
	if p.Dir != q.Dir {
		add(tightens, "it moves up from "+p.Dir)
	}
	if was, is := p.Spec.Enforcement, q.Spec.Enforcement; was != is {
		effect := tightens
		if strictness(is) < strictness(was) {
			effect = loosens
		}
		add(effect, "enforcement "+string(was)+" → "+string(is))
	}
	if p.Stage != q.Stage {
		add(mayLoosen, "stage "+string(p.Stage)+" → "+string(q.Stage))
	}
	if !reflect.DeepEqual(p.Parameters, q.Parameters) {
		for _, f := range difference(mapOf(p.Parameters), mapOf(q.Parameters)) {
			f.Path = "parameters." + f.Path
			add(mayLoosen, f.change())
		}
	}
	for _, d := range rulesChanged(&p.Rules, &q.Rules) {
		add(d.Effect, d.What)
	}
	if was, is := p.Spec.Classes, q.Spec.Classes; !slices.Equal(was, is) {
		effect := mayLoosen
		if is == nil || was != nil && contains(is, was) {
			effect = tightens
		}
		add(effect, "classes "+orAny(was)+" → "+orAny(is))
	}
	if was, is := p.Spec.Selector, q.Spec.Selector; !reflect.DeepEqual(was, is) {
		effect := mayLoosen
		if wider(was, is) {
			effect = tightens
		}
		add(effect, "selector "+selectorText(was)+" → "+selectorText(is))
	}
	if l.by[[2]string{limitPolicy, q.ID()}] == nil {
		add(neitherWay, "nothing that it demands, or of whom, differs")
	}
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

func contains(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

func orAny(list []string) string {
	if list == nil {
		return "any"
	}
	return cmp.Or(strings.Join(list, ", "), "none")
}

// wider reports whether a selector lets through all that another does: whatever
// it requires, the other requires too.
func wider(was, is *schema.Selector) bool {
	had := requirements(was)
	return !slices.ContainsFunc(requirements(is), func(r schema.Requirement) bool {
		return !slices.ContainsFunc(had, func(h schema.Requirement) bool { return implies(h, r) })
	})
}

func requirements(s *schema.Selector) []schema.Requirement {
	if s == nil {
		return nil
	}
	out := slices.Clone(s.MatchExpressions)
	for key, value := range s.MatchLabels {
		out = append(out, schema.Requirement{Key: key, Operator: "In", Values: []string{value}})
	}
	return out
}

// implies reports whether whatever meets one requirement meets the other.
func implies(a, b schema.Requirement) bool {
	switch {
	case a.Key != b.Key:
		return false
	case a.Operator == "In" && b.Operator == "Exists", a.Operator == "DoesNotExist" && b.Operator == "NotIn":
		return true
	case a.Operator != b.Operator:
		return false
	case a.Operator == "In":
		return contains(b.Values, a.Values)
	case a.Operator == "NotIn":
		return contains(a.Values, b.Values)
	}
	return true
}

func selectorText(s *schema.Selector) string {
	if s == nil {
		return "any"
	}
	return compact(s)
}

// rulesChanged compares what policies demand. A rule that is added only refuses
// more; whatever else differs cannot be shown to.
func rulesChanged(was, is *schema.RuleSet) []LimitDetail {
	var out []LimitDetail
	add := func(effect, what string) { out = append(out, LimitDetail{Effect: effect, What: what}) }
	if !reflect.DeepEqual(was.MatchConstraints, is.MatchConstraints) {
		add(mayLoosen, "matchConstraints change")
	}
	if !reflect.DeepEqual(was.MatchConditions, is.MatchConditions) {
		add(mayLoosen, "matchConditions change")
	}
	for _, v := range was.Variables {
		if !slices.Contains(is.Variables, v) {
			add(mayLoosen, "variable "+v.Name+" changes")
		}
	}
	expressions := func(s *schema.RuleSet) (out []string) {
		for _, r := range s.Rules {
			out = append(out, strings.TrimSpace(r.Expression))
		}
		return out
	}
	before, after := expressions(was), expressions(is)
	var gone, fresh []string
	for _, e := range before {
		if !slices.Contains(after, e) {
			gone = append(gone, e)
		}
	}
	for _, e := range after {
		if !slices.Contains(before, e) {
			fresh = append(fresh, e)
		}
	}
	for i, e := range gone {
		if i < len(fresh) {
			add(mayLoosen, "rule "+compact(e)+" → "+compact(fresh[i]))
		} else {
			add(loosens, "rule "+compact(e)+" is removed")
		}
	}
	for _, e := range fresh[min(len(gone), len(fresh)):] {
		add(tightens, "rule "+compact(e)+" is added")
	}
	others := func(s schema.RuleSet) schema.RuleSet {
		s.MatchConstraints, s.MatchConditions, s.Variables, s.Rules, s.Cases = nil, nil, nil, nil, nil
		return s
	}
	if !reflect.DeepEqual(others(*was), others(*is)) {
		add(mayLoosen, "what it changes in objects differs")
	}
	if len(out) == 0 && !reflect.DeepEqual(was.Rules, is.Rules) {
		add(neitherWay, "messages change")
	}
	return out
}

// exemptions compares the exemptions as documents.
func (l *limits) exemptions() {
	type id struct{ dir, key string }
	before := map[id]*tenancy.Exemption{}
	for _, x := range l.before.Tenancy.Exemptions {
		before[id{x.Dir, x.Key}] = x
	}
	for _, x := range l.after.Tenancy.Exemptions {
		was := before[id{x.Dir, x.Key}]
		delete(before, id{x.Dir, x.Key})
		l.exemption(was, x)
	}
	for _, x := range l.before.Tenancy.Exemptions {
		if before[id{x.Dir, x.Key}] != nil {
			l.exemption(x, nil)
		}
	}
}

func (l *limits) exemption(was, is *tenancy.Exemption) {
	x := cmp.Or(is, was)
	causes := l.fieldCauses(schema.KindExemptions, x.Key, x.Dir)
	if len(causes) == 0 {
		return
	}
	name := exemptionName(x)
	add := func(effect, what string) { l.add(limitExemption, name, effect, what, causes) }
	of := "policy " + x.Spec.Policy
	if x.Spec.Policy == "" {
		of = "the ceilings of " + x.Spec.Ceiling
	}
	switch {
	case was == nil:
		l.limit(limitExemption, name).Change = Added
		if is.Expired() {
			add(neitherWay, "it ended on "+is.Spec.Expires)
		} else {
			add(loosens, "it lifts "+of+" from "+x.Spec.Target+" until "+is.Spec.Expires)
		}
		return
	case is == nil:
		l.limit(limitExemption, name).Change = Removed
		if was.Expired() {
			add(neitherWay, "it ended on "+was.Spec.Expires)
		} else {
			add(tightens, "it no longer lifts "+of+" from "+x.Spec.Target)
		}
		return
	}
	if was.Spec.Expires != is.Spec.Expires {
		effect := tightens
		switch {
		case is.Expired() && was.Expired():
			effect = neitherWay
		case is.Spec.Expires > was.Spec.Expires:
			effect = loosens
		}
		add(effect, "it ends on "+is.Spec.Expires+" instead of "+was.Spec.Expires)
	}
	for _, f := range []struct{ name, was, is string }{
		{"policy", was.Spec.Policy, is.Spec.Policy}, {"ceiling", was.Spec.Ceiling, is.Spec.Ceiling}, {"target", was.Spec.Target, is.Spec.Target},
	} {
		if f.was == f.is {
			continue
		}
		effect := mayLoosen
		if is.Expired() || f.name == "target" && was.Holds() && strings.HasPrefix(f.is, f.was+"/") {
			effect = tightens
		}
		add(effect, f.name+" "+cmp.Or(f.was, "none")+" → "+cmp.Or(f.is, "none"))
	}
	if l.by[[2]string{limitExemption, name}] == nil {
		add(neitherWay, "nothing that it lifts differs")
	}
}

func exemptionName(x *tenancy.Exemption) string {
	if x.Dir == "" {
		return x.Key
	}
	return x.Dir + "/" + x.Key
}

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
			kind, name, effect, what := limitPolicy, id, tightens, "it newly reaches"
			switch {
			case held && a.Exemption != nil:
				kind, name, effect, what = limitExemption, exemptionName(a.Exemption), loosens, "policy "+id+" no longer holds"
			case holds && b.Exemption != nil:
				kind, name, what = limitExemption, exemptionName(b.Exemption), "policy "+id+" holds again"
			case held:
				effect, what = loosens, "it no longer reaches"
			}
			effect = effectOf(cmp.Or(a.Policy, b.Policy), effect)
			var causes []Cause
			if one := l.by[[2]string{kind, name}]; one == nil || len(one.Causes) == 0 || len(l.fieldCauses(is.Kind, is.Key, is.Dir)) > 0 {
				causes = l.causes[is.Key]
			}
			d := l.add(kind, name, effect, what, causes)
			d.LogicalClusters = append(d.LogicalClusters, is.Key)
		}
	}
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
		for _, org := range slices.Sorted(maps.Keys(merged(then, now))) {
			x, effect, what := now[org], loosens, "the ceilings of "+org+" no longer bind it"
			switch {
			case then[org] != nil && x != nil:
				continue
			case x == nil:
				x, effect, what = then[org], tightens, "the ceilings of "+org+" bind it again"
			case was == nil && len(l.fieldCauses(schema.KindExemptions, x.Key, x.Dir)) == 0:
				continue // what is new, where all below a target is exempt
			}
			causes := l.fieldCauses(schema.KindExemptions, x.Key, x.Dir)
			if len(causes) == 0 {
				causes = l.causes[is.Key]
			}
			d := l.add(limitExemption, exemptionName(x), effect, what, causes)
			d.LogicalClusters = append(d.LogicalClusters, is.Key)
		}
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

func standing(lc *tenancy.LogicalCluster) bool { return lc.State != schema.Deleted }

// sameSelected reports whether all that selectors look at is the same.
func sameSelected(was, is *tenancy.LogicalCluster) bool {
	return was.Key == is.Key && was.Class.Name == is.Class.Name && maps.Equal(was.Labels, is.Labels)
}

// judgements compares which logical clusters break which policies. What the
// compiler says of a request that it refuses counts as well.
func (c *comparison) judgements() []Judgement {
	type id struct{ document, policy string }
	read := func(ds []diag.Diagnostic, p *policy.Policies) map[id]Judgement {
		var at map[diag.Position]*policy.Policy
		out := map[id]Judgement{}
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
				out[name] = Judgement{LogicalCluster: key, Policy: broken.ID(), Enforcement: string(broken.Spec.Enforcement), Message: strings.TrimPrefix(d.Message, key+": ")}
			}
		}
		return out
	}
	before, after := read(c.before.Diagnostics, c.before.Policies), read(c.after.Diagnostics, c.after.Policies)
	var out []Judgement
	add := func(j Judgement, passes bool) {
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
	slices.SortFunc(out, func(a, b Judgement) int {
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

// change tells the field's change without a sign: "parameters.max: 3 → 4".
func (f Field) change() string { return strings.TrimLeft(f.String(), "+-~ ") }
