package apiserver

import (
	"github.com/google/cel-go/cel"

	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/library"
)

// admitVariables are the variables of rules at stage admit, for objects of a type.
func admitVariables(object, params *apiservercel.DeclType) []rule.Variable {
	vars := []rule.Variable{
		{Name: plugincel.ObjectVarName, Type: object}, {Name: plugincel.OldObjectVarName, Type: object},
		{Name: plugincel.RequestVarName, Type: plugincel.BuildRequestType()},
		{Name: plugincel.NamespaceVarName, Type: plugincel.BuildNamespaceType()},
	}
	if params != nil {
		vars = append(vars, rule.Variable{Name: rule.Params, Type: params})
	}
	return vars
}

// authorizerVariables are the variables by which rules ask what the user may do.
var authorizerVariables = []cel.EnvOption{
	cel.Variable(plugincel.AuthorizerVarName, library.AuthorizerType),
	cel.Variable(plugincel.RequestResourceAuthorizerVarName, library.ResourceCheckType),
}

// newEnvironment returns the environment of rules on writes of objects of a type, on a
// Kubernetes release: 36 for 1.36. params is the type of the parameters, nil where there
// are none.
func newEnvironment(minor int, of object.Type, params *apiservercel.DeclType, schemas *object.Schemas) (*rule.Environment, error) {
	e, err := rule.NewEnvironment(minor, admitVariables(of.Type, params), authorizerVariables...)
	if err != nil {
		return nil, err
	}
	if !of.Open {
		e.Object = of.Type
	}
	if of.Kind.Kind != "" {
		e.Merged = rule.MergedAs(schemas.Converter(of.Kind), of.Kind)
	}
	return e, nil
}

// Environments are the environments of one run, each made once.
type Environments struct {
	schemas *object.Schemas
	known   map[environmentKey]*rule.Environment
}

type environmentKey struct {
	minor          int
	object, params *apiservercel.DeclType
}

// NewEnvironments returns environments, none of which is made yet.
func NewEnvironments(schemas *object.Schemas) *Environments {
	return &Environments{schemas, map[environmentKey]*rule.Environment{}}
}

// Of returns what [newEnvironment] does.
func (e *Environments) Of(minor int, of object.Type, params *apiservercel.DeclType) (*rule.Environment, error) {
	key := environmentKey{minor, of.Type, params}
	if known := e.known[key]; known != nil {
		return known, nil
	}
	out, err := newEnvironment(minor, of, params, e.schemas)
	if err == nil {
		e.known[key] = out
	}
	return out, err
}
