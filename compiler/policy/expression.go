package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
)

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func itoa(i int) string { return strconv.Itoa(i) }

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// latest is the minor number of the Kubernetes release whose library this is.
// Expressions that the API server never sees are compiled for it.
const latest = 36

// declared is a variable of a rule's environment.
type declared struct {
	name string
	typ  *apiservercel.DeclType
}

// environmentOf returns the API server's CEL environment of a Kubernetes release,
// as it takes new expressions, with variables of these types.
func environmentOf(minor int, vars []declared, more ...cel.EnvOption) (*cel.Env, error) {
	var objects []*apiservercel.DeclType
	options := more
	for _, v := range vars {
		options = append(options, cel.Variable(v.name, v.typ.CelType()))
		objects = append(objects, v.typ)
	}
	set, err := environment.MustBaseEnvSet(version.MajorMinor(1, uint(minor))).Extend(
		environment.VersionedOptions{IntroducedVersion: version.MajorMinor(1, 0), EnvOptions: options, DeclTypes: objects},
		environment.StrictCostOpt)
	if err != nil {
		return nil, err
	}
	return set.NewExpressionsEnv(), nil
}

// program is a set of rules, compiled.
type program struct {
	variables []compiled
	// variablesType is that of the variable named variables.
	variablesType *apiservercel.DeclType
	rules         []compiledRule
	// sums: the rules look at other logical clusters than the one that they judge.
	sums bool
	// uses are the variables that the rules name.
	uses map[string]bool
	// reads are the parts of variables that the rules look at.
	reads []read
}

type compiled struct {
	name string
	*expression
}

type compiledRule struct {
	rule    schema.Rule
	holds   *expression
	message *expression // nil: rule.Message
}

// celProblem is what is wrong with one expression of a set of rules.
type celProblem struct {
	// path leads to the expression in its document.
	path []string
	// expression is the text, and location where in it the problem stands: line
	// from 1, column from 0.
	expression string
	location   common.Location
	message    string
}

// ruleEnvironment is an environment with a variable named variables, whose fields
// each set of rules declares anew. Making one costs more than compiling with it.
type ruleEnvironment struct {
	*cel.Env
	variables *apiservercel.DeclType
	// given are the variables of rules that the compiler itself runs.
	given []declared
	// object is the type of the objects that are written; nil or dynamic where it is
	// not known.
	object *apiservercel.DeclType
	// merged is how these objects are merged; nil where it is not known.
	merged *mergedType
	// mutations also knows the types of changes; nil until it is needed.
	mutations *cel.Env
}

func newRuleEnvironment(minor int, vars []declared, more ...cel.EnvOption) (*ruleEnvironment, error) {
	e := &ruleEnvironment{variables: apiservercel.NewObjectType("variables", map[string]*apiservercel.DeclField{})}
	var err error
	e.Env, err = environmentOf(minor, append(slices.Clone(vars), declared{"variables", e.variables}), more...)
	return e, err
}

// environmentKey tells apart the environments of one run.
type environmentKey struct {
	minor          int
	object, params *apiservercel.DeclType // object is nil where there are no writes
	evolve         bool
}

func (c *compiler) environment(key environmentKey) (*ruleEnvironment, error) {
	if e := c.environments[key]; e != nil {
		return e, nil
	}
	var e *ruleEnvironment
	var err error
	if key.object != nil {
		e, err = newRuleEnvironment(key.minor, admitVariables(key.object, key.params), authorizerVariables...)
	} else {
		vars := slices.Clone(acquireVariables)
		if key.evolve {
			vars = slices.Clone(evolveVariables)
		}
		if key.params != nil {
			vars = append(vars, declared{ParamsVariable, key.params})
		}
		if e, err = newRuleEnvironment(key.minor, vars); e != nil {
			e.given = vars
		}
	}
	if err != nil {
		return nil, err
	}
	if !c.open[key.object] {
		e.object = key.object
	}
	if kind, ok := c.kinds[key.object]; ok {
		e.merged = mergedAs(c.out.schemas, kind)
	}
	if c.environments == nil {
		c.environments = map[environmentKey]*ruleEnvironment{}
	}
	c.environments[key] = e
	return e, nil
}

// compileRules compiles a set of rules. It goes on after a problem: the program is
// whole only where there is none. cost is called with the estimate of each
// expression, which may be too high and, where objects are larger than is usual,
// too low.
func compileRules(set *schema.RuleSet, env *ruleEnvironment, cost func(path []string, expression string, max uint64)) (*program, []celProblem) {
	p := &program{uses: map[string]bool{}, variablesType: env.variables}
	fields := env.variables.Fields
	clear(fields)
	var problems []celProblem
	in := env.Env
	compile := func(path []string, text string, want *cel.Type) (*expression, *cel.Type) {
		ast, issues := in.Compile(text)
		if issues.Err() != nil {
			for _, e := range issues.Errors() {
				problems = append(problems, celProblem{path, text, e.Location, e.Message})
			}
			return nil, nil
		}
		p.note(ast)
		if out := ast.OutputType(); want != nil && !out.IsExactType(want) && !out.IsExactType(cel.DynType) {
			problems = append(problems, celProblem{path, text, common.NewLocation(1, 0), fmt.Sprintf("it yields %s, want %s", out, want)})
			return nil, nil
		}
		if want == applyType || want == jsonPatchType {
			for _, p := range checkChange(ast, env.object, env.merged) {
				problems = append(problems, celProblem{path, text, p.location, p.message})
			}
		}
		if estimate, err := in.EstimateCost(ast, &library.CostEstimator{SizeEstimator: usualSizes{}}); err == nil && cost != nil {
			cost(path, text, estimate.Max)
		}
		prog, err := in.Program(ast, cel.InterruptCheckFrequency(celconfig.CheckFrequency))
		if err != nil {
			problems = append(problems, celProblem{path, text, common.NewLocation(1, 0), err.Error()})
			return nil, nil
		}
		out := &expression{program: prog}
		if env.given != nil {
			out.uncounted = uncounted(in, ast, env.given)
		}
		return out, ast.OutputType()
	}
	for i, v := range set.Variables {
		prog, out := compile([]string{"variables", itoa(i), "expression"}, v.Expression, nil)
		if _, twice := fields[v.Name]; twice {
			problems = append(problems, celProblem{[]string{"variables", itoa(i), "name"}, "", common.NoLocation, "variable " + v.Name + " is declared twice"})
		}
		fields[v.Name] = apiservercel.NewDeclField(v.Name, declTypeOf(out), true, nil, nil)
		p.variables = append(p.variables, compiled{v.Name, prog})
	}
	conditions := map[string]bool{}
	for i, v := range set.MatchConditions {
		delete(p.uses, "variables")
		compile([]string{"matchConditions", itoa(i), "expression"}, v.Expression, cel.BoolType)
		if p.uses["variables"] {
			problems = append(problems, celProblem{[]string{"matchConditions", itoa(i), "expression"}, v.Expression, common.NewLocation(1, 0), "a match condition can't see variables"})
		}
		if conditions[v.Name] {
			problems = append(problems, celProblem{[]string{"matchConditions", itoa(i), "name"}, "", common.NoLocation, "match condition " + v.Name + " is declared twice"})
		}
		conditions[v.Name] = true
	}
	if len(set.Mutations) > 0 {
		var err error
		if in, err = env.forMutations(); err != nil {
			problems = append(problems, celProblem{[]string{"mutations"}, "", common.NoLocation, err.Error()})
			in = env.Env
		}
		for i, m := range set.Mutations {
			compile(mutationPath(i, m), mutationText(m), mutationType(m))
		}
		in = env.Env
	}
	for i, r := range set.Rules {
		one := compiledRule{rule: r}
		one.holds, _ = compile([]string{"rules", itoa(i), "expression"}, r.Expression, cel.BoolType)
		if r.MessageExpression != "" {
			one.message, _ = compile([]string{"rules", itoa(i), "messageExpression"}, r.MessageExpression, cel.StringType)
		}
		p.rules = append(p.rules, one)
	}
	return p, problems
}

// declTypeOf returns the declaration of a CEL type. An object keeps its name, by
// which the environment knows its fields.
func declTypeOf(t *cel.Type) *apiservercel.DeclType {
	if t == nil {
		return apiservercel.DynType
	}
	return apiservercel.NewSimpleTypeWithMinSize(t.String(), t, nil, 0)
}

// note remembers which variables an expression names, and whether it looks at
// sums.
func (p *program) note(a *cel.Ast) {
	checked := a.NativeRep()
	for _, ref := range checked.ReferenceMap() {
		if ref.Name != "" {
			p.uses[ref.Name] = true
		}
	}
	if p.uses["siblings"] {
		p.sums = true
	}
	p.noteReads(a)
	visitSelects(checked.Expr(), func(operand int64, field string) {
		if t := checked.GetType(operand); t != nil && t.TypeName() == organizationType.TypeName() && (field == "quota" || field == "logicalClusters") {
			p.sums = true
		}
	})
}

// usualSizes is what an object's lists, maps and texts are taken to hold at most,
// where nothing says so: the API server has no static bound, and a bound by the
// size of a request would refuse nearly every rule.
type usualSizes struct{}

const (
	usualElements = 25
	usualText     = 253
)

func (usualSizes) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	switch n.Type().Kind() {
	case types.StringKind, types.BytesKind:
		return &checker.SizeEstimate{Max: usualText}
	}
	return &checker.SizeEstimate{Max: usualElements}
}

func (usualSizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// costs warns of expressions that are likely to exceed what the API server spends
// on one.
func (c *compiler) costs(at func(path ...string) diag.Position, warn func(diag.Diagnostic)) func(path []string, expression string, max uint64) {
	return func(path []string, expression string, max uint64) {
		if max > celconfig.PerCallLimit {
			warn(diag.New(diag.ExpressionCost, at(path...), "%s may cost %s of the %d units that one evaluation may take, with lists of %d elements",
				fieldName(path), largeNumber(max), celconfig.PerCallLimit, usualElements).
				Suggest("nest fewer loops over lists, or look at fewer elements"))
		}
	}
}

func largeNumber(n uint64) string {
	if n > 1e12 {
		return "more than 10^12"
	}
	return fmt.Sprint(n)
}

// problems reports what is wrong with the expressions of a document.
func (c *compiler) problems(code diag.Code, at func(path ...string) diag.Position, problems []celProblem, where string) []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, p := range problems {
		pos := at(p.path...)
		if p.location != common.NoLocation {
			pos = within(c.sources, pos, p.expression, p.location)
		}
		out = append(out, diag.New(code, pos, "%s%s: %s", fieldName(p.path), where, plainMessage(p.message)))
	}
	return out
}

// fieldName writes a path as people do: rules[0].expression.
func fieldName(path []string) string {
	var b strings.Builder
	for i, s := range path {
		if _, err := strconv.Atoi(s); err == nil {
			b.WriteString("[" + s + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s)
	}
	return b.String()
}

// plainMessage drops what CEL says of its own containers.
func plainMessage(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, " (in container '')", ""), "\n", " ")
}

// run evaluates an expression; problem says in plain words why it could not be.
func run(e *expression, vars *scene) (value any, problem error) {
	v, _, err := e.of(vars.bounded).Eval(vars)
	if err != nil {
		return nil, err
	}
	if types.IsError(v) {
		return nil, errors.New(fmt.Sprint(v))
	}
	return v.Value(), nil
}

func errorValue(err error) ref.Val { return types.WrapErr(err) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
