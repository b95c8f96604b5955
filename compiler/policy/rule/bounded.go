package rule

import (
	"math"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"

	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/library"
)

// expression is a CEL expression, compiled.
type expression struct {
	// Program counts what it costs and ends at the API server's limit.
	program cel.Program
	// uncounted says the same and counts nothing, which is most of the work. It is for
	// values that are bounded, of which the expression can't reach the limit; nil where
	// it may.
	uncounted cel.Program
}

func (e *expression) of(bounded bool) cel.Program {
	if bounded && e.uncounted != nil {
		return e.uncounted
	}
	return e.program
}

// What bounded values hold at most.
const (
	BoundedElements = 200  // of a list or a map
	boundedText     = 1000 // characters
)

// Bounded reports whether no list, map or text in a value is larger than that.
func Bounded(value any) bool {
	switch x := value.(type) {
	case string:
		return len(x) <= boundedText || utf8.RuneCountInString(x) <= boundedText
	case []string:
		return len(x) <= BoundedElements && !slices.ContainsFunc(x, func(e string) bool { return !Bounded(e) })
	case []any:
		return len(x) <= BoundedElements && !slices.ContainsFunc(x, func(e any) bool { return !Bounded(e) })
	case map[string]string:
		for k, e := range x {
			if !Bounded(k) || !Bounded(e) {
				return false
			}
		}
		return len(x) <= BoundedElements
	case map[string]any:
		for k, e := range x {
			if !Bounded(k) || !Bounded(e) {
				return false
			}
		}
		return len(x) <= BoundedElements
	}
	return true
}

// uncounted returns a program that counts no costs, nil where an expression over
// Bounded values may come near the limit.
func uncounted(env *cel.Env, checked *cel.Ast, given []Variable) cel.Program {
	estimable := true
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		estimable = estimable && (e.Kind() != ast.CallKind || estimated[e.AsCall().FunctionName()]) && e.Kind() != ast.StructKind
	}))
	if !estimable {
		return nil
	}
	sizes := boundedSizes{}
	for _, v := range given {
		sizes[v.Name] = true
	}
	// What an expression costs and what is estimated are close, but not the same in
	// each detail.
	const margin = 10
	estimate, err := env.EstimateCost(checked, &library.CostEstimator{SizeEstimator: sizes})
	if err != nil || estimate.Max > celconfig.PerCallLimit/margin {
		return nil
	}
	program, err := uncountedEnvironment().Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil
	}
	return program
}

// estimated are the functions of which CEL's estimate is known to be an upper bound,
// with what boundedSizes says of them.
var estimated = map[string]bool{
	operators.LogicalAnd: true, operators.LogicalOr: true, operators.LogicalNot: true, operators.Conditional: true,
	operators.Equals: true, operators.NotEquals: true, operators.Less: true, operators.LessEquals: true,
	operators.Greater: true, operators.GreaterEquals: true, operators.Add: true, operators.Subtract: true,
	operators.Multiply: true, operators.Divide: true, operators.Modulo: true, operators.Negate: true,
	operators.Index: true, operators.In: true, operators.NotStrictlyFalse: true,
	operators.OptIndex: true, operators.OptSelect: true, "orValue": true, "or": true, "hasValue": true, "value": true,
	overloads.Size: true, "dyn": true, overloads.StartsWith: true, overloads.EndsWith: true, overloads.Contains: true, overloads.Matches: true,
	"quantity": true, "isGreaterThan": true, "isLessThan": true, "compareTo": true,
}

// boundedSizes are the sizes of what stands in bounded variables, by the name of a
// variable. Of what is computed nothing is said, and it counts as boundless.
type boundedSizes map[string]bool

func (s boundedSizes) EstimateSize(n checker.AstNode) *checker.SizeEstimate {
	path := n.Path()
	if len(path) == 0 || !s[path[0]] {
		return nil
	}
	switch n.Type().Kind() {
	case types.ListKind, types.MapKind, types.StructKind:
		return &checker.SizeEstimate{Max: BoundedElements}
	}
	return &checker.SizeEstimate{Max: max(boundedText, BoundedElements)}
}

func (s boundedSizes) EstimateCallCost(_, overload string, target *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	switch overload {
	case overloads.StartsWithString, overloads.EndsWithString:
		// CEL counts the text that is looked at, and estimates by what is looked for.
		size := uint64(math.MaxUint64)
		if target != nil {
			if n := (*target).ComputedSize(); n != nil {
				size = n.Max
			}
		}
		return &checker.CallEstimate{CostEstimate: checker.SizeEstimate{Max: size}.MultiplyByCostFactor(common.StringTraversalCostFactor)}
	}
	return nil
}

// uncountedEnvironment has the functions that are estimated, and no cost limit: no
// option takes away that of the API server's environment.
var uncountedEnvironment = sync.OnceValue(func() *cel.Env {
	env, err := cel.NewEnv(cel.DefaultUTCTimeZone(true), cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(), library.Quantity())
	if err != nil {
		panic(err) // it depends on nothing
	}
	return env
})
