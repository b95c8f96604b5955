package policy

import (
	"context"
	"iter"
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/parser"

	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
)

// conflicts reports policies that can't both hold, where that can be shown: two uses
// of a module whose lists have nothing in common, rules of which one demands what the
// other forbids, and a change that turns what a rule allows into what it denies.
func (c *compiler) conflicts() {
	c.disjoint()
	c.contradictions()
	c.changedIntoDenied()
}

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
func offered(p *Policy, parameter string) []string {
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
func (c *compiler) disjoint() {
	uses := map[*module][]*Policy{}
	for _, p := range c.out.All {
		if p.Module != nil && p.Spec.Enforcement == schema.Deny && p.Stage != schema.Transform {
			m := c.modules[p.Module.Key]
			uses[m] = append(uses[m], p)
		}
	}
	for _, m := range c.out.modules {
		if len(uses[m]) < 2 || len(m.doc.Spec.MatchConditions) > 0 { // a condition may keep them apart
			continue
		}
		for _, choice := range choices(m.doc.Spec.Rules) {
			for i, upper := range uses[m] {
				for _, lower := range uses[m][i+1:] {
					a, b := offered(upper, choice.parameter), offered(lower, choice.parameter)
					if a == nil || b == nil || slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) }) {
						continue
					}
					for lc := range c.both(upper, lower) {
						c.add(&lower.Meta, diag.New(diag.PolicyConflict, lower.At("parameters", choice.parameter),
							"policies %s and %s can't both be kept by %s: they have no %s in common", upper.Key, lower.Key, lc.Key, choice.parameter).
							See(upper.At("parameters", choice.parameter), "policy %s stands here", upper.Key).
							See(m.doc.At("rules", itoa(choice.rule), "expression"), "module %s demands one of them", m.doc.Key))
						break
					}
				}
			}
		}
	}
}

// both yields the logical clusters that two policies hold for. Of two whose subtrees
// lie apart there are none: each organization may have its own.
func (c *compiler) both(a, b *Policy) iter.Seq[*tenancy.LogicalCluster] {
	return func(yield func(*tenancy.LogicalCluster) bool) {
		if !a.covers(b.path) && !b.covers(a.path) {
			return
		}
		for _, lc := range c.tenancy.LogicalClusters {
			if lc.State != schema.Deleted && c.hold(lc, a, b) && !yield(lc) {
				return
			}
		}
	}
}

// hold reports whether two policies hold for a logical cluster.
func (c *compiler) hold(lc *tenancy.LogicalCluster, a, b *Policy) bool {
	held := 0
	for _, e := range c.out.Of(lc) {
		if (e.Policy == a || e.Policy == b) && e.Exemption == nil {
			held++
		}
	}
	return held == 2
}

// changedIntoDenied tries the mutations on the objects of their own cases, and reports
// rules that allow such an object as it is written and deny what becomes of it.
func (c *compiler) changedIntoDenied() {
	if c.out.transforms == nil {
		return
	}
	type pair struct {
		transform *Transform
		admission string
	}
	tried := map[pair]bool{}
	judges := map[string]*Judge{}
	trials := map[*Transform][]trial{}
	for _, lc := range c.tenancy.LogicalClusters {
		transforms := c.out.transforms[lc]
		if transforms == nil || lc.State == schema.Deleted {
			continue
		}
		for _, e := range c.out.Of(lc) {
			if e.Admission == nil || e.Exemption != nil || e.Spec.Enforcement != schema.Deny {
				continue
			}
			for _, t := range transforms {
				if tried[pair{t, e.Admission.ID}] {
					continue
				}
				tried[pair{t, e.Admission.ID}] = true
				j := judges[e.Admission.ID]
				if j == nil {
					var err error
					if j, err = e.Admission.Judge(rule.Latest); err != nil {
						continue // said of the policy
					}
					judges[e.Admission.ID] = j
				}
				if _, ok := trials[t]; !ok {
					trials[t] = c.trials(t)
				}
				c.tryCases(trials[t], e.Policy, j, lc)
			}
		}
	}
}

// trial is a write of a case of a policy that changes writes, before and after.
type trial struct {
	policy        *Policy
	name          string
	namespace     *corev1.Namespace
	write, result admission.Attributes
}

// trials makes of the cases of a transform's policies what the whole transform makes
// of them.
func (c *compiler) trials(t *Transform) (out []trial) {
	m, err := t.Mutator(rule.Latest, c.out.schemas)
	if err != nil {
		return nil // said of the policy
	}
	seen := map[*Policy]bool{}
	for _, step := range t.Steps {
		p := step.Policy
		if seen[p] {
			continue
		}
		seen[p] = true
		cases := p.Rules.Cases
		if len(cases) == 0 && p.Module != nil {
			cases = p.Module.Spec.Cases
		}
		for _, name := range sortedKeys(cases) {
			write, err := c.out.Write(cases[name])
			if err != nil || write.GetObject() == nil {
				continue
			}
			namespace := namespaceOf(cases[name], write)
			if object, err := m.Mutate(context.Background(), write, namespace, authorizerfactory.NewAlwaysDenyAuthorizer()); err == nil {
				out = append(out, trial{p, name, namespace, write, with(write, object)})
			}
		}
	}
	return out
}

func (c *compiler) tryCases(trials []trial, rule *Policy, j *Judge, lc *tenancy.LogicalCluster) {
	ctx, nobody := context.Background(), authorizerfactory.NewAlwaysDenyAuthorizer()
	reported := map[*Policy]bool{}
	for _, t := range trials {
		p := t.policy
		if p == rule || reported[p] || !j.Matches(t.write) || len(j.Denied(ctx, t.write, t.namespace, nobody)) > 0 {
			continue // it is not for what is changed
		}
		if denied := j.Denied(ctx, t.result, t.namespace, nobody); len(denied) > 0 {
			reported[p] = true
			c.add(&p.Meta, diag.New(diag.PolicyConflict, p.Pos, "policy %s makes of what is written in %s what policy %s denies: of its case %s, %s",
				p.Key, lc.Key, rule.Key, t.name, denied[0].Message).
				See(rule.Pos, "policy %s stands here", rule.Key).
				See(rule.RuleAt(max(denied[0].Rule, 0)), "it demands this"))
		}
	}
}
