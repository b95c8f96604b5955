package policy

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// noWrites refuses what only policies on writes have.
func (c *compiler) noWrites(m *document.Meta, what string, stage schema.Stage, set *schema.RuleSet, held string) bool {
	if set.MatchConstraints == nil && set.MatchConditions == nil {
		return true
	}
	c.fault(m, diag.New(diag.PolicyIncomplete, m.At("matchConstraints"), "%s %s: stage %s judges logical clusters and no writes, so it has no matchConstraints and no matchConditions", what, m.Key, stage), held)
	return false
}

// compileRepo compiles the rules of a policy that the compiler itself enforces, at
// stage acquire or evolve.
func (c *compiler) compileRepo(p *Policy, m *Module) bool {
	if !c.noWrites(&p.Meta, "policy", p.Stage, &p.Rules, notEnforced) {
		return false
	}
	if m != nil { // its expressions were judged with the module
		p.Judged = &facts.Rules{Program: m.program, Parameters: p.Parameters}
		return true
	}
	program, ok := c.compileProgram(p.RulesAt.At, p.Stage, &p.Rules, nil, func(d diag.Diagnostic) { c.fault(&p.Meta, d, notEnforced) }, func(d diag.Diagnostic) { c.add(&p.Meta, d) })
	p.Judged = &facts.Rules{Program: program}
	return ok
}

func (c *compiler) compileProgram(at func(...string) diag.Position, stage schema.Stage, set *schema.RuleSet, params *apiservercel.DeclType, fault, warn func(diag.Diagnostic)) (*rule.Program, bool) {
	env, err := c.judgedEnvironment(stage, params)
	if err != nil {
		fault(diag.New(diag.ExpressionInvalid, at("rules"), "the rules can't be compiled: %v", err))
		return nil, false
	}
	program, problems := rule.Compile(set, env, rule.WarnOfCosts(at, warn))
	for _, d := range rule.Diagnostics(diag.ExpressionInvalid, c.sources, at, problems, "") {
		fault(d)
	}
	return program, len(problems) == 0
}

// judgedKey tells apart the environments of rules that the compiler itself runs.
type judgedKey struct {
	stage  schema.Stage
	params *apiservercel.DeclType
}

func (c *compiler) judgedEnvironment(stage schema.Stage, params *apiservercel.DeclType) (*rule.Environment, error) {
	key := judgedKey{stage, params}
	if e := c.judged[key]; e != nil {
		return e, nil
	}
	vars := slices.Clone(facts.Acquire)
	if stage == schema.Evolve {
		vars = slices.Clone(facts.Evolve)
	}
	if params != nil {
		vars = append(vars, rule.Variable{Name: rule.Params, Type: params})
	}
	e, err := rule.NewEnvironment(rule.Latest, vars)
	if err != nil {
		return nil, err
	}
	e.Given = vars
	c.judged[key] = e
	return e, nil
}
