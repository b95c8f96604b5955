package example

import (
	"fmt"

	"github.com/tenantry/tenantry/compiler/policy/rule"
	"k8s.io/apimachinery/pkg/api/resource"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// givenOf completes what a case says of variables.
func givenOf(given map[string]any, variables []rule.Variable) (map[string]any, error) {
	out := map[string]any{}
	for _, v := range variables {
		x, err := fill(v.Type, given[v.Name], v.Name)
		if err != nil {
			return nil, err
		}
		out[v.Name] = x
	}
	for name := range given {
		if _, ok := out[name]; !ok {
			return nil, fmt.Errorf("given: there is no variable %s", name)
		}
	}
	return out, nil
}

// fill gives a value its declared type; what is left out is empty.
func fill(t *apiservercel.DeclType, x any, path string) (any, error) {
	switch {
	case t.IsObject() && t != apiservercel.QuantityDeclType:
		return fillObject(t, x, path)
	case t.IsList():
		return fillList(t, x, path)
	case t.IsMap():
		return fillMap(t, x, path)
	case t == apiservercel.QuantityDeclType:
		q, err := resource.ParseQuantity(fmt.Sprint(x))
		if err != nil {
			return nil, mistyped(path, "quantity")
		}
		return apiservercel.Quantity{Quantity: &q}, nil
	case t == apiservercel.StringType:
		return plain[string](x, path, "text")
	case t == apiservercel.BoolType:
		return plain[bool](x, path, "true or false")
	case t == apiservercel.IntType:
		return plain[int64](x, path, "whole number")
	}
	return x, nil
}

func mistyped(path, want string) error { return fmt.Errorf("given: %s is no %s", path, want) }

// plain returns a value of a Go type; the zero value where there is none.
func plain[T any](x any, path, want string) (any, error) {
	out, ok := x.(T)
	if x != nil && !ok {
		return nil, mistyped(path, want)
	}
	return out, nil
}

func fillObject(t *apiservercel.DeclType, x any, path string) (any, error) {
	m, ok := x.(map[string]any)
	if x != nil && !ok {
		return nil, mistyped(path, "struct")
	}
	out := map[string]any{}
	for name, f := range t.Fields {
		v, err := fill(f.Type, m[name], path+"."+name)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	for name := range m {
		if t.Fields[name] == nil {
			return nil, fmt.Errorf("given: %s has no field %s", path, name)
		}
	}
	return out, nil
}

func fillList(t *apiservercel.DeclType, x any, path string) (any, error) {
	list, ok := x.([]any)
	if x != nil && !ok {
		return nil, mistyped(path, "list")
	}
	out := []any{}
	for i, e := range list {
		v, err := fill(t.ElemType, e, fmt.Sprintf("%s[%d]", path, i))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func fillMap(t *apiservercel.DeclType, x any, path string) (any, error) {
	m, ok := x.(map[string]any)
	if x != nil && !ok {
		return nil, mistyped(path, "struct")
	}
	out := map[string]any{}
	for name, e := range m {
		v, err := fill(t.ElemType, e, path+"."+name)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, nil
}
