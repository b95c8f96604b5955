package admit_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"k8s.io/apiserver/pkg/admission"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/analysis/admit"
	"github.com/tenantry/tenantry/internal/diag"
)

const examples = "../../../examples/hosted/"

// compiled is the hosted example. Every test asks servers of its own.
var compiled = sync.OnceValues(func() (*compiler.Result, error) {
	return compiler.Compile(context.Background(), compiler.Options{Dir: examples + "repo", Pins: examples + "rendered", AsOf: "2026-11-20"})
})

func server(t *testing.T, key string, who *access.Identity) *admit.Server {
	t.Helper()
	r, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	s, err := admit.NewServer(admit.Input{Tenancy: r.Tenancy, States: r.States, Platforms: r.Platforms, Policies: r.Policies}, key, who)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// object reads the one object of a text.
func object(t *testing.T, text string) *admit.Document {
	t.Helper()
	documents, problems := admit.Read("object.yaml", []byte(text))
	if len(documents) != 1 || len(problems) > 0 {
		t.Fatalf("%d objects, %v", len(documents), problems)
	}
	return documents[0]
}

// pod is a Pod that the hardened class takes, with something put in its container.
func pod(container string) string {
	return `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {
		securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}},
		containers: [{name: web, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, ` + container + `}]}}`
}

// Each rule that the API server would deny a write by is told by its own code.
func TestAdmit(t *testing.T) {
	const prod = "borealis/retail/cards/prod"
	oncall := &access.Identity{User: "ada", Groups: []string{"borealis-cards-oncall"}}
	auditor := &access.Identity{User: "eve", Groups: []string{"borealis-audit"}}
	for _, c := range []struct {
		name   string
		who    *access.Identity
		object string
		want   []diag.Code // of errors
	}{
		{"what is allowed", nil, `{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}`, nil},
		{"a role that may", oncall, `{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}`, nil},
		{"a role that may not", auditor, `{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}`, []diag.Code{diag.AdmitAccess}},
		{"a kind of the whole cluster", nil, `{apiVersion: v1, kind: Node, metadata: {name: x}}`, []diag.Code{diag.AdmitAccess}},
		{"a field that the kind does not have", nil, `{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, dta: {a: b}}`, []diag.Code{diag.AdmitSchema}},
		{"a bound on containers", nil, pod("image: registry.borealis.example/web, resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 9, memory: 1Gi}}"), []diag.Code{diag.AdmitLimits}},
		{"Pod Security", nil, `{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {hostNetwork: true, containers: [{name: web, image: registry.borealis.example/web}]}}`, []diag.Code{diag.AdmitPodSecurity}},
		{"quota", nil, pod("image: registry.borealis.example/web, resources: {requests: {cpu: 100, memory: 1Gi}, limits: {cpu: 100, memory: 1Gi}}"), []diag.Code{diag.AdmitLimits, diag.AdmitQuota}},
		{"an API that is not bound", nil, `{apiVersion: storage.nimbus.example/v1, kind: Bucket, metadata: {name: x}, spec: {maxSize: 1Gi}}`, []diag.Code{diag.AdmitGuarded}},
		{"a policy", nil, pod("image: elsewhere.example/web"), []diag.Code{diag.AdmitDenied}},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := server(t, prod, c.who).Admit(t.Context(), admit.Request{Operation: admission.Create, Object: object(t, c.object)})
			var have []diag.Code
			for _, f := range answer.Findings {
				if f.Severity == diag.Error {
					have = append(have, f.Code)
				}
			}
			if len(have) != len(c.want) || answer.Admitted() != (len(c.want) == 0) {
				t.Fatalf("have %v, want %v:\n%+v", have, c.want, answer.Findings)
			}
			for i, code := range c.want {
				if have[i] != code {
					t.Errorf("have %v, want %v", have, c.want)
				}
			}
			if answer.Admitted() && (answer.Object == nil || !strings.HasPrefix(answer.Namespace, "borealis-retail-cards-prod-")) {
				t.Errorf("stored in %q: %v", answer.Namespace, answer.Object)
			}
		})
	}
}

// An update is judged by what it changes: a finalizer of what stands may go, and a
// name that is reserved may not be taken.
func TestAdmitUpdate(t *testing.T) {
	s := server(t, "borealis/retail/cards/dev", nil)
	old := object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, immutable: true, data: {a: b}}`)
	same := s.Admit(t.Context(), admit.Request{Operation: admission.Update, Object: old, Old: old})
	if !same.Admitted() {
		t.Errorf("an update that changes nothing: %+v", same.Findings)
	}
	for _, operation := range []admission.Operation{admission.Create, admission.Delete} {
		reserved := s.Admit(t.Context(), admit.Request{Operation: operation, Object: object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: tenantry-x}}`)})
		if reserved.Admitted() && operation == admission.Create {
			t.Errorf("%s of a reserved name is admitted", operation)
		}
	}
}

// A logical cluster that is nowhere has no server.
func TestNoServer(t *testing.T) {
	r, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admit.NewServer(admit.Input{Tenancy: r.Tenancy, States: r.States, Platforms: r.Platforms, Policies: r.Policies}, "nobody/nothing", nil); err == nil || !strings.Contains(err.Error(), "nobody/nothing") {
		t.Errorf("have %v", err)
	}
}

// Read keeps where each object and field is, and goes on after what it cannot read.
func TestRead(t *testing.T) {
	documents, problems := admit.Read("many.yaml", []byte("apiVersion: v1\nkind: Pod\nmetadata:\n  name: one\n---\n# nothing\n---\nkind: [\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: two}\n"))
	if len(documents) == 0 || documents[0].String() != "Pod one" || documents[0].At("metadata.name").Line != 4 {
		t.Errorf("have %v", documents)
	}
	if len(problems) == 0 {
		t.Error("a document that is not YAML is passed over in silence")
	}
}
