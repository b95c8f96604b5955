package proof

import (
	"slices"
	"strconv"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/parser"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// choice is a rule that a value is one of those that a parameter lists, or is it.
type choice struct {
	rule      int
	value     string // the expression
	parameter string
}

// choices returns the rules of a module of which nothing but a choice decides.
func choices(rules []schema.Rule) (out []choice) {
	for i, r := range rules {
		parsed, err := rule.Parse(r.Expression)
		if err != nil {
			continue
		}
		e := parsed.Expr()
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			continue
		}
		switch args := e.AsCall().Args(); e.AsCall().FunctionName() {
		case operators.In:
			out = appendChoice(out, i, args[0], args[1])
		case operators.Equals:
			out = appendChoice(appendChoice(out, i, args[0], args[1]), i, args[1], args[0])
		}
	}
	return out
}

func appendChoice(out []choice, index int, value, parameter ast.Expr) []choice {
	if parameter.Kind() != ast.SelectKind || parameter.AsSelect().Operand().Kind() != ast.IdentKind || parameter.AsSelect().Operand().AsIdent() != rule.Params {
		return out
	}
	constant := true // whoever uses the module
	ast.PreOrderVisit(value, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind && (e.AsIdent() == rule.Params || e.AsIdent() == "variables") {
			constant = false
		}
	}))
	text, err := parser.Unparse(value, nil)
	if !constant || err != nil {
		return out
	}
	return append(out, choice{index, text, parameter.AsSelect().FieldName()})
}

// offered returns what a parameter lets be chosen.
func offered(p *policy.Policy, parameter string) []string {
	value, ok := p.Parameters[parameter]
	if !ok {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		return []string{string(rule.AppendValue(nil, value))}
	}
	out := []string{}
	for _, e := range list {
		out = append(out, string(rule.AppendValue(nil, e)))
	}
	return out
}

// disjoint reports uses of one module that leave no choice.
func (c *prover) disjoint() {
	uses := map[*document.Document[schema.Module]][]*policy.Policy{}
	for _, p := range c.policies.All {
		if p.Module != nil && p.Spec.Enforcement == schema.Deny && p.Stage != schema.Transform {
			uses[p.Module] = append(uses[p.Module], p)
		}
	}
	for _, m := range c.policies.Modules() {
		if uses := uses[m.Document]; len(uses) > 1 && len(m.Spec.MatchConditions) == 0 { // a condition may keep them apart
			c.disjointUses(m.Document, uses)
		}
	}
}

// disjointUses reports uses of a module that leave no choice.
func (c *prover) disjointUses(m *document.Document[schema.Module], uses []*policy.Policy) {
	for _, choice := range choices(m.Spec.Rules) {
		for i, upper := range uses {
			for _, lower := range uses[i+1:] {
				a, b := offered(upper, choice.parameter), offered(lower, choice.parameter)
				if a == nil || b == nil || slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) }) {
					continue
				}
				for lc := range c.both(upper, lower) {
					c.add(lower, diag.New(diag.PolicyConflict, lower.At("parameters", choice.parameter),
						"policies %s and %s can't both be kept by %s: they have no %s in common", upper.Key, lower.Key, lc.Key, choice.parameter).
						See(upper.At("parameters", choice.parameter), "policy %s stands here", upper.Key).
						See(m.At("rules", strconv.Itoa(choice.rule), "expression"), "module %s demands one of them", m.Key))
					break
				}
			}
		}
	}
}
