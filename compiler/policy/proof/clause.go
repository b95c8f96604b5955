package proof

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/parser"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/rule"
)

// clause is a part of a rule that must be true by itself: that a map has a key or has it
// not, or that a value is one of some.
type clause struct {
	policy *policy.Policy
	rule   int
	// of is the value as an expression, and key one of its keys, where it is about one.
	of, key string
	keyed   bool
	// lacks: it must not have the key. Else it has it, or the value is one of values.
	lacks  bool
	values []string // as appendValue writes them; nil where any will do
}

// clauses returns what of a policy's rules can be told apart: what is joined by &&, and
// what all(…) says of the keys that a parameter lists.
func clauses(p *policy.Policy) (out []clause) {
	for i, r := range p.Rules.Rules {
		if parsed, err := rule.Parse(r.Expression); err == nil {
			c := &clauseReader{policy: p, rule: i, bound: map[string]string{}}
			c.read(parsed.Expr(), false)
			out = append(out, c.out...)
		}
	}
	return out
}

type clauseReader struct {
	policy *policy.Policy
	rule   int
	bound  map[string]string // values of loops' variables
	out    []clause
}

func (c *clauseReader) read(e ast.Expr, negated bool) {
	switch e.Kind() {
	case ast.CallKind:
		c.readCall(e.AsCall(), negated)
	case ast.ComprehensionKind:
		c.readLoop(e.AsComprehension(), negated)
	}
}

func (c *clauseReader) readCall(e ast.CallExpr, negated bool) {
	args := e.Args()
	switch e.FunctionName() {
	case operators.LogicalNot:
		c.read(args[0], !negated)
	case operators.LogicalAnd, operators.LogicalOr:
		if (e.FunctionName() == operators.LogicalOr) == negated {
			c.read(args[0], negated)
			c.read(args[1], negated)
		}
	case operators.In:
		if key, ok := c.text(args[0]); ok {
			if of, ok := c.plain(args[1]); ok {
				c.add(clause{of: of, key: key, keyed: true, lacks: negated})
			}
		} else if values := c.constants(args[1]); values != nil && !negated {
			c.among(args[0], values)
		}
	case operators.Equals:
		for i := range args {
			if values := c.constant(args[1-i]); values != nil && !negated {
				c.among(args[i], values)
			}
		}
	}
}

// readLoop reads what all(…) says of each element, or !exists(…) where it is negated.
func (c *clauseReader) readLoop(loop ast.ComprehensionExpr, negated bool) {
	step := loop.LoopStep()
	joined := operators.LogicalAnd
	if negated {
		joined = operators.LogicalOr
	}
	if step.Kind() != ast.CallKind || step.AsCall().FunctionName() != joined || loop.AccuInit().Kind() != ast.LiteralKind || loop.HasIterVar2() {
		return
	}
	if _, shadows := c.bound[loop.IterVar()]; shadows {
		return
	}
	for _, key := range c.keys(loop.IterRange()) {
		c.bound[loop.IterVar()] = key
		c.read(step.AsCall().Args()[1], negated)
	}
	delete(c.bound, loop.IterVar())
}

func (c *clauseReader) add(one clause) {
	one.policy, one.rule = c.policy, c.rule
	c.out = append(c.out, one)
}

// among adds that a value is one of some.
func (c *clauseReader) among(e ast.Expr, values []string) {
	one := clause{values: values}
	at := e
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "orValue" && e.AsCall().IsMemberFunction() { // L[?k].orValue('')
		if text, ok := c.text(e.AsCall().Args()[0]); !ok || text != "" {
			return
		}
		at = e.AsCall().Target()
	}
	if at.Kind() == ast.CallKind && (at.AsCall().FunctionName() == operators.Index || at.AsCall().FunctionName() == operators.OptIndex) {
		if key, ok := c.text(at.AsCall().Args()[1]); ok {
			one.key, one.keyed = key, true
			at = at.AsCall().Args()[0]
		}
	}
	of, ok := c.plain(at)
	if !ok || !one.keyed && at != e {
		return
	}
	one.of = of
	c.add(one)
}

// plain writes a value that is the same in whatever policy names it, with what is
// optional about it left out.
func (c *clauseReader) plain(e ast.Expr) (string, bool) {
	same := true
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			_, bound := c.bound[e.AsIdent()]
			same = same && !bound && e.AsIdent() != rule.Params && e.AsIdent() != "variables"
		case ast.ComprehensionKind, ast.LiteralKind, ast.ListKind:
			same = same && e.Kind() == ast.LiteralKind
		}
	}))
	text, err := parser.Unparse(e, nil)
	if err != nil || !same || e.Kind() == ast.LiteralKind {
		return "", false
	}
	return strings.NewReplacer(".?", ".", ".orValue({})", "").Replace(text), true
}

// text returns a text that an expression is, whatever is judged.
func (c *clauseReader) text(e ast.Expr) (string, bool) {
	switch e.Kind() {
	case ast.LiteralKind:
		s, ok := e.AsLiteral().(types.String)
		return string(s), ok
	case ast.IdentKind:
		s, ok := c.bound[e.AsIdent()]
		return s, ok
	}
	s, ok := c.parameter(e).(string)
	return s, ok
}

// parameter returns the value of params.NAME, or of params.NAME[k]; nil for anything
// else.
func (c *clauseReader) parameter(e ast.Expr) any {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Index {
		m, _ := c.parameter(e.AsCall().Args()[0]).(map[string]any)
		key, ok := c.text(e.AsCall().Args()[1])
		if !ok {
			return nil
		}
		return m[key]
	}
	if e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly() && e.AsSelect().Operand().Kind() == ast.IdentKind && e.AsSelect().Operand().AsIdent() == rule.Params {
		return c.policy.Parameters[e.AsSelect().FieldName()]
	}
	return nil
}

// keys returns the texts that a loop runs over.
func (c *clauseReader) keys(e ast.Expr) (out []string) {
	if e.Kind() == ast.ListKind {
		for _, item := range e.AsList().Elements() {
			if s, ok := c.text(item); ok {
				out = append(out, s)
			}
		}
		return out
	}
	switch x := c.parameter(e).(type) {
	case []any:
		for _, item := range x {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
	case map[string]any:
		out = slices.Sorted(maps.Keys(x))
	}
	return out
}

// constants returns the values of a list; nil where they are not all known.
func (c *clauseReader) constants(e ast.Expr) []string {
	if e.Kind() == ast.ListKind {
		out := []string{}
		for _, item := range e.AsList().Elements() {
			one := c.constant(item)
			if one == nil {
				return nil
			}
			out = append(out, one...)
		}
		return out
	}
	list, ok := c.parameter(e).([]any)
	if !ok {
		return nil
	}
	out := []string{}
	for _, item := range list {
		out = append(out, string(rule.AppendValue(nil, item)))
	}
	return out
}

// constant returns a value as a list of one; nil where it is not known.
func (c *clauseReader) constant(e ast.Expr) []string {
	if s, ok := c.text(e); ok {
		return []string{string(rule.AppendValue(nil, s))}
	}
	if e.Kind() == ast.LiteralKind {
		return []string{string(rule.AppendValue(nil, e.AsLiteral().Value()))}
	}
	if v := c.parameter(e); v != nil {
		return []string{string(rule.AppendValue(nil, v))}
	}
	return nil
}

// against says why two clauses can't both be kept; empty where they can, or it is not
// known.
func (c clause) against(o clause) string {
	what := c.of
	if c.keyed {
		what += "[" + rule.String(c.key) + "]"
	}
	empty := string(rule.AppendValue(nil, ""))
	switch {
	case c.of != o.of || c.keyed != o.keyed || c.key != o.key, c.lacks && o.lacks:
		return ""
	case c.lacks || o.lacks:
		if slices.Contains(c.values, empty) || slices.Contains(o.values, empty) {
			return ""
		}
		return "one demands " + what + ", and the other forbids it"
	case c.values == nil || o.values == nil || slices.ContainsFunc(c.values, func(v string) bool { return slices.Contains(o.values, v) }):
		return ""
	}
	return "no value of " + what + " is right for both"
}
