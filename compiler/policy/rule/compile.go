package rule

import (
	"fmt"
	"strconv"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"

	"github.com/tenantry/tenantry/schema"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/library"
)

// Compile compiles a set of rules. It goes on after a problem: the program is
// whole only where there is none. cost is called with the estimate of each
// expression, which may be too high and, where objects are larger than is usual,
// too low.
func Compile(set *schema.RuleSet, env *Environment, cost func(path []string, expression string, max uint64)) (*Program, []Problem) {
	c := &compilation{env: env, in: env.Env, cost: cost,
		program: &Program{uses: map[string]bool{}, selects: map[selection]bool{}, variablesType: env.variables}}
	clear(env.variables.Fields)
	c.variables(set.Variables)
	c.conditions(set.MatchConditions)
	c.mutations(set.Mutations)
	c.rules(set.Rules)
	return c.program, c.problems
}

// compilation is a set of rules on its way to a program.
type compilation struct {
	env      *Environment
	in       *cel.Env // the environment, or that of mutations
	cost     func(path []string, expression string, max uint64)
	program  *Program
	problems []Problem
}

// expression compiles one expression, which must yield the wanted type where there is
// one. Its type is nil where it can't be compiled.
func (c *compilation) expression(path []string, text string, want *cel.Type) (*expression, *cel.Type) {
	checked, issues := c.in.Compile(text)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			c.problems = append(c.problems, Problem{path, text, e.Location, e.Message})
		}
		return nil, nil
	}
	c.program.note(checked)
	if out := checked.OutputType(); want != nil && !out.IsExactType(want) && !out.IsExactType(cel.DynType) {
		c.problems = append(c.problems, Problem{path, text, common.NewLocation(1, 0), fmt.Sprintf("it yields %s, want %s", out, want)})
		return nil, nil
	}
	if want == applyType || want == jsonPatchType {
		for _, p := range checkChange(checked, c.env.Object, c.env.Merged) {
			c.problems = append(c.problems, Problem{path, text, p.location, p.message})
		}
	}
	if estimate, err := c.in.EstimateCost(checked, &library.CostEstimator{SizeEstimator: usualSizes{}}); err == nil && c.cost != nil {
		c.cost(path, text, estimate.Max)
	}
	program, err := c.in.Program(checked, cel.InterruptCheckFrequency(celconfig.CheckFrequency))
	if err != nil {
		c.problems = append(c.problems, Problem{path, text, common.NewLocation(1, 0), err.Error()})
		return nil, nil
	}
	out := &expression{program: program}
	if c.env.Given != nil {
		out.uncounted = uncounted(c.in, checked, c.env.Given)
	}
	return out, checked.OutputType()
}

func (c *compilation) variables(list []schema.Expression) {
	fields := c.env.variables.Fields
	for i, v := range list {
		compiled, out := c.expression([]string{"variables", strconv.Itoa(i), "expression"}, v.Expression, nil)
		if _, twice := fields[v.Name]; twice {
			c.problems = append(c.problems, Problem{[]string{"variables", strconv.Itoa(i), "name"}, "", common.NoLocation, "variable " + v.Name + " is declared twice"})
		}
		fields[v.Name] = apiservercel.NewDeclField(v.Name, declTypeOf(out), true, nil, nil)
		c.program.variables = append(c.program.variables, compiledVariable{v.Name, compiled})
	}
}

func (c *compilation) conditions(list []schema.Expression) {
	names := map[string]bool{}
	for i, v := range list {
		delete(c.program.uses, "variables")
		c.expression([]string{"matchConditions", strconv.Itoa(i), "expression"}, v.Expression, cel.BoolType)
		if c.program.uses["variables"] {
			c.problems = append(c.problems, Problem{[]string{"matchConditions", strconv.Itoa(i), "expression"}, v.Expression, common.NewLocation(1, 0), "a match condition can't see variables"})
		}
		if names[v.Name] {
			c.problems = append(c.problems, Problem{[]string{"matchConditions", strconv.Itoa(i), "name"}, "", common.NoLocation, "match condition " + v.Name + " is declared twice"})
		}
		names[v.Name] = true
	}
}

func (c *compilation) mutations(list []schema.Mutation) {
	if len(list) == 0 {
		return
	}
	env, err := c.env.forMutations()
	if err != nil {
		c.problems = append(c.problems, Problem{[]string{"mutations"}, "", common.NoLocation, err.Error()})
		env = c.env.Env
	}
	c.in = env
	for i, m := range list {
		c.expression(MutationPath(i, m), MutationText(m), mutationType(m))
	}
	c.in = c.env.Env
}

func (c *compilation) rules(list []schema.Rule) {
	for i, r := range list {
		one := compiledRule{rule: r}
		one.holds, _ = c.expression([]string{"rules", strconv.Itoa(i), "expression"}, r.Expression, cel.BoolType)
		if r.MessageExpression != "" {
			one.message, _ = c.expression([]string{"rules", strconv.Itoa(i), "messageExpression"}, r.MessageExpression, cel.StringType)
		}
		c.program.rules = append(c.program.rules, one)
	}
}

// declTypeOf returns the declaration of a CEL type. An object keeps its name, by
// which the environment knows its fields.
func declTypeOf(t *cel.Type) *apiservercel.DeclType {
	if t == nil {
		return apiservercel.DynType
	}
	return apiservercel.NewSimpleTypeWithMinSize(t.String(), t, nil, 0)
}
