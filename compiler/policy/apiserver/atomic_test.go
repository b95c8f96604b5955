package apiserver

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
)

// TestAtomicFields: what is called atomic when a policy is compiled is what the API
// server's own code refuses to set.
func TestAtomicFields(t *testing.T) {
	schemas := object.NewSchemas(&tenancy.Tenancy{})
	types := object.NewTypes(&tenancy.Tenancy{}).Of("", "pods", nil)
	if len(types) != 1 {
		t.Fatalf("pods have %d types", len(types))
	}
	env, err := newEnvironment(rule.Latest, types[0], nil, schemas)
	if err != nil {
		t.Fatal(err)
	}
	for expression, atomic := range map[string]bool{
		"Object{spec: Object.spec{nodeSelector: {'pool': 'a'}}}":                                                                                                           true,
		"Object{spec: Object.spec{tolerations: [Object.spec.tolerations{key: 'a'}]}}":                                                                                      true,
		"has(object.spec.nodeSelector) ? Object{} : Object{spec: Object.spec{?nodeSelector: optional.of({'pool': 'a'})}}":                                                  true,
		"Object{spec: Object.spec{containers: [Object.spec.containers{name: 'a', args: ['x']}]}}":                                                                          true,
		"Object{spec: Object.spec{affinity: Object.spec.affinity{nodeAffinity: Object.spec.affinity.nodeAffinity{}}}}":                                                     false,
		"Object{spec: Object.spec{containers: [Object.spec.containers{name: 'a', image: 'x', ports: [Object.spec.containers.ports{containerPort: 1, protocol: 'TCP'}]}]}}": false,
		"Object{metadata: Object.metadata{labels: {'a': 'b'}}, spec: Object.spec{priorityClassName: 'x'}}":                                                                 false,
	} {
		_, problems := rule.Compile(&schema.RuleSet{Mutations: []schema.Mutation{{ApplyConfiguration: expression}}}, env, nil)
		found := false
		for _, p := range problems {
			if !strings.Contains(p.Message, "is atomic") {
				t.Fatalf("%s: %s", expression, p.Message)
			}
			found = true
		}
		if found != atomic {
			t.Errorf("%s: %v, want atomic %v", expression, problems, atomic)
		}
		source, err := NewSource("x", &schema.RuleSet{
			Mutations:        []schema.Mutation{{ApplyConfiguration: expression}},
			MatchConstraints: &schema.MatchConstraints{ResourceRules: []schema.ResourceRule{{APIGroups: []string{""}, Resources: []string{"pods"}}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		transform, err := NewTransform([]*Source{source})
		if err != nil {
			t.Fatal(err)
		}
		m, err := transform.Mutator(rule.Latest, schemas)
		if err != nil {
			t.Fatal(err)
		}
		pod := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "x"},
			"spec": map[string]any{"containers": []any{map[string]any{"name": "a", "image": "x"}}}}}
		write := admission.NewAttributesRecord(pod, nil, pod.GroupVersionKind(), "y", "x", kubeschema.GroupVersionResource{Version: "v1", Resource: "pods"}, "", admission.Create, nil, false, nil)
		_, err = m.Mutate(t.Context(), write, &corev1.Namespace{}, authorizerfactory.NewAlwaysDenyAuthorizer())
		if refused := err != nil && strings.Contains(err.Error(), "may not mutate atomic"); refused != atomic {
			t.Errorf("%s: the API server's own code says %v, want atomic %v", expression, err, atomic)
		}
	}
}
