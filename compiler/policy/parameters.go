package policy

import (
	"encoding/json"
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"

	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/diag"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

const parameterField = "#parameters"

// parameters holds the policy's parameters to the module's schema, and completes
// them with the defaults that it has.
func (c *compiler) parameters(p *Policy, m *Module) bool {
	if !m.schema.Exists() {
		if len(p.Spec.Parameters) > 0 {
			c.fault(&p.Meta, diag.New(diag.ParametersInvalid, p.At("parameters"), "module %s has no parameters", m.Key).
				See(m.Pos, "the module stands here"), notEnforced)
			return false
		}
		return true
	}
	values, problems := complete(m, p.Spec.Parameters)
	for _, e := range problems {
		d := diag.New(diag.ParametersInvalid, p.At(append([]string{"parameters"}, e.path...)...), "parameters of policy %s: %s", p.Key, e.message).
			See(m.At(append([]string{parameterField}, e.path...)...), "module %s demands it here", m.Key)
		c.fault(&p.Meta, d, notEnforced)
	}
	p.Parameters = values
	return len(problems) == 0
}

type parameterProblem struct {
	path    []string
	message string
}

// complete evaluates parameters under the schema of a module.
func complete(m *Module, given map[string]any) (map[string]any, []parameterProblem) {
	if given == nil {
		given = map[string]any{}
	}
	// A value fills a schema by way of JSON, so that no Go type gets in between.
	text, err := json.Marshal(given)
	if err != nil {
		return nil, []parameterProblem{{nil, err.Error()}}
	}
	v := m.schema.Unify(cuecontext.New().CompileBytes(text, cue.Filename("given.json")))
	if err := v.Validate(cue.Concrete(true), cue.Final()); err != nil {
		var out []parameterProblem
		seen := map[string]bool{}
		for _, e := range errors.Errors(err) {
			path := e.Path()
			if len(path) > 0 && path[0] == parameterField {
				path = path[1:]
			}
			format, args := e.Msg()
			message := strings.Join(path, ".")
			if message != "" {
				message += ": "
			}
			message += fmt.Sprintf(format, args...)
			if once := strings.Join(path, "."); !seen[once] {
				seen[once] = true
				out = append(out, parameterProblem{path, message})
			}
		}
		return nil, out
	}
	text, err = v.MarshalJSON()
	if err != nil {
		return nil, []parameterProblem{{nil, err.Error()}}
	}
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, []parameterProblem{{nil, err.Error()}}
	}
	return typed(values, m.params).(map[string]any), nil
}

// typeOf returns the CEL type of what a CUE schema admits; what CEL has no type
// for is dynamic.
func typeOf(v cue.Value) *apiservercel.DeclType {
	switch v.IncompleteKind() {
	case cue.BoolKind:
		return apiservercel.BoolType
	case cue.StringKind:
		return apiservercel.StringType
	case cue.IntKind:
		return apiservercel.IntType
	case cue.FloatKind, cue.NumberKind:
		return apiservercel.DoubleType
	case cue.ListKind:
		elem := apiservercel.DynType
		if e := v.LookupPath(cue.MakePath(cue.AnyIndex)); e.Exists() {
			elem = typeOf(e)
		}
		return apiservercel.NewListType(elem, -1)
	case cue.StructKind:
		return structType(v)
	}
	return apiservercel.DynType
}

func structType(v cue.Value) *apiservercel.DeclType {
	fields := map[string]*apiservercel.DeclField{}
	it, err := v.Fields(cue.Optional(true))
	if err != nil {
		return apiservercel.NewMapType(apiservercel.StringType, apiservercel.DynType, -1)
	}
	for it.Next() {
		name := it.Selector().Unquoted()
		if !rule.Identifier(name) {
			return apiservercel.NewMapType(apiservercel.StringType, apiservercel.DynType, -1)
		}
		fields[name] = apiservercel.NewDeclField(name, typeOf(it.Value()), !it.IsOptional(), nil, nil)
	}
	if any := v.LookupPath(cue.MakePath(cue.AnyString)); any.Exists() {
		elem := apiservercel.DynType
		if len(fields) == 0 {
			elem = typeOf(any)
		}
		return apiservercel.NewMapType(apiservercel.StringType, elem, -1)
	}
	return apiservercel.NewObjectType("object", fields)
}

// typed gives the numbers of a JSON value the types that were declared.
func typed(value any, t *apiservercel.DeclType) any {
	switch x := value.(type) {
	case float64:
		if t == apiservercel.DoubleType || x != float64(int64(x)) {
			return x
		}
		return int64(x)
	case []any:
		elem := apiservercel.DynType
		if t.IsList() {
			elem = t.ElemType
		}
		for i := range x {
			x[i] = typed(x[i], elem)
		}
	case map[string]any:
		for name := range x {
			field := apiservercel.DynType
			if f, ok := t.FindField(name); ok && t.IsObject() {
				field = f.Type
			} else if t.IsMap() {
				field = t.ElemType
			}
			x[name] = typed(x[name], field)
		}
	}
	return value
}
