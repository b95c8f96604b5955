package access_test

import (
	"fmt"
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// many has n logical clusters with five subjects each. Those of the first
// organization have one role more, where more is set.
func many(n int, more bool) *access.Access {
	gate := desired.Gate{Name: "gate"}
	var resources []string
	for i := range 60 {
		resources = append(resources, fmt.Sprint("resource", i))
		gate.Allowed = append(gate.Allowed, desired.Allowed{Resource: resources[i]})
	}
	roles := []desired.Role{
		{Name: "view", Rules: []desired.Rule{{Groups: []string{""}, Resources: resources, Verbs: []string{"get", "list", "watch"}}}},
		{Name: "edit", Rules: []desired.Rule{{Groups: []string{""}, Resources: resources, Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete"}}}},
	}
	states := make([]desired.State, n)
	for i := range states {
		org := i / 1000
		states[i] = desired.State{Key: fmt.Sprintf("org%03d/lc%06d", org, i), Cluster: "eu-1", Gate: "gate", Roles: desired.Roles{View: "view", Edit: "edit", Admin: "edit"},
			Namespaces: []desired.Namespace{{Name: "a"}, {Name: "b"}}}
		for g := range 5 {
			states[i].Grants = append(states[i].Grants, desired.Grant{Kind: "Group", Subject: fmt.Sprintf("org%03d-group%d", org, g), Role: []schema.Role{schema.View, schema.Edit}[g%2]})
		}
		if more && org == 0 {
			states[i].Grants[0].Role = "edit"
		}
	}
	return access.New(&tenancy.Tenancy{}, states, []desired.Platform{{Cluster: "eu-1", Roles: roles, Gates: []desired.Gate{gate}}})
}

// One organization of a hundred changes.
func BenchmarkDiff(b *testing.B) {
	before, after := many(100_000, false), many(100_000, true)
	b.ReportAllocs()
	for b.Loop() {
		if changes := access.Diff(before, after, nil); len(changes) != 1 || len(changes[0].In) != 1000 {
			b.Fatalf("%d changes", len(changes))
		}
	}
}
