package access_test

import (
	"slices"
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// rightsOf gives a role with these rules to a user.
func rightsOf(frozen bool, allowed []desired.Allowed, rules ...desired.Rule) *access.Rights {
	s := desired.State{Key: "acme/a", Cluster: "eu-1", Frozen: frozen, Gate: "g", Roles: desired.Roles{View: "r"},
		Namespaces: []desired.Namespace{{Name: "a"}}, Grants: []desired.Grant{{Kind: "User", Subject: "alice", Role: "view"}}}
	p := desired.Platform{Cluster: "eu-1", Roles: []desired.Role{{Name: "r", Rules: rules}}, Gates: []desired.Gate{{Name: "g", Allowed: allowed}}}
	return access.New(&tenancy.Tenancy{}, []desired.State{s}, []desired.Platform{p}).In("acme/a")[0].Rights
}

func rule(group, resource string, verbs ...string) desired.Rule {
	return desired.Rule{Groups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

func TestMarks(t *testing.T) {
	const rbac = "rbac.authorization.k8s.io"
	for _, c := range []struct {
		rule desired.Rule
		want []access.Mark
	}{
		{rule("", "configmaps", "get", "create"), nil},
		{rule("", "secrets", "list"), []access.Mark{access.Secrets}},
		{rule("secrets.acme.example", "secrets", "list"), nil},
		{rule("", "pods/exec", "create"), []access.Mark{access.Exec}},
		{rule("", "pods/portforward", "get"), []access.Mark{access.Exec}},
		{rule("", "pods/ephemeralcontainers", "get"), nil},
		{rule("", "pods/ephemeralcontainers", "patch"), []access.Mark{access.Exec}},
		{rule("", "serviceaccounts/token", "create"), []access.Mark{access.Tokens}},
		{rule("", "serviceaccounts", "create"), nil},
		{rule("", "serviceaccounts", "impersonate"), []access.Mark{access.Impersonate}},
		{rule("authentication.k8s.io", "userextras/scopes", "impersonate"), []access.Mark{access.Impersonate}},
		{rule(rbac, "roles", "escalate"), []access.Mark{access.Escalate}},
		{rule(rbac, "roles", "bind"), []access.Mark{access.Bind}},
		{rule(rbac, "rolebindings", "get", "patch"), []access.Mark{access.Delegate}},
		{rule(rbac, "rolebindings", "get", "delete"), nil},
		{rule("", "configmaps", "*"), []access.Mark{access.Wildcard}},
		{rule("apps", "*", "get"), []access.Mark{access.Wildcard}},
		{rule("apps", "*/scale", "get"), []access.Mark{access.Wildcard}},
		{rule("", "*", "get"), []access.Mark{access.Exec, access.Secrets, access.Wildcard}},
		{rule("*", "*", "*"), []access.Mark{access.Bind, access.Delegate, access.Escalate, access.Exec, access.Impersonate, access.Secrets, access.Tokens, access.Wildcard}},
	} {
		bound := []desired.Allowed{{Resource: "configmaps"}, {Resource: "pods"}, {Resource: "serviceaccounts"}, {Group: rbac, Resource: "roles"}, {Group: rbac, Resource: "rolebindings"}}
		if got := rightsOf(false, bound, c.rule).Marks; !slices.Equal(got, c.want) {
			t.Errorf("%v is marked %v, want %v", c.rule, got, c.want)
		}
	}
	if got := rightsOf(true, nil, rule(rbac, "rolebindings", "create")).Marks; got != nil {
		t.Errorf("what admission refuses is marked %v", got)
	}
}

// What admission says follows the policies of render/admission: they see writes,
// never a read or a connection, and of namespaced resources only.
func TestAdmission(t *testing.T) {
	everything := rule("*", "*", "*")
	bound := []desired.Allowed{{Group: "", Resource: "pods"}, {Group: "apps", Resource: "deployments", Versions: []string{"v1"}}}
	for _, c := range []struct {
		verb, group, resource string
		open, frozen          access.Refusal
	}{
		{"get", "", "secrets", "", ""},
		{"create", "", "pods", "", access.Frozen},
		{"create", "", "pods/eviction", "", access.Frozen},
		{"create", "", "pods/exec", "", ""},
		{"deletecollection", "", "secrets", access.APIGate, access.Frozen},
		{"patch", "apps", "deployments/scale", "", access.Frozen},
		{"update", "", "namespaces", "", ""},
		{"impersonate", "", "serviceaccounts", "", ""},
	} {
		for _, of := range []struct {
			frozen bool
			want   access.Refusal
		}{{false, c.open}, {true, c.frozen}} {
			d := rightsOf(of.frozen, bound, everything).Decide(c.verb, c.group, c.resource)
			if !d.Granted || d.Refused != of.want || d.Allowed() != (of.want == "") {
				t.Errorf("%s %s %s, frozen %v: %+v, want it refused by %q", c.verb, c.group, c.resource, of.frozen, d, of.want)
			}
		}
	}
	if d := rightsOf(false, bound, everything).Decide("update", "apps", "deployments"); !slices.Equal(d.Versions, []string{"v1"}) {
		t.Errorf("deployments may be written in %v, want v1", d.Versions)
	}
}
