package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// MutatingMinor is the minor number of the first Kubernetes release whose API server
// has mutating admission policies without anybody turning them on. In 1.34 and 1.35
// both the feature and the version v1beta1 of its API are off.
const MutatingMinor = 36

// Transform changes what is written in logical clusters, as the API server does it.
//
// The API server calls mutating admission policies in no order: it walks a map. So
// policies that may meet on one object are one Transform, whose mutations have an
// order: those of the nearest organization first and the uppermost last, so that no
// policy undoes what one above it does.
type Transform struct {
	// ID is the uppermost policy's key and a hash of the content.
	ID string
	// Spec has the match constraints, the variables and the mutations. Who is exempt,
	// and which namespaces it is for, is not in it.
	Spec admissionv1.MutatingAdmissionPolicySpec
	// Steps say where each mutation comes from.
	Steps []Step
}

// Step is a mutation of a policy.
type Step struct {
	Policy   *Policy
	Mutation int
}

// At returns where the mutation stands.
func (s Step) At() diag.Position {
	if d := s.Policy.Demanded; d != nil {
		return d.positions[s.Mutation]
	}
	return s.Policy.rulesAt.At(rule.MutationPath(s.Mutation, s.Policy.Rules.Mutations[s.Mutation])...)
}

// appliesVariable says whether a policy is about a write.
const appliesVariable = "applies"

// Transforms returns what changes the writes of a logical cluster, by ID.
func (p *Policies) Transforms(lc *tenancy.LogicalCluster) []*Transform {
	if p == nil {
		return nil
	}
	return p.transforms[lc]
}

// checkMutations judges the shape of a document at stage transform.
func (c *compiler) checkMutations(m *document.Meta, set *schema.RuleSet, held string) bool {
	wrong := func(at diag.Position, format string, args ...any) bool {
		c.fault(m, diag.New(diag.PolicyIncomplete, at, format, args...), held)
		return false
	}
	if len(set.Mutations) == 0 {
		return wrong(m.Pos, "%s has no mutations: what does it change?", m.Key)
	}
	ok := true
	for i, one := range set.Mutations {
		if (one.ApplyConfiguration == "") == (one.JSONPatch == "") {
			ok = wrong(m.At("mutations", itoa(i)), "mutations[%d] needs either applyConfiguration or jsonPatch", i)
		}
	}
	for i, r := range set.MatchConstraints.ResourceRules {
		for j, o := range r.Operations {
			if o != string(admissionv1.Create) && o != string(admissionv1.Update) {
				ok = wrong(m.At("matchConstraints", "resourceRules", itoa(i), "operations", itoa(j)), "a %s writes nothing that could be changed", o)
			}
		}
	}
	return ok
}

func mutationOf(m schema.Mutation, text string) admissionv1.Mutation {
	if m.JSONPatch != "" {
		return admissionv1.Mutation{PatchType: admissionv1.PatchTypeJSONPatch, JSONPatch: &admissionv1.JSONPatch{Expression: text}}
	}
	return admissionv1.Mutation{PatchType: admissionv1.PatchTypeApplyConfiguration, ApplyConfiguration: &admissionv1.ApplyConfiguration{Expression: text}}
}

func mutationIn(m admissionv1.Mutation) schema.Mutation {
	if m.JSONPatch != nil {
		return schema.Mutation{JSONPatch: m.JSONPatch.Expression}
	}
	return schema.Mutation{ApplyConfiguration: m.ApplyConfiguration.Expression}
}

// writeChains works out what changes the writes of each logical cluster, and reports what
// is wrong with it to a compiler, if there is one.
func (p *Policies) writeChains(c *compiler) {
	if !slices.ContainsFunc(p.All, func(p *Policy) bool { return len(p.parsed.mutations) > 0 }) {
		return
	}
	p.transforms = map[*tenancy.LogicalCluster][]*Transform{}
	known, byID := map[string][]*Transform{}, map[string]*Transform{}
	for _, lc := range p.Tenancy.LogicalClusters {
		var list []*Policy
		key := ""
		for _, e := range p.Of(lc) {
			if len(e.parsed.mutations) > 0 && e.Exemption == nil {
				list, key = append(list, e.Policy), key+e.ID()+"\n"
			}
		}
		if list == nil {
			continue
		}
		out, ok := known[key]
		if !ok {
			upwards(list)
			for _, chain := range meeting(list) {
				if c != nil {
					c.sameVersions(chain)
				}
				t, err := newTransform(chain)
				if err != nil {
					if c != nil {
						c.notComposed(chain[0], err)
					}
					continue
				}
				if same := byID[t.ID]; same != nil {
					t = same
				}
				byID[t.ID] = t
				out = append(out, t)
			}
			slices.SortFunc(out, func(a, b *Transform) int { return strings.Compare(a.ID, b.ID) })
			known[key] = out
		}
		p.transforms[lc] = out
	}
}

// meeting divides policies into those that may meet on one object, and keeps their
// order.
func meeting(list []*Policy) (out [][]*Policy) {
	for _, p := range list {
		joined := []*Policy{p}
		rest := out[:0:0]
		for _, group := range out {
			if slices.ContainsFunc(group, func(o *Policy) bool { return overlap(p, o) }) {
				joined = append(slices.Clone(group), joined...)
			} else {
				rest = append(rest, group)
			}
		}
		out = append(rest, joined)
	}
	at := func(p *Policy) int { return slices.Index(list, p) }
	for _, group := range out {
		slices.SortFunc(group, func(a, b *Policy) int { return cmp.Compare(at(a), at(b)) })
	}
	return out
}

// overlap reports whether two policies may be about one write.
func overlap(a, b *Policy) bool {
	for _, r := range a.Rules.MatchConstraints.ResourceRules {
		for _, s := range b.Rules.MatchConstraints.ResourceRules {
			if share(r.APIGroups, s.APIGroups, wildcard) && share(r.Resources, s.Resources, resourcesMeet) {
				return true
			}
		}
	}
	return false
}

func share(a, b []string, meet func(a, b string) bool) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return meet(x, y) })
	})
}

func wildcard(a, b string) bool { return a == b || a == "*" || b == "*" }

// resourcesMeet compares names of resources as resource rules have them.
func resourcesMeet(a, b string) bool {
	a, aSub, _ := strings.Cut(a, "/")
	b, bSub, _ := strings.Cut(b, "/")
	return wildcard(a, b) && wildcard(aSub, bSub)
}

// sameVersions reports policies that change one resource in different API versions.
// The API server converts an object for each policy, and not from one mutation of a
// policy to the next.
func (c *compiler) sameVersions(chain []*Policy) {
	versions := func(p *Policy) string {
		var out []string
		for _, r := range p.Rules.MatchConstraints.ResourceRules {
			if r.APIVersions == nil {
				out = append(out, "*")
			}
			out = append(out, r.APIVersions...)
		}
		slices.Sort(out)
		return strings.Join(slices.Compact(out), ", ")
	}
	upper := chain[len(chain)-1]
	for _, p := range chain[:len(chain)-1] {
		if versions(p) == versions(upper) {
			continue
		}
		d := diag.New(diag.TransformVersions, p.rulesAt.At("matchConstraints"), "policies %s and %s change the same objects in different API versions: %s and %s",
			p.Key, upper.Key, versions(p), versions(upper)).
			See(upper.rulesAt.At("matchConstraints"), "policy %s says %s", upper.Key, versions(upper)).
			Suggest("name the same apiVersions in both")
		if !slices.ContainsFunc(c.found, func(f tenancy.Finding) bool { return f.Code == d.Code && f.Message == d.Message }) {
			c.fault(p.document(), d, notEnforced)
		}
	}
}

// newTransform puts policies together, in their order.
func newTransform(chain []*Policy) (*Transform, error) {
	fail, again := admissionv1.Fail, admissionv1.IfNeededReinvocationPolicy
	t := &Transform{Spec: admissionv1.MutatingAdmissionPolicySpec{FailurePolicy: &fail, ReinvocationPolicy: again}}
	t.Spec.MatchConstraints = chain[0].matchConstraints()
	t.Spec.MatchConstraints.ExcludeResourceRules = nil
	for _, p := range chain[1:] {
		for _, r := range p.matchConstraints().ResourceRules {
			if !slices.ContainsFunc(t.Spec.MatchConstraints.ResourceRules, func(o admissionv1.NamedRuleWithOperations) bool { return sameRule(r, o) }) {
				t.Spec.MatchConstraints.ResourceRules = append(t.Spec.MatchConstraints.ResourceRules, r)
			}
		}
	}
	if len(chain) == 1 {
		t.Spec.MatchConstraints.ExcludeResourceRules = chain[0].matchConstraints().ExcludeResourceRules
	}
	for n, p := range chain {
		prefix := ""
		if len(chain) > 1 {
			prefix = fmt.Sprintf("t%d_", n+1)
		}
		if err := t.add(p, prefix); err != nil {
			return nil, err
		}
	}
	content, err := json.Marshal(t.Spec)
	if err != nil {
		return nil, err
	}
	t.ID = contentID(chain[len(chain)-1].contentKey(), content)
	return t, nil
}

func sameRule(a, b admissionv1.NamedRuleWithOperations) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// add appends a policy, whose variables get a prefix that keeps them apart from
// those of others. Its conditions are looked at anew for each mutation, as they are
// for the object that the mutations before have left.
func (t *Transform) add(p *Policy, prefix string) error {
	var applies []string
	if prefix != "" {
		m := p.matchConstraints()
		applies = append(applies, celRules(m.ResourceRules))
		if len(m.ExcludeResourceRules) > 0 {
			applies = append(applies, "!"+celRules(m.ExcludeResourceRules))
		}
	}
	for _, m := range p.parsed.conditions {
		applies = append(applies, "("+m.Expression+")")
	}
	if applies != nil {
		t.Spec.Variables = append(t.Spec.Variables, admissionv1.Variable{Name: prefix + appliesVariable, Expression: strings.Join(applies, " &&\n")})
	}
	for _, v := range p.parsed.variables {
		text, err := rule.PrefixVariables(v.Expression, prefix)
		if err != nil {
			return err
		}
		t.Spec.Variables = append(t.Spec.Variables, admissionv1.Variable{Name: prefix + v.Name, Expression: text})
	}
	for i, m := range p.parsed.mutations {
		text, err := rule.PrefixVariables(rule.MutationText(mutationIn(m)), prefix)
		if err != nil {
			return err
		}
		if applies != nil {
			none := "Object{}"
			if m.JSONPatch != nil {
				none = "[]"
			}
			text = "variables." + prefix + appliesVariable + " ? (\n" + text + "\n) : " + none
		}
		t.Spec.Mutations = append(t.Spec.Mutations, mutationOf(mutationIn(m), text))
		t.Steps = append(t.Steps, Step{p, i})
	}
	return nil
}

// celRules says in CEL what resource rules say.
func celRules(list []admissionv1.NamedRuleWithOperations) string {
	among := func(what string, values []string) string {
		return what + " in [" + strings.Join(quoted(values), ", ") + "]"
	}
	rules := make([]string, len(list))
	for i, r := range list {
		var all []string
		var operations []string
		for _, o := range r.Operations {
			operations = append(operations, string(o))
		}
		all = append(all, among("request.operation", operations))
		if !slices.Contains(r.APIGroups, "*") {
			all = append(all, among("request.resource.group", r.APIGroups))
		}
		var resources []string
		for _, name := range r.Resources {
			var one []string
			name, sub, _ := strings.Cut(name, "/")
			if name != "*" {
				one = append(one, "request.resource.resource == "+rule.String(name))
			}
			if sub != "*" {
				one = append(one, "request.?subResource.orValue('') == "+rule.String(sub))
			}
			if one == nil {
				one = []string{"true"}
			}
			resources = append(resources, strings.Join(one, " && "))
		}
		all = append(all, "("+strings.Join(resources, " || ")+")")
		if r.ResourceNames != nil {
			all = append(all, among("request.?name.orValue('')", r.ResourceNames))
		}
		rules[i] = strings.Join(all, " && ")
	}
	return "(" + strings.Join(rules, " ||\n") + ")"
}

func quoted(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = rule.String(v)
	}
	return out
}

// Unserved reports the policies whose mutations a physical cluster can't make for a
// logical cluster that they hold for and that is placed there. An error holds a new or
// changed document; what stands, stays.
func (p *Policies) Unserved(lc *tenancy.LogicalCluster, cluster *tenancy.PhysicalCluster, changed func() bool) (out []tenancy.Finding) {
	if cluster.Minor >= MutatingMinor {
		return nil
	}
	for _, e := range p.Of(lc) {
		if len(e.parsed.mutations) == 0 || e.Exemption != nil {
			continue
		}
		d := diag.New(diag.TransformUnserved, lc.Pos, "%s: policy %s changes nothing on %s, whose Kubernetes 1.%d has no mutating admission policies", lc.Key, e.Key, cluster.Name, cluster.Minor).
			See(e.Pos, "policy %s stands here", e.Key).See(cluster.At("kubernetes"), "%s is declared here", cluster.Name).About(lc.Meta.String())
		switch {
		case e.Spec.Enforcement == schema.Audit:
			d.Severity = diag.Note
		case e.Spec.Enforcement == schema.Warn || lc.Held:
			d.Severity = diag.Warning
		case changed():
			out = append(out, tenancy.Fault(&lc.Meta, d.Suggest("place it on a physical cluster with Kubernetes 1.%d, or exempt it from the policy", MutatingMinor), ""))
			continue
		default:
			d.Message += " (it stands as it was, and stays)"
		}
		out = append(out, tenancy.Finding{Diagnostic: d})
	}
	return out
}
