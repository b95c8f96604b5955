package policy

import (
	"cmp"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// Module is a module with the schema of its parameters, evaluated.
type Module struct {
	*document.Document[schema.Module]

	schema cue.Value
	// params is the type of params in rules, nil where it has no parameters.
	params *apiservercel.DeclType
	// program are its rules, compiled; nil at stages on writes.
	program *rule.Program
	// broken: the module itself is in error.
	broken bool
}

func (c *compiler) module(d *document.Document[schema.Module]) {
	m := &Module{Document: d}
	c.modules[d.Key] = m
	c.out.modules = append(c.out.modules, m)
	if d.Spec.Parameters != "" {
		ctx := cuecontext.New()
		m.schema = ctx.CompileString(parameterField+": "+string(d.Spec.Parameters), cue.Filename("parameters.cue")).
			LookupPath(cue.MakePath(cue.Def(parameterField)))
		problem := ""
		if err := m.schema.Err(); err != nil {
			problem = errors.Errors(err)[0].Error()
		} else if m.schema.IncompleteKind() != cue.StructKind {
			problem = "it must be a struct"
		}
		if problem != "" {
			m.broken = true
			c.fault(&d.Meta, diag.New(diag.ParameterSchema, d.At(parameterField), "the parameters of module %s are no schema: %s", d.Key, problem), "it can't be used")
			return
		}
		m.params = typeOf(m.schema).MaybeAssignTypeName("tenantry.Parameters")
	}
	m.broken = !c.checkModule(m)
}

// checkModule compiles the expressions of a module, once for all policies that
// use it.
func (c *compiler) checkModule(m *Module) bool {
	d := m.Document
	const held = "it can't be used"
	if len(d.Spec.Rules) == 0 && d.Spec.Stage != schema.Transform {
		c.fault(&d.Meta, diag.New(diag.PolicyIncomplete, d.Pos, "module %s has no rules", d.Key), held)
		return false
	}
	if d.Spec.Mutations != nil && d.Spec.Stage != schema.Transform {
		c.fault(&d.Meta, diag.New(diag.PolicyIncomplete, d.At("mutations"), "module %s: only stage transform changes writes, so stage %s has no mutations", d.Key, d.Spec.Stage), held)
		return false
	}
	if patches(&d.Spec.RuleSet) {
		return c.checkPatches(&d.Meta, d.Spec.Stage, &d.Spec.RuleSet, m, held)
	}
	switch d.Spec.Stage {
	case schema.Admit, schema.Transform:
		return c.checkWrites(&d.Meta, d.Spec.Stage, &d.Spec.RuleSet, m.params, held)
	}
	if !c.noWrites(&d.Meta, "module", d.Spec.Stage, &d.Spec.RuleSet, held) {
		return false
	}
	program, ok := c.compileProgram(d.At, d.Spec.Stage, &d.Spec.RuleSet, m.params, func(x diag.Diagnostic) { c.fault(&d.Meta, x, held) }, func(x diag.Diagnostic) { c.add(&d.Meta, x) })
	m.program = program
	return ok
}

// Example returns a policy that uses the module with these parameters, or says why
// there is none.
func (m *Module) Example(parameters map[string]any) (p *Policy, problem string) {
	p = &Policy{Meta: m.Meta, Spec: &schema.Policy{Enforcement: schema.Deny}, Stage: m.Spec.Stage, Module: m.Document,
		Rules: m.Spec.RuleSet, RulesAt: &m.Meta}
	if m.schema.Exists() {
		values, problems := complete(m, parameters)
		if len(problems) > 0 {
			return nil, "parameters: " + problems[0].message
		}
		p.Parameters = values
	} else if parameters != nil {
		return nil, "the module has no parameters"
	}
	switch {
	case m.program != nil:
		p.Judged = &facts.Rules{Program: m.program, Parameters: p.Parameters}
	case patches(&p.Rules):
		p.readPatches(m, func(d diag.Diagnostic) { problem = cmp.Or(problem, d.Message) })
		return p, problem
	case p.Stage == schema.Admit || p.Stage == schema.Transform:
		if err := p.compose(); err != nil {
			return nil, err.Error()
		}
	}
	return p, ""
}
