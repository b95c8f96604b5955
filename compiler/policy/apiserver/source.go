// Package apiserver is what the API server makes of writes by policies: those that admit them,
// and those that change them. It uses the
// API server's own library.
package apiserver

import (
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// Source is a policy on writes with its parameters in its expressions, as the API server
// takes them.
type Source struct {
	// Key names the policy in a cluster.
	Key   string
	Rules *schema.RuleSet

	conditions  []admissionv1.MatchCondition
	variables   []admissionv1.Variable
	mutations   []admissionv1.Mutation
	validations []admissionv1.Validation
}

// Mutates reports whether the policy changes writes.
func (s *Source) Mutates() bool { return s != nil && len(s.mutations) > 0 }

// Conditions are the match conditions.
func (s *Source) Conditions() []admissionv1.MatchCondition { return s.conditions }

// Composed returns the rules with the parameters in them, as a document would say them.
func (s *Source) Composed() *schema.RuleSet {
	set := &schema.RuleSet{}
	for _, m := range s.conditions {
		set.MatchConditions = append(set.MatchConditions, schema.Expression(m))
	}
	for _, v := range s.variables {
		set.Variables = append(set.Variables, schema.Expression(v))
	}
	for _, m := range s.mutations {
		set.Mutations = append(set.Mutations, mutationIn(m))
	}
	for _, v := range s.validations {
		set.Rules = append(set.Rules, schema.Rule{Expression: v.Expression, MessageExpression: v.MessageExpression})
	}
	return set
}

// NewSource puts parameters into rules. There are none where parameters is nil.
func NewSource(key string, rules *schema.RuleSet, parameters map[string]any) (*Source, error) {
	out := &Source{Key: key, Rules: rules}
	var failed error
	literal := ""
	if parameters != nil {
		literal = rule.Literal(parameters)
		out.variables = append(out.variables, admissionv1.Variable{Name: rule.Params, Expression: literal})
	}
	const variable = "variables." + rule.Params
	replace := func(text, by string) string {
		if parameters == nil {
			return text
		}
		out, err := rule.ReplaceIdentifier(text, rule.Params, by)
		if err != nil {
			failed = err
		}
		return out
	}
	for _, m := range rules.MatchConditions { // these can't see variables
		out.conditions = append(out.conditions, admissionv1.MatchCondition{Name: m.Name, Expression: replace(m.Expression, "("+literal+")")})
	}
	for _, v := range rules.Variables {
		out.variables = append(out.variables, admissionv1.Variable{Name: v.Name, Expression: replace(v.Expression, variable)})
	}
	for _, m := range rules.Mutations {
		out.mutations = append(out.mutations, mutationOf(m, replace(rule.MutationText(m), variable)))
	}
	for _, r := range rules.Rules {
		v := admissionv1.Validation{Expression: replace(r.Expression, variable), Message: r.Message}
		if r.MessageExpression != "" {
			v.MessageExpression = replace(r.MessageExpression, variable)
		}
		out.validations = append(out.validations, v)
	}
	return out, failed
}

// Reserved reports whether an admission policy has a variable of that name besides those
// of its author.
func Reserved(variable string) bool {
	switch variable {
	case rule.Params, "platform", "terminating", appliesVariable:
		return true
	}
	return false
}

func (s *Source) matchConstraints() *admissionv1.MatchResources {
	equivalent := admissionv1.Equivalent
	return &admissionv1.MatchResources{
		MatchPolicy:          &equivalent,
		ResourceRules:        resourceRules(s.Rules.MatchConstraints.ResourceRules),
		ExcludeResourceRules: resourceRules(s.Rules.MatchConstraints.ExcludeResourceRules),
	}
}

func resourceRules(in []schema.ResourceRule) (out []admissionv1.NamedRuleWithOperations) {
	scope := admissionv1.NamespacedScope
	for _, r := range in {
		n := admissionv1.NamedRuleWithOperations{ResourceNames: r.ResourceNames}
		n.APIGroups, n.APIVersions, n.Resources, n.Scope = r.APIGroups, r.APIVersions, r.Resources, &scope
		if n.APIVersions == nil {
			n.APIVersions = []string{"*"}
		}
		for _, o := range r.Operations {
			n.Operations = append(n.Operations, admissionv1.OperationType(o))
		}
		if n.Operations == nil {
			n.Operations = []admissionv1.OperationType{admissionv1.Create, admissionv1.Update}
		}
		out = append(out, n)
	}
	return out
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

// appliesVariable says whether a policy is about a write.
const appliesVariable = "applies"
