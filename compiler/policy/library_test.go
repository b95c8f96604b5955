package policy_test

import (
	"context"
	"testing"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/example"
	"github.com/tenantry/tenantry/compiler/policy/proof"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

// repoOf compiles the policies of a tenancy repo.
func repoOf(t testing.TB, files map[string]string) (*document.Documents, *policy.Policies, []tenancy.Finding) {
	t.Helper()
	all := map[string]string{}
	for name, data := range schema.RepoFiles("test.example/tenancy") {
		all[name] = string(data)
	}
	for name, text := range files {
		all[name] = text
	}
	tree := sourcetest.Tree(all)
	loaded, err := load.New(tree, load.Options{Workers: 2, Targets: render.BuiltIn().Table()}).Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range loaded.Diagnostics {
		t.Fatalf("%s: %s: %s", d.Position, d.Code, d.Message)
	}
	resolved, _ := resolve.Documents(loaded.Documents, tree, "2026-11-20", resolve.History{})
	policies, findings := policy.Compile(resolved, loaded.Documents, func(file string) ([]byte, bool) {
		f, ok := tree.File(file)
		return f.Data, ok
	})
	return loaded.Documents, policies, append(findings, proof.Check(policies)...)
}

// TestLibrary: each module of the library compiles without a word, shows by its
// cases what it allows and what it denies, and keeps to them.
func TestLibrary(t *testing.T) {
	docs, policies, findings := repoOf(t, map[string]string{
		"policy/library.cue": "package tenancy\n\nimport \"tenantry.dev/library\"\n\nmodules: library.modules\n",
	})
	for _, f := range findings {
		t.Errorf("%s: %s: %s", f.Position, f.Code, f.Message)
	}
	if len(docs.Modules) < 25 {
		t.Errorf("the library has %d modules", len(docs.Modules))
	}
	for _, m := range docs.Modules {
		allowed, denied := 0, 0
		for _, c := range m.Spec.Cases {
			if c.Allowed {
				allowed++
			} else {
				denied++
			}
		}
		if allowed == 0 || denied == 0 && m.Spec.Stage != schema.Transform || m.Spec.Description == "" {
			t.Errorf("module %s has %d cases that are allowed and %d that are denied, and the description %q", m.Key, allowed, denied, m.Spec.Description)
		}
	}
	for _, r := range example.Test(context.Background(), policies, example.Cases(policies)) {
		if r.Problem != "" {
			t.Errorf("%s, case %s: %s", r.Document, r.Name, r.Problem)
		}
	}
}
