package access_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// What an implicit RoleBinding gives in some namespaces is a change in these, and
// a role whose content is not known is told by its name.
func TestImplicitBindingsAreChanges(t *testing.T) {
	repo := &tenancy.Tenancy{LogicalClusters: []*tenancy.LogicalCluster{{
		Meta: document.Meta{Key: "acme/a"}, Org: &tenancy.Organization{Path: "acme"}, Class: &tenancy.Class{}}}}
	binding := func(name, role, group string) map[string]any {
		return map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": map[string]any{"name": name},
			"roleRef": map[string]any{"kind": "ClusterRole", "name": role}, "subjects": []any{map[string]any{"kind": "Group", "name": group}}}
	}
	set, found := implicit.Compile(repo, []*implicit.Source{{Meta: &document.Meta{Kind: schema.KindImplicit, Key: "i"},
		Content: schema.Implicit{Merge: schema.PlatformWins, Namespaces: []string{"jobs"}, Objects: []map[string]any{
			binding("more", "edit", "devs"), binding("metrics", "metrics-reader", "monitoring")}}}})
	if len(found) > 0 {
		t.Fatal(found)
	}
	side := func(given []*implicit.Object) *access.Access {
		s := desired.State{Key: "acme/a", Organization: "acme", Cluster: "eu-1",
			Namespaces: []desired.Namespace{{Name: "api", Physical: "a-api"}, {Name: "jobs", Physical: "a-jobs"}, {Name: "old", Physical: "a-old", Retired: true}},
			Grants:     []desired.Grant{{Kind: "Group", Subject: "devs", Role: "view"}}, Roles: desired.Roles{View: "v", Edit: "e", Admin: "a"}}
		if given != nil {
			s.Implicit = &desired.Implicit{Objects: given}
		}
		return access.New(repo, []desired.State{s}, []desired.Platform{{Cluster: "eu-1", Roles: []desired.Role{
			{Name: "v", Level: "view", Rules: []desired.Rule{{Groups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}},
			{Name: "e", Level: "edit", Rules: []desired.Rule{{Groups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "create"}}}}}}})
	}
	told := func(before, after *access.Access) []string {
		var out []string
		for _, c := range access.Diff(before, after, nil) {
			line := fmt.Sprint(c.Subject, " in ", c.In)
			for _, p := range c.Gained {
				line += fmt.Sprint(" +", p.Resource, p.Verbs, p.Marks)
			}
			for _, p := range c.Lost {
				line += fmt.Sprint(" -", p.Resource, p.Verbs, p.Marks)
			}
			out = append(out, line)
		}
		return out
	}
	with := set.Given("acme/a")
	if d := cmp.Diff([]string{
		"group:devs in [{acme/a [jobs]}] +pods[create] []",
		"group:monitoring in [{acme/a [jobs]}] +ClusterRole metrics-reader[] [unknown-role]",
	}, told(side(nil), side(with))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{
		"group:devs in [{acme/a [jobs]}] -pods[create] []",
		"group:monitoring in [{acme/a [jobs]}] -ClusterRole metrics-reader[] [unknown-role]",
	}, told(side(with), side(nil))); d != "" {
		t.Error(d)
	}
	if got := told(side(with), side(with)); got != nil {
		t.Error(got)
	}
}
