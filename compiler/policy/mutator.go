package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	corev1 "k8s.io/api/core/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kube-openapi/pkg/validation/spec"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Mutator makes of a write what the API server would make of it by one transform. It
// uses the API server's own patchers, without the exemptions of the platform. It is
// not safe for concurrent use.
type Mutator struct {
	transform *Transform
	schemas   *Schemas
	compiler  *plugincel.CompositedCompiler
	patchers  []patch.Patcher
}

// Mutator returns a mutator for a Kubernetes release: 36 for 1.36. The error says
// what the API server would refuse.
func (t *Transform) Mutator(minor int, schemas *Schemas) (*Mutator, error) {
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
			Namespace:         namespace, TypeConverter: m.schemas.of(attributes.GetKind()),
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

// Schemas know how objects are merged: Kubernetes' own kinds, and those that API
// sets define.
type Schemas struct {
	tenancy *tenancy.Tenancy
	mu      sync.Mutex
	known   map[kubeschema.GroupVersionKind]managedfields.TypeConverter
}

// Schemas returns the schemas of all kinds that the tenancy repo knows.
func (p *Policies) Schemas() *Schemas { return p.schemas }

func newSchemas(t *tenancy.Tenancy) *Schemas {
	return &Schemas{tenancy: t, known: map[kubeschema.GroupVersionKind]managedfields.TypeConverter{}}
}

var builtinConverter = sync.OnceValue(func() managedfields.TypeConverter {
	return applyconfigurations.NewTypeConverter(scheme.Scheme)
})

// Converter returns what converts objects of a kind to what they are merged as.
func (s *Schemas) Converter(kind kubeschema.GroupVersionKind) managedfields.TypeConverter {
	return s.of(kind)
}

// of returns what converts objects of a kind. Of one that nothing is known of, lists
// are taken as a whole.
func (s *Schemas) of(kind kubeschema.GroupVersionKind) managedfields.TypeConverter {
	if scheme.Scheme.Recognizes(kind) {
		return builtinConverter()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.known[kind]
	if !ok {
		var err error
		if c, err = s.custom(kind); err != nil || c == nil {
			c = managedfields.NewDeducedTypeConverter()
		}
		s.known[kind] = c
	}
	return c
}

func (s *Schemas) custom(kind kubeschema.GroupVersionKind) (managedfields.TypeConverter, error) {
	for _, set := range s.tenancy.APISets {
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.Group != kind.Group || r.Kind != kind.Kind || r.CRD == nil {
					continue
				}
				for _, version := range definedVersions(r.CRD.Data, r.CRD.Name) {
					if version.name == kind.Version {
						return managedfields.NewTypeConverter(map[string]*spec.Schema{kind.String(): whole(version.schema, kind)}, false)
					}
				}
			}
		}
	}
	return nil, nil
}

// whole completes the schema of a custom resource with what all objects have.
func whole(s *spec.Schema, kind kubeschema.GroupVersionKind) *spec.Schema {
	out := *s
	out.Properties = maps.Clone(s.Properties)
	if out.Properties == nil {
		out.Properties = map[string]spec.Schema{}
	}
	out.Properties["apiVersion"], out.Properties["kind"] = *spec.StringProperty(), *spec.StringProperty()
	meta := spec.Schema{}
	meta.Type = spec.StringOrArray{"object"}
	meta.Properties = map[string]spec.Schema{"labels": *spec.MapProperty(spec.StringProperty()), "annotations": *spec.MapProperty(spec.StringProperty())}
	meta.AddExtension("x-kubernetes-preserve-unknown-fields", true)
	out.Properties["metadata"] = meta
	out.Extensions = maps.Clone(s.Extensions)
	out.AddExtension("x-kubernetes-group-version-kind", []any{map[string]any{"group": kind.Group, "version": kind.Version, "kind": kind.Kind}})
	return &out
}

// definition finds a CustomResourceDefinition in its file, which may hold others.
func definition(data []byte, name string) (*apiextensions.CustomResourceDefinition, error) {
	for _, text := range strings.Split("\n"+string(data), "\n---") {
		var crd apiextensions.CustomResourceDefinition
		if err := yaml.Unmarshal([]byte(text), &crd); err == nil && crd.Name == name {
			return &crd, nil
		}
	}
	return nil, fmt.Errorf("there is no definition %s", name)
}

// Transform returns what one policy at stage transform makes of writes by itself.
func (p *Policy) Transform() (*Transform, error) { return newTransform([]*Policy{p}) }
