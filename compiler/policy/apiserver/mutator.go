package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/client-go/kubernetes/scheme"
	kjson "sigs.k8s.io/json"
)

// Mutator makes of a write what the API server would make of it by one transform. It
// uses the API server's own patchers, without the exemptions of the platform. It is
// not safe for concurrent use.
type Mutator struct {
	transform *Transform
	schemas   *object.Schemas
	compiler  *plugincel.CompositedCompiler
	patchers  []patch.Patcher
}

// Mutator returns a mutator for a Kubernetes release: 36 for 1.36. The error says
// what the API server would refuse.
func (t *Transform) Mutator(minor int, schemas *object.Schemas) (*Mutator, error) {
	compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(version.MajorMinor(1, uint(min(minor, rule.Latest)))))
	if err != nil {
		return nil, err
	}
	m := &Mutator{transform: t, schemas: schemas, compiler: compiler}
	with := plugincel.OptionalVariableDeclarations{HasAuthorizer: true}
	var problems []error
	for _, v := range t.Spec.Variables {
		if r := compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, with, environment.NewExpressions); r.Error != nil {
			problems = append(problems, r.Error)
		}
	}
	with.HasPatchTypes = true
	for _, one := range t.Spec.Mutations {
		var expression plugincel.ExpressionAccessor
		if one.JSONPatch != nil {
			expression = &patch.JSONPatchCondition{Expression: one.JSONPatch.Expression}
		} else {
			expression = &patch.ApplyConfigurationCondition{Expression: one.ApplyConfiguration.Expression}
		}
		e := compiler.CompileMutatingEvaluator(expression, with, environment.NewExpressions)
		problems = append(problems, e.CompilationErrors()...)
		if one.JSONPatch != nil {
			m.patchers = append(m.patchers, patch.NewJSONPatcher(e))
		} else {
			m.patchers = append(m.patchers, patch.NewApplyConfigurationPatcher(e))
		}
	}
	return m, errors.Join(problems...)
}

// Matches reports whether the transform's match constraints pick a write.
func (m *Mutator) Matches(attributes admission.Attributes) bool {
	c := m.transform.Spec.MatchConstraints
	return matches(c.ResourceRules, attributes) && !matches(c.ExcludeResourceRules, attributes)
}

// Mutate returns the object as the mutations leave it; the one in the write itself
// where they are not about it. An error of type *MutationError says which mutation
// could not be made, for which the API server refuses the write. namespace is the
// Namespace that it goes to.
func (m *Mutator) Mutate(ctx context.Context, attributes admission.Attributes, namespace *corev1.Namespace, authz authorizer.Authorizer) (runtime.Object, error) {
	object := attributes.GetObject()
	if object == nil || !m.Matches(attributes) {
		return object, nil
	}
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedKind: attributes.GetKind(),
		VersionedObject: object, VersionedOldObject: attributes.GetOldObject()}
	ctx = m.compiler.CreateContext(ctx)
	for i, p := range m.patchers {
		changed, err := apply(ctx, p, patch.Request{
			MatchedResource: attributes.GetResource(), VersionedAttributes: versioned,
			ObjectInterfaces:  admission.NewObjectInterfacesFromScheme(scheme.Scheme),
			OptionalVariables: plugincel.OptionalVariableBindings{Authorizer: authz},
			Namespace:         namespace, TypeConverter: m.schemas.Converter(attributes.GetKind()),
		})
		if err == nil {
			err = strict(attributes.GetKind(), changed)
		}
		if err != nil {
			return nil, &MutationError{m.transform.Steps[i], err}
		}
		versioned.VersionedObject = changed
	}
	return versioned.VersionedObject, nil
}

// apply makes one mutation. The API server's own code panics where a JSON patch's
// value is a list of Object{…}, and answers the write with an internal error.
func apply(ctx context.Context, p patch.Patcher, r patch.Request) (changed runtime.Object, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("the API server fails on it: %v", problem)
		}
	}()
	return p.Patch(ctx, r, celconfig.RuntimeCELCostBudget)
}

// MutationError is a mutation that could not be made.
type MutationError struct {
	Step Step
	err  error
}

func (e *MutationError) Error() string { return rule.PlainMessage(e.err.Error()) }

func (e *MutationError) Unwrap() error { return e.err }

// strict refuses fields that a kind of Kubernetes' own does not have, as the API
// server does.
func strict(kind kubeschema.GroupVersionKind, object runtime.Object) error {
	typed, err := scheme.Scheme.New(kind)
	if err != nil {
		return nil // a custom resource: its schema prunes
	}
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	problems, err := kjson.UnmarshalStrict(text, typed)
	if err != nil {
		return err
	}
	return errors.Join(problems...)
}
