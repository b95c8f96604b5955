package admission_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

// compiled are policies as the compiler makes them out of documents.
func compiled(t testing.TB, docs *load.Documents) []*policy.Admission {
	t.Helper()
	policies, findings := policy.Compile(&tenancy.Tenancy{}, docs, func(string) ([]byte, bool) { return nil, false })
	for _, f := range findings {
		t.Fatalf("%s: %s", f.Document, f.Message)
	}
	var out []*policy.Admission
	for _, p := range policies.All {
		out = append(out, p.Admission)
	}
	return out
}

func document[T any](kind schema.Kind, key string, spec T) *load.Document[T] {
	return &load.Document[T]{Meta: load.Meta{Kind: kind, Key: key}, Spec: spec}
}

func pod(image string) *unstructured.Unstructured {
	p := object("x")
	p.Object["spec"] = map[string]any{"containers": []any{map[string]any{"name": "main", "image": image}}}
	return p
}

func scale(replicas int64) *unstructured.Unstructured {
	s := object("x")
	s.Object["spec"] = map[string]any{"replicas": replicas}
	return s
}

// TestTenancyPolicies shows whom a policy of the tenancy repo binds in a physical
// cluster: tenants and the controllers that act for them, in the namespaces that
// it reaches.
func TestTenancyPolicies(t *testing.T) {
	match := func(group string, operations []string, resources ...string) *schema.MatchConstraints {
		return &schema.MatchConstraints{ResourceRules: []schema.ResourceRule{{APIGroups: []string{group}, Operations: operations, Resources: resources}}}
	}
	admissions := compiled(t, &load.Documents{
		Modules: []*load.Document[schema.Module]{document(schema.KindModules, "registries", schema.Module{
			Stage: schema.Admit, Parameters: `{registries: [...string], "max-images"?: int, note: string | *"it's \\ fixed"}`,
			RuleSet: schema.RuleSet{
				MatchConstraints: match("", nil, "pods", "pods/ephemeralcontainers"),
				MatchConditions:  []schema.Expression{{Name: "some", Expression: "size(params['registries']) > 0"}},
				Variables:        []schema.Expression{{Name: "images", Expression: "object.spec.containers.map(c, c.image) // all"}},
				Rules: []schema.Rule{{
					Expression:        "variables.images.all(i, params['registries'].exists(params_, i.startsWith(params_))) // params",
					MessageExpression: "params['note'] + ': ' + variables.images.join(',')",
				}},
			},
		})},
		Policies: []*load.Document[schema.Policy]{
			document(schema.KindPolicies, "images", schema.Policy{Module: "registries", Enforcement: schema.Deny,
				Parameters: map[string]any{"registries": []any{"good.example/"}}}),
			document(schema.KindPolicies, "keep", schema.Policy{Stage: schema.Admit, Enforcement: schema.Deny, RuleSet: schema.RuleSet{
				MatchConstraints: match("", []string{"DELETE"}, "secrets"),
				Rules:            []schema.Rule{{Expression: "oldObject.metadata.name != 'kept'", Message: "this one stays"}}}}),
			document(schema.KindPolicies, "replicas", schema.Policy{Stage: schema.Admit, Enforcement: schema.Deny, RuleSet: schema.RuleSet{
				MatchConstraints: match("apps", nil, "deployments", "deployments/scale"),
				Rules:            []schema.Rule{{Expression: "object.spec.replicas <= 10", Message: "at most ten"}}}}),
			document(schema.KindPolicies, "advice", schema.Policy{Stage: schema.Admit, Enforcement: schema.Warn, RuleSet: schema.RuleSet{
				MatchConstraints: match("*", nil, "*"), Rules: []schema.Rule{{Expression: "false"}}}}),
		},
	})
	p := platform()
	p.Gates = nil
	p.Policies = admissions
	reached := state("acme/prod", "acme-prod")
	gone := state("acme/gone", "acme-gone")
	for _, a := range admissions {
		reached.Policies = append(reached.Policies, a.ID)
		gone.Policies = append(gone.Policies, a.ID)
	}
	s := newServer(t, p, []*expand.State{reached, gone, state("acme/free", "acme-free")}, "acme-gone")
	const (
		create, update, remove = apiadmission.Create, apiadmission.Update, apiadmission.Delete
		pods, scales           = "/v1/pods", "apps/v1/deployments/scale"
	)
	good, bad := pod("good.example/a:1"), pod("bad.example/a:1")
	for _, c := range []struct {
		name string
		request
		refused string
	}{
		{"tenant, another registry", request{tenant, create, pods, "Pod", "acme-prod", "x", bad, nil}, `it's \ fixed: bad.example/a:1`},
		{"tenant, an allowed one", request{tenant, create, pods, "Pod", "acme-prod", "x", good, nil}, ""},
		{"tenant puts a container in", request{tenant, update, pods + "/ephemeralcontainers", "Pod", "acme-prod", "x", bad, good}, "it's"},
		{"the controller that makes a tenant's pods", request{replicas, create, pods, "Pod", "acme-prod", "x", bad, nil}, "it's"},
		{"an operator that makes a tenant's pods", request{operator, create, pods, "Pod", "acme-prod", "x", bad, nil}, "it's"},
		{"a status, which it does not judge", request{tenant, update, pods + "/status", "Pod", "acme-prod", "x", bad, bad}, ""},
		{"the platform", request{engine, create, pods, "Pod", "acme-prod", "x", bad, nil}, ""},
		{"garbage collector lets go of what stood before", request{garbage, update, pods, "Pod", "acme-prod", "x", bad, bad}, ""},
		{"kubelet", request{kubelet, update, pods, "Pod", "acme-prod", "x", bad, bad}, ""},
		{"a controller takes a finalizer off what stood before", request{"system:serviceaccount:kube-system:job-controller", update, pods, "Pod", "acme-prod", "x", bad, bad}, ""},
		{"a controller changes what it asks for", request{replicas, update, pods, "Pod", "acme-prod", "x", bad, good}, "it's"},
		{"where it does not reach", request{tenant, create, pods, "Pod", "acme-free", "x", bad, nil}, ""},
		{"elsewhere", request{tenant, create, pods, "Pod", "foreign", "x", bad, nil}, ""},
		{"a namespace that goes", request{tenant, update, pods, "Pod", "acme-gone", "x", bad, bad}, ""},
		{"deletion is not judged unless it is named", request{tenant, remove, pods, "Pod", "acme-prod", "x", nil, bad}, ""},
		{"deletion that is named", request{tenant, remove, "/v1/secrets", "Secret", "acme-prod", "kept", nil, object("kept")}, "this one stays"},
		{"deletion of another", request{tenant, remove, "/v1/secrets", "Secret", "acme-prod", "x", nil, object("x")}, ""},
		{"deletion in a namespace that goes", request{cleaner, remove, "/v1/secrets", "Secret", "acme-gone", "kept", nil, object("kept")}, ""},
		{"scale", request{tenant, update, scales, "Scale", "acme-prod", "x", scale(11), scale(1)}, "at most ten"},
		{"scale by an autoscaler", request{"system:serviceaccount:kube-system:horizontal-pod-autoscaler", update, scales, "Scale", "acme-prod", "x", scale(11), scale(1)}, "at most ten"},
		{"scale within bounds", request{tenant, update, scales, "Scale", "acme-prod", "x", scale(10), scale(1)}, ""},
		{"what can't be evaluated is refused", request{tenant, create, "apps/v1/deployments", "Deployment", "acme-prod", "x", object("x"), nil}, "no such key"},
		{"but not to the platform", request{engine, create, "apps/v1/deployments", "Deployment", "acme-prod", "x", object("x"), nil}, ""},
		{"a policy that warns refuses nothing", request{tenant, create, "/v1/configmaps", "ConfigMap", "acme-prod", "x", object("x"), nil}, ""},
	} {
		err := s.admit(c.request)
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: refused: %v", c.name, err)
		case c.refused != "" && err == nil:
			t.Errorf("%s: admitted", c.name)
		case c.refused != "" && !strings.Contains(err.Error(), c.refused):
			t.Errorf("%s: %v, want %q", c.name, err, c.refused)
		}
	}
}
