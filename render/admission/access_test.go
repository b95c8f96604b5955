package admission_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/tenancy"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

// What package access says of admission is what the API server's own plugin
// answers under the rendered policies.
func TestAccessAgreesWithAdmission(t *testing.T) {
	p := platform()
	p.Roles = append(p.Roles, desired.Role{Name: "everything", Rules: []desired.Rule{{Groups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}}})
	with := func(key, physical string, frozen bool) desired.State {
		s := state(key, physical)
		s.Frozen = frozen
		s.Roles = desired.Roles{View: "everything", Edit: "everything", Admin: "everything"}
		s.Grants = []desired.Grant{{Kind: "ServiceAccount", SubjectNamespace: "databases", Subject: "operator", Role: "admin"}, {Kind: "User", Subject: tenant, Role: "admin"}}
		return *s
	}
	states := []desired.State{with("acme/ice", "acme-ice", true), with("acme/prod", "acme-prod", false)}
	server := newServer(t, p, []*desired.State{&states[0], &states[1]})
	answers := access.New(&tenancy.Tenancy{}, states, []desired.Platform{*p})
	operations := map[string]apiadmission.Operation{"create": apiadmission.Create, "update": apiadmission.Update, "patch": apiadmission.Update,
		"delete": apiadmission.Delete, "deletecollection": apiadmission.Delete}
	refused := map[access.Refusal]int{}
	for _, s := range states {
		for _, e := range answers.In(s.Key) {
			who := e.Subject.Name
			if e.Subject.Kind == "ServiceAccount" {
				who = operator
			}
			for _, resource := range []string{"/v1/configmaps", "/v1/pods", "/v1/pods/eviction", "/v1/pods/exec", "/v1/pods/portforward", "/v1/pods/status", "/v1/secrets",
				"/v1/services/proxy", "apps/v1/deployments", "apps/v1/deployments/scale", "apps/v1/statefulsets", "db.acme.example/v1/databases",
				"db.acme.example/v2/databases", "db.acme.example/v2/databases/status"} {
				parts := strings.SplitN(resource, "/", 3)
				for verb, operation := range operations {
					connects := slices.Contains([]string{"pods/exec", "pods/portforward", "services/proxy"}, parts[2])
					r := request{as: who, operation: operation, resource: resource, kind: "X", namespace: s.Namespaces[0].Physical, name: "x", object: object("x"), old: object("x")}
					switch {
					case connects:
						r.operation, r.old = apiadmission.Connect, nil
					case verb == "create":
						r.old = nil
					case verb == "delete":
						r.object = nil
					case verb == "deletecollection":
						r.object, r.name = nil, ""
					}
					d := e.Rights.Decide(verb, parts[0], parts[2])
					want := d.Allowed() && (len(d.Versions) == 0 || slices.Contains(d.Versions, parts[1]))
					if err := server.admit(r); (err == nil) != want {
						t.Errorf("%s, %s %s in %s: the answer is %+v, admission says %v", who, verb, resource, s.Key, d, err)
					}
					refused[d.Refused]++
				}
			}
		}
	}
	for _, r := range []access.Refusal{"", access.Frozen, access.APIGate} {
		if refused[r] == 0 {
			t.Errorf("nothing was refused by %q", r)
		}
	}
}
