package admit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/internal/diag"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/client-go/kubernetes/scheme"
)

// mutate fills in what admission plugins fill in, and runs the policies that change
// objects, as often as the API server does: those that ask for it again after another
// one has changed something.
func (w *write) mutate(ctx context.Context) {
	a := w.attributes()
	dispatcher := mutating.NewDispatcher(w.policies.authorizer, w.policies.matching, converters{w.policies.schemas})
	again := a.GetReinvocationContext()
	around := w.policies.interfaces
	around.defaulter = w
	for {
		w.limitDefaults()
		w.pluginDefaults()
		if len(w.policies.mutating) == 0 {
			return
		}
		if err := dispatcher.Dispatch(ctx, a, around, w.policies.mutating); err != nil {
			w.refusedMutation(err)
			return
		}
		if again.IsReinvoke() || !again.ShouldReinvoke() {
			return
		}
		again.SetIsReinvoke()
	}
}

// refusedMutation says which policy could not change the object.
func (w *write) refusedMutation(err error) {
	message := err.Error()
	if _, reason, ok := strings.Cut(message, "is forbidden: "); ok {
		message = reason
	}
	for _, t := range w.transforms {
		name := desired.ReservedPrefix + "transform-" + t.ID
		if !strings.Contains(message, "'"+name+"'") {
			continue
		}
		if _, reason, ok := strings.Cut(message, "denied request: "); ok {
			message = reason
		}
		d := w.say(diag.AdmitDenied, "", "it can't be changed as a policy demands: %s", message)
		var seen []*policy.Policy
		for _, step := range t.Steps {
			if p, _ := w.compiled.MutatedBy(step); !slices.Contains(seen, p) {
				seen = append(seen, p)
				*d = d.See(p.Pos, "policy %s stands here", p.ID())
			}
		}
		return
	}
	w.say(diag.AdmitDenied, "", "it can't be changed as policies demand: %s", message)
}

// addMutating compiles a policy that changes objects, for a Kubernetes release.
func (p *policies) addMutating(one *admissionv1.MutatingAdmissionPolicy, minor int) error {
	if one.Spec.MatchConstraints == nil {
		return fmt.Errorf("policy %s matches nothing", one.Name)
	}
	complete(one.Spec.MatchConstraints)
	compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(version.MajorMinor(1, uint(minor))))
	if err != nil {
		return err
	}
	with := plugincel.OptionalVariableDeclarations{HasAuthorizer: true}
	var problems []error
	for _, v := range one.Spec.Variables {
		if r := compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, with, environment.StoredExpressions); r.Error != nil {
			problems = append(problems, r.Error)
		}
	}
	e := mutating.PolicyEvaluator{CompositedCompiler: compiler}
	if len(one.Spec.MatchConditions) > 0 {
		var conditions []plugincel.ExpressionAccessor
		for i := range one.Spec.MatchConditions {
			conditions = append(conditions, (*matchconditions.MatchCondition)(&one.Spec.MatchConditions[i]))
		}
		compiled := compiler.CompileCondition(conditions, with, environment.StoredExpressions)
		problems = append(problems, compiled.CompilationErrors()...)
		e.Matcher = matchconditions.NewMatcher(compiled, one.Spec.FailurePolicy, "policy", "mutate", one.Name)
	}
	with.HasPatchTypes = true
	for _, m := range one.Spec.Mutations {
		var expression plugincel.ExpressionAccessor
		patcher := patch.NewJSONPatcher
		if m.JSONPatch != nil {
			expression = &patch.JSONPatchCondition{Expression: m.JSONPatch.Expression}
		} else {
			expression, patcher = &patch.ApplyConfigurationCondition{Expression: m.ApplyConfiguration.Expression}, patch.NewApplyConfigurationPatcher
		}
		compiled := compiler.CompileMutatingEvaluator(expression, with, environment.StoredExpressions)
		problems = append(problems, compiled.CompilationErrors()...)
		e.Mutators = append(e.Mutators, patcher(compiled))
	}
	p.mutating = append(p.mutating, mutating.PolicyHook{Policy: one, Evaluator: e})
	return errors.Join(problems...)
}

func (p *policies) bindMutating(b *admissionv1.MutatingAdmissionPolicyBinding) {
	complete(b.Spec.MatchResources)
	for i := range p.mutating {
		if p.mutating[i].Policy.Name == b.Spec.PolicyName {
			p.mutating[i].Bindings = append(p.mutating[i].Bindings, b)
		}
	}
}

// converters know how objects are merged.
type converters struct{ schemas *object.Schemas }

// Run is a part of [patch.TypeConverterManager]; nothing here changes.
func (c converters) Run(context.Context) {}

// GetTypeConverter is a part of [patch.TypeConverterManager].
func (c converters) GetTypeConverter(kind kubeschema.GroupVersionKind) managedfields.TypeConverter {
	return c.schemas.Converter(kind)
}

// interfaces are what admission needs of the API server's types. Objects have the
// version that they are written in, and none within the API server.
type interfaces struct {
	admission.ObjectInterfaces
	equivalent runtime.EquivalentResourceMapper
	defaulter  runtime.ObjectDefaulter // nil where nothing is changed
}

// GetObjectDefaulter is a part of [admission.ObjectInterfaces].
func (i interfaces) GetObjectDefaulter() runtime.ObjectDefaulter { return i.defaulter }

// GetEquivalentResourceMapper is a part of [admission.ObjectInterfaces].
func (i interfaces) GetEquivalentResourceMapper() runtime.EquivalentResourceMapper {
	return i.equivalent
}

// GetObjectConvertor is a part of [admission.ObjectInterfaces].
func (i interfaces) GetObjectConvertor() runtime.ObjectConvertor {
	return sameVersion{i.ObjectInterfaces.GetObjectConvertor()}
}

// sameVersion converts between an object and its plain form.
type sameVersion struct{ runtime.ObjectConvertor }

// Convert copies an object to another one of its version.
func (c sameVersion) Convert(in, out, context any) error {
	from, ok := in.(runtime.Object)
	if !ok {
		return c.ObjectConvertor.Convert(in, out, context)
	}
	if into, ok := out.(*unstructured.Unstructured); ok {
		into.Object = runtime.DeepCopyJSON(plain(from))
		return nil
	}
	if reflect.TypeOf(in) != reflect.TypeOf(out) {
		return c.ObjectConvertor.Convert(in, out, context)
	}
	reflect.ValueOf(out).Elem().Set(reflect.ValueOf(from.DeepCopyObject()).Elem())
	return nil
}

// ConvertToVersion gives a plain object of one of Kubernetes' own kinds its type.
func (c sameVersion) ConvertToVersion(in runtime.Object, version runtime.GroupVersioner) (runtime.Object, error) {
	u, ok := in.(*unstructured.Unstructured)
	if !ok {
		return in, nil
	}
	out, err := scheme.Scheme.New(u.GroupVersionKind())
	if err != nil {
		return in, nil
	}
	data, err := json.Marshal(u.Object)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, out); err != nil {
		return nil, err
	}
	out.GetObjectKind().SetGroupVersionKind(u.GroupVersionKind())
	return out, nil
}
