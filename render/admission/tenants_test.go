package admission_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/example"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

// compiled are policies as the compiler makes them out of documents.
func compiled(t testing.TB, docs *document.Documents) []*apiserver.Admission {
	t.Helper()
	policies, findings := policy.Compile(&tenancy.Tenancy{}, docs, func(string) ([]byte, bool) { return nil, false })
	for _, f := range findings {
		if f.Severity == diag.Error {
			t.Fatalf("%s: %s", f.Document, f.Message)
		}
	}
	var out []*apiserver.Admission
	for _, p := range policies.All {
		out = append(out, p.Admission)
	}
	return out
}

func declared[T any](kind schema.Kind, key string, spec T) *document.Document[T] {
	return &document.Document[T]{Meta: document.Meta{Kind: kind, Key: key}, Spec: spec}
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
	admissions := compiled(t, &document.Documents{
		Modules: []*document.Document[schema.Module]{declared(schema.KindModules, "registries", schema.Module{
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
		Policies: []*document.Document[schema.Policy]{
			declared(schema.KindPolicies, "images", schema.Policy{Module: "registries", Enforcement: schema.Deny,
				Parameters: map[string]any{"registries": []any{"good.example/"}}}),
			declared(schema.KindPolicies, "keep", schema.Policy{Stage: schema.Admit, Enforcement: schema.Deny, RuleSet: schema.RuleSet{
				MatchConstraints: match("", []string{"DELETE"}, "secrets"),
				Rules:            []schema.Rule{{Expression: "oldObject.metadata.name != 'kept'", Message: "this one stays"}}}}),
			declared(schema.KindPolicies, "replicas", schema.Policy{Stage: schema.Admit, Enforcement: schema.Deny, RuleSet: schema.RuleSet{
				MatchConstraints: match("apps", nil, "deployments", "deployments/scale"),
				Rules:            []schema.Rule{{Expression: "object.spec.replicas <= 10", Message: "at most ten"}}}}),
			declared(schema.KindPolicies, "advice", schema.Policy{Stage: schema.Admit, Enforcement: schema.Warn, RuleSet: schema.RuleSet{
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
	s := newServer(t, p, []*desired.State{reached, gone, state("acme/free", "acme-free")}, "acme-gone")
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

// TestCasesAgree: what `tenantry policy test` says of each case of the library is
// what the API server's admission plugin says, with the policies as they are
// rendered.
func TestCasesAgree(t *testing.T) {
	files := map[string]string{"policy/library.cue": "package tenancy\n\nimport \"tenantry.dev/library\"\n\nmodules: library.modules\n"}
	for name, data := range schema.RepoFiles("test.example/tenancy") {
		files[name] = string(data)
	}
	tree := sourcetest.Tree(files)
	loaded, err := load.New(tree, load.Options{Targets: render.BuiltIn().Table()}).Load(t.Context())
	if err != nil || len(loaded.Diagnostics) > 0 {
		t.Fatal(err, loaded.Diagnostics)
	}
	policies, _ := policy.Compile(&tenancy.Tenancy{}, loaded.Documents, func(string) ([]byte, bool) { return nil, false })
	results := example.Test(t.Context(), policies, example.Cases(policies))
	// Each case has a namespace of its own, which its policy alone reaches.
	p := platform()
	p.Gates = nil
	var all []*desired.State
	admissions := map[string]bool{}
	for i, r := range results {
		if r.Policy == nil || r.Policy.Admission == nil {
			continue
		}
		a := r.Policy.Admission
		if !admissions[a.ID] {
			admissions[a.ID] = true
			p.Policies = append(p.Policies, a)
		}
		s := state(fmt.Sprintf("acme/case%d", i), fmt.Sprintf("case%d", i))
		s.Policies = []string{a.ID}
		all = append(all, s)
	}
	if len(all) < 60 {
		t.Fatalf("the library has %d cases on writes", len(all))
	}
	server := newServer(t, p, all)
	for i, r := range results {
		if r.Policy == nil || r.Policy.Admission == nil {
			continue
		}
		if r.Want.Result != nil { // rules judge what the mutations, which were tried, made of it
			r.Want.Object = r.Want.Result
		}
		write, err := example.Write(policies.Tenancy, r.Want)
		if err != nil {
			t.Fatal(err)
		}
		err = server.plugin.Validate(t.Context(), moved{write, fmt.Sprintf("case%d", i)}, server.objects)
		if err != nil && !strings.Contains(err.Error(), "'tenantry-policy-") {
			err = nil // it is the platform's own policy that refuses
		}
		if (err == nil) != r.Allowed {
			t.Errorf("%s, case %s: allowed is %v, and the API server says %v", r.Document, r.Name, r.Allowed, err)
		} else if err != nil && !strings.Contains(err.Error(), r.Messages[0]) {
			t.Errorf("%s, case %s: the message is %q, and the API server's %v", r.Document, r.Name, r.Messages[0], err)
		}
	}
}

// moved is a write in another namespace.
type moved struct {
	apiadmission.Attributes
	namespace string
}

func (m moved) GetNamespace() string { return m.namespace }
