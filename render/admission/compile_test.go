package admission_test

import (
	"fmt"
	"testing"

	"github.com/tenantry/tenantry/render/admission"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// Every expression must compile in the environment of the oldest version of
// Kubernetes that a tenancy repo may name, and of the newest, as a new
// expression: what a server accepts that has just been upgraded.
func TestExpressionsCompile(t *testing.T) {
	for _, minor := range []uint{30, 33, 36} {
		t.Run(fmt.Sprintf("1.%d", minor), func(t *testing.T) {
			for _, m := range admission.Platform(platform()) {
				if m.Get("kind") != "ValidatingAdmissionPolicy" {
					continue
				}
				p := decode[admissionv1.ValidatingAdmissionPolicy](t, m)
				compilePolicy(t, environment.MustBaseEnvSet(version.MajorMinor(1, minor)), p)
			}
		})
	}
}

func compilePolicy(t *testing.T, env *environment.EnvSet, p *admissionv1.ValidatingAdmissionPolicy) {
	full := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	check := func(c cel.Compiler, what string, e cel.ExpressionAccessor, o cel.OptionalVariableDeclarations) {
		t.Helper()
		if err := c.CompileCELExpression(e, o, environment.NewExpressions).Error; err != nil {
			t.Errorf("%s, %s: %v\n%s", p.Name, what, err, e.GetExpression())
		}
	}
	// The API server judges match conditions without variables.
	plain := cel.NewCompiler(env)
	for i := range p.Spec.MatchConditions {
		check(plain, "match condition", (*matchconditions.MatchCondition)(&p.Spec.MatchConditions[i]), full)
	}
	composed, err := cel.NewCompositedCompiler(env)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range p.Spec.Variables {
		accessor := &validating.Variable{Name: v.Name, Expression: v.Expression}
		if err := composed.CompileAndStoreVariable(accessor, full, environment.NewExpressions).Error; err != nil {
			t.Errorf("%s, variable %s: %v\n%s", p.Name, v.Name, err, v.Expression)
		}
	}
	for _, v := range p.Spec.Validations {
		check(composed, "validation", &validating.ValidationCondition{Expression: v.Expression}, full)
		if v.MessageExpression == "" {
			continue
		}
		check(composed, "message", &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression}, cel.OptionalVariableDeclarations{})
	}
}

// The API server checks the policy on Namespaces against their schema, too, and
// writes what it finds into the policy's status.
func TestTypesOfNamespacePolicy(t *testing.T) {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{{Version: "v1"}})
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, meta.RESTScopeRoot)
	checker := &validating.TypeChecker{SchemaResolver: namespaceSchema{}, RestMapper: mapper}
	for _, m := range admission.Platform(platform()) {
		if m.Get("kind") == "ValidatingAdmissionPolicy" {
			for _, w := range checker.Check(decode[admissionv1.ValidatingAdmissionPolicy](t, m)) {
				t.Errorf("%v: %s: %s", m.Get("metadata", "name"), w.FieldRef, w.Warning)
			}
		}
	}
}

// namespaceSchema is the part of a Namespace's schema that the policy reads.
type namespaceSchema struct{}

func (namespaceSchema) ResolveSchema(schema.GroupVersionKind) (*spec.Schema, error) {
	text := spec.StringProperty()
	return objectSchema(map[string]spec.Schema{
		"apiVersion": *text, "kind": *text,
		"metadata": *objectSchema(map[string]spec.Schema{
			"name": *text, "generateName": *text, "deletionTimestamp": *spec.DateTimeProperty(),
			"labels": *spec.MapProperty(text), "annotations": *spec.MapProperty(text),
		}),
	}), nil
}

func objectSchema(properties map[string]spec.Schema) *spec.Schema {
	return &spec.Schema{SchemaProps: spec.SchemaProps{Type: spec.StringOrArray{"object"}, Properties: properties}}
}
