package rule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/tenantry/tenantry/schema"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/lazy"
)

// Program is a set of rules, compiled.
type Program struct {
	variables []compiledVariable
	// variablesType is that of the variable named variables.
	variablesType *apiservercel.DeclType
	rules         []compiledRule
	// uses are the variables that the rules name.
	uses map[string]bool
	// selects are the fields that they look at.
	selects map[selection]bool
	// reads are the parts of variables that the rules look at.
	reads []Read
}

// Names reports whether the rules name a variable.
func (p *Program) Names(variable string) bool { return p.uses[variable] }

// Selects reports whether the rules look at a field of a declared type.
func (p *Program) Selects(of *apiservercel.DeclType, field string) bool {
	return p.selects[selection{of.TypeName(), field}]
}

// Reads returns the parts of variables that the rules look at. The list is shared.
func (p *Program) Reads() []Read { return p.reads }

type compiledVariable struct {
	name string
	*expression
}

type compiledRule struct {
	rule    schema.Rule
	holds   *expression
	message *expression // nil: rule.Message
}

// Broken returns the message of each rule that is broken, and "" for those that
// are kept; nil where all are. A rule that can't be evaluated is broken, as at an API
// server whose failure policy is Fail. bounded says that what is given and the
// parameters are; see [Bounded].
func (p *Program) Broken(given, params map[string]any, bounded bool) []string {
	vars := &scene{program: p, given: given, params: params, bounded: bounded}
	var out []string
	for i, r := range p.rules {
		holds, err := run(r.holds, vars)
		if err == nil && holds == true {
			continue
		}
		if out == nil {
			out = make([]string, len(p.rules))
		}
		if err != nil {
			out[i] = "the rule can't be evaluated: " + err.Error()
		} else {
			out[i] = r.explain(vars)
		}
	}
	return out
}

// scene is what a program's expressions see.
type scene struct {
	program       *Program
	given, params map[string]any
	variables     *lazy.MapValue // nil until an expression asks for it
	// Bounded: what is given and the parameters are; see [Bounded].
	bounded bool
}

// ResolveName returns the value of a variable.
func (s *scene) ResolveName(name string) (any, bool) {
	switch name {
	case Params:
		return s.params, true
	case "variables":
		if s.variables == nil {
			s.variables = lazy.NewMapValue(s.program.variablesType)
			for _, v := range s.program.variables {
				s.variables.Append(v.name, func(*lazy.MapValue) ref.Val {
					out, _, err := v.of(s.bounded).Eval(s)
					if err != nil {
						return errorValue(err)
					}
					return out
				})
			}
		}
		return s.variables, true
	}
	v, ok := s.given[name]
	return v, ok
}

// Parent returns nil: all that is seen is here.
func (s *scene) Parent() interpreter.Activation { return nil }

// explain returns the message of a rule that is broken, by the API server's order:
// the computed one, the fixed one, the expression.
func (r *compiledRule) explain(vars *scene) string {
	if r.message != nil {
		if m, err := run(r.message, vars); err == nil {
			if s, ok := m.(string); ok && strings.TrimSpace(s) != "" && !strings.Contains(s, "\n") {
				return strings.TrimSpace(s)
			}
		}
	}
	if r.rule.Message != "" {
		return r.rule.Message
	}
	return "failed expression: " + strings.TrimSpace(r.rule.Expression)
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
