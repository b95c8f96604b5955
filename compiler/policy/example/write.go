package example

import (
	"context"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/builtin"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
)

// Write returns the write that a case of a policy on writes speaks of: by a
// tenant, in the namespace "example".
func Write(t *tenancy.Tenancy, c schema.Case) (admission.Attributes, error) {
	const namespace = "example"
	about := c.Object
	if about == nil {
		about = c.OldObject
	}
	if about == nil {
		return nil, fmt.Errorf("it has neither object nor oldObject")
	}
	value := func(m map[string]any) *unstructured.Unstructured {
		if m == nil {
			return nil
		}
		u := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(m)}
		u.SetNamespace(namespace)
		return u
	}
	kind := value(about).GroupVersionKind()
	if kind.Version == "" || kind.Kind == "" {
		return nil, fmt.Errorf("the object has no apiVersion or no kind")
	}
	gvr, sub := resourceOf(t, kind), ""
	if c.Resource != "" {
		name, subresource, _ := strings.Cut(c.Resource, "/")
		plural, group, _ := strings.Cut(name, ".")
		version := kind.Version
		if group != kind.Group { // the object of a subresource may be of another group
			version = "v1"
		}
		gvr, sub = kubeschema.GroupVersionResource{Group: group, Version: version, Resource: plural}, subresource
	}
	var object, old runtime.Object
	if u := value(c.Object); u != nil {
		object = u
	}
	if u := value(c.OldObject); u != nil {
		old = u
	}
	who := &user.DefaultInfo{Name: c.User, Groups: c.Groups}
	if who.Name == "" {
		who.Name = "tenant"
	}
	return admission.NewAttributesRecord(object, old, kind, namespace, value(about).GetName(), gvr, sub, operation(c), nil, false, who), nil
}

// operation returns what a case does to its object.
func operation(c schema.Case) admission.Operation {
	switch {
	case c.Operation != "":
		return admission.Operation(c.Operation)
	case c.Object == nil:
		return admission.Delete
	case c.OldObject == nil:
		return admission.Create
	}
	return admission.Update
}

// resourceOf returns the resource of a kind: by the API sets that define it, else as
// kinds are usually made plural.
func resourceOf(t *tenancy.Tenancy, kind kubeschema.GroupVersionKind) kubeschema.GroupVersionResource {
	for _, set := range t.APISets {
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.Group == kind.Group && r.Kind == kind.Kind {
					return kubeschema.GroupVersionResource{Group: r.Group, Version: kind.Version, Resource: r.Plural}
				}
			}
		}
	}
	if plural, ok := builtin.PluralOf(kind.Group, kind.Kind); ok {
		return kubeschema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: plural}
	}
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	return plural
}

// Namespace returns the Namespace that a case writes to.
func Namespace(c schema.Case, attributes admission.Attributes) *corev1.Namespace {
	namespace := &corev1.Namespace{}
	namespace.Name, namespace.Labels = attributes.GetNamespace(), c.NamespaceLabels
	return namespace
}

// With returns a write of another object.
func With(a admission.Attributes, object runtime.Object) admission.Attributes {
	return admission.NewAttributesRecord(object, a.GetOldObject(), a.GetKind(), a.GetNamespace(), a.GetName(), a.GetResource(), a.GetSubresource(),
		a.GetOperation(), nil, false, a.GetUserInfo())
}

func objectOf(a admission.Attributes) any {
	if u, ok := a.GetObject().(*unstructured.Unstructured); ok && u != nil {
		return u.Object
	}
	return nil
}

// change makes the mutations of a policy on a case's write and returns the write as
// they leave it. messages say why the API server would refuse it, problem what is
// not as it should be: the result is not the one wanted, or not stable.
func change(ctx context.Context, schemas *object.Schemas, p *policy.Policy, c schema.Case, write admission.Attributes) (changed admission.Attributes, messages []string, problem string) {
	t, err := p.Transform()
	if err != nil {
		return nil, nil, err.Error()
	}
	m, err := t.Mutator(rule.Latest, schemas)
	if err != nil {
		return nil, nil, rule.PlainMessage(err.Error())
	}
	mutate := func(write admission.Attributes) (admission.Attributes, error) {
		result, err := m.Mutate(ctx, write, Namespace(c, write), authorizerfactory.NewAlwaysDenyAuthorizer())
		return With(write, result), err
	}
	if changed, err = mutate(write); err != nil {
		return nil, []string{err.Error()}, ""
	}
	if c.Result != nil {
		got, _ := changed.GetObject().(*unstructured.Unstructured)
		want := (&unstructured.Unstructured{Object: runtime.DeepCopyJSON(c.Result)}).Object
		if metadata, ok := want["metadata"].(map[string]any); ok {
			metadata["namespace"] = write.GetNamespace()
		}
		if got == nil {
			return nil, nil, "nothing is written that could have a result"
		}
		if d := difference("", got.Object, want); d != "" {
			return nil, nil, "the result differs: " + d
		}
	}
	again, err := mutate(changed)
	if err != nil {
		return nil, nil, "the mutations fail on their own result: " + err.Error()
	}
	if d := difference("", objectOf(again), objectOf(changed)); d != "" {
		return nil, nil, "the mutations change their own result, and the API server may make them twice: " + d
	}
	return changed, nil, ""
}
