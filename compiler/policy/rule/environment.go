// Package rule compiles sets of rules in CEL by the API server's own library.
//
// A set of rules has variables, match conditions, mutations and rules proper; see
// [schema.RuleSet]. An [Environment] says what its expressions can look at. [Compile]
// makes a [Program] of it, or says by a [Problem] what is wrong with which expression,
// and where.
package rule

import (
	"slices"

	"github.com/google/cel-go/cel"

	"k8s.io/apimachinery/pkg/util/version"
	apiservercel "k8s.io/apiserver/pkg/cel"
	celcommon "k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
	"k8s.io/apiserver/pkg/cel/mutation"
)

// Latest is the minor number of the Kubernetes release whose library this is.
// Expressions that the API server never sees are compiled for it.
const Latest = 36

// Variable is a variable of a rule's environment.
type Variable struct {
	Name string
	Type *apiservercel.DeclType
}

// Params is the name of the variable that holds the parameters of a module.
const Params = "params"

// Environment says what the expressions of a set of rules can look at. It has a
// variable named variables, whose fields each set of rules declares anew. Making one
// costs more than compiling with it. It is not safe for concurrent use.
type Environment struct {
	*cel.Env
	variables *apiservercel.DeclType
	// Given are the variables, of rules that the compiler itself runs; nil for others.
	Given []Variable
	// Object is the type of the objects that are written; nil or dynamic where it is
	// not known.
	Object *apiservercel.DeclType
	// Merged is how these objects are merged; nil where it is not known.
	Merged *Merged
	// mutations also knows the types of changes; nil until it is needed.
	mutations *cel.Env
}

// NewEnvironment returns the API server's environment of a Kubernetes release, 36 for
// 1.36, with variables and whatever options more has.
func NewEnvironment(minor int, vars []Variable, more ...cel.EnvOption) (*Environment, error) {
	e := &Environment{variables: apiservercel.NewObjectType("variables", map[string]*apiservercel.DeclField{})}
	var err error
	e.Env, err = environmentOf(minor, append(slices.Clone(vars), Variable{"variables", e.variables}), more...)
	return e, err
}

// environmentOf returns the API server's CEL environment of a Kubernetes release,
// as it takes new expressions, with variables of these types.
func environmentOf(minor int, vars []Variable, more ...cel.EnvOption) (*cel.Env, error) {
	var objects []*apiservercel.DeclType
	options := more
	for _, v := range vars {
		options = append(options, cel.Variable(v.Name, v.Type.CelType()))
		objects = append(objects, v.Type)
	}
	set, err := environment.MustBaseEnvSet(version.MajorMinor(1, uint(minor))).Extend(
		environment.VersionedOptions{IntroducedVersion: version.MajorMinor(1, 0), EnvOptions: options, DeclTypes: objects},
		environment.StrictCostOpt)
	if err != nil {
		return nil, err
	}
	return set.NewExpressionsEnv(), nil
}

// forMutations returns the environment of mutations, as the API server has it.
func (e *Environment) forMutations() (*cel.Env, error) {
	if e.mutations == nil {
		env, err := e.Env.Extend(celcommon.ResolverEnvOption(&mutation.DynamicTypeResolver{}), environment.UnversionedLib(library.JSONPatch))
		if err != nil {
			return nil, err
		}
		e.mutations = env
	}
	return e.mutations, nil
}
