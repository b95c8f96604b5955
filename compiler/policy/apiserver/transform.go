package apiserver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/policy/rule"
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
	Source   *Source
	Mutation int
}

// NewTransform puts policies together, in their order.
func NewTransform(chain []*Source) (*Transform, error) {
	fail, again := admissionv1.Fail, admissionv1.IfNeededReinvocationPolicy
	t := &Transform{Spec: admissionv1.MutatingAdmissionPolicySpec{FailurePolicy: &fail, ReinvocationPolicy: again}}
	t.Spec.MatchConstraints = chain[0].matchConstraints()
	t.Spec.MatchConstraints.ExcludeResourceRules = nil
	for _, s := range chain[1:] {
		for _, r := range s.matchConstraints().ResourceRules {
			if !slices.ContainsFunc(t.Spec.MatchConstraints.ResourceRules, func(o admissionv1.NamedRuleWithOperations) bool { return sameRule(r, o) }) {
				t.Spec.MatchConstraints.ResourceRules = append(t.Spec.MatchConstraints.ResourceRules, r)
			}
		}
	}
	if len(chain) == 1 {
		t.Spec.MatchConstraints.ExcludeResourceRules = chain[0].matchConstraints().ExcludeResourceRules
	}
	for n, s := range chain {
		prefix := ""
		if len(chain) > 1 {
			prefix = fmt.Sprintf("t%d_", n+1)
		}
		if err := t.add(s, prefix); err != nil {
			return nil, err
		}
	}
	content, err := json.Marshal(t.Spec)
	if err != nil {
		return nil, err
	}
	t.ID = contentID(chain[len(chain)-1].Key, content)
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
func (t *Transform) add(s *Source, prefix string) error {
	var applies []string
	if prefix != "" {
		m := s.matchConstraints()
		applies = append(applies, celRules(m.ResourceRules))
		if len(m.ExcludeResourceRules) > 0 {
			applies = append(applies, "!"+celRules(m.ExcludeResourceRules))
		}
	}
	for _, m := range s.conditions {
		applies = append(applies, "("+m.Expression+")")
	}
	if applies != nil {
		t.Spec.Variables = append(t.Spec.Variables, admissionv1.Variable{Name: prefix + appliesVariable, Expression: strings.Join(applies, " &&\n")})
	}
	for _, v := range s.variables {
		text, err := rule.PrefixVariables(v.Expression, prefix)
		if err != nil {
			return err
		}
		t.Spec.Variables = append(t.Spec.Variables, admissionv1.Variable{Name: prefix + v.Name, Expression: text})
	}
	for i, m := range s.mutations {
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
		t.Steps = append(t.Steps, Step{s, i})
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
