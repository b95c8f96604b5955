package docs_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/schema"
	"sigs.k8s.io/yaml"
)

// TestLibraryPage holds the page of the library's modules equal to these.
func TestLibraryPage(t *testing.T) {
	files := map[string]string{"policy/library.cue": "package tenancy\n\nimport \"tenantry.dev/library\"\n\nmodules: library.modules\n"}
	for name, data := range schema.RepoFiles("docs.example/tenancy") {
		files[name] = string(data)
	}
	loaded, err := load.New(sourcetest.Tree(files), load.Options{}).Load(context.Background())
	if err != nil || len(loaded.Diagnostics) > 0 {
		t.Fatal(err, loaded.Diagnostics)
	}
	parameters := libraryParameters(t)
	var b strings.Builder
	b.WriteString(`# The library of policy modules

This page is generated from the modules themselves, which stand in ` + "`" + schema.LibraryDir + "`" + ` of each tenancy repo that ` + "`tenantry init`" + ` made. That copy is what is compiled: a newer tool changes no policy until the copy is renewed. How to use modules is told in [policy.md](policy.md#modules).

A repo declares all of them at once, or those that it wants:

` + "```cue" + `
// policy/library.cue
import "tenantry.dev/library"

modules: library.modules
` + "```" + `

` + "`tenantry policy test`" + ` runs their cases.
`)
	for _, stage := range []struct {
		stage schema.Stage
		title string
	}{{schema.Acquire, "On what a logical cluster may be"}, {schema.Admit, "On what is written in it"}, {schema.Transform, "What is changed in what is written or rendered"}} {
		fmt.Fprintf(&b, "\n## %s\n", stage.title)
		for _, m := range loaded.Documents.Modules {
			if m.Spec.Stage != stage.stage {
				continue
			}
			fmt.Fprintf(&b, "\n### %s\n\n%s\n", m.Key, m.Spec.Description)
			if text := parameters[m.Key]; text != "" {
				fmt.Fprintf(&b, "\n```text\nparameters: %s\n```\n", text)
			}
		}
	}
	b.WriteString(benchmarkSection(t))
	testkit.Golden(t, "library.md", b.String())
}

// benchmark is where the end-to-end test of the profile stands.
const benchmark = "../fixtures/e2e/benchmark/testdata/"

// benchmarkSection shows the profile that the end-to-end test applies, and what each
// of its checks is held by.
func benchmarkSection(t *testing.T) string {
	profile, err := os.ReadFile(benchmark + "repo/profile.cue")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(benchmark + "checks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var checks []struct{ Check, By string }
	if err := yaml.Unmarshal(data, &checks); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	_, rest, _ := strings.Cut(string(profile), "\n\n")
	fmt.Fprintf(&b, `
## A profile that passes the multi-tenancy benchmark

The multi-tenancy working group of Kubernetes has a [benchmark](https://github.com/kubernetes-retired/multi-tenancy/tree/master/benchmarks) of what keeps tenants apart. A logical cluster of this class passes its checks. An end-to-end test applies the profile as it stands here to a real API server and tries each check there, as the tenant's administrator; %s says the same.

%s

| Check | Held by |
| --- | --- |
`, "`tenantry admit`", "```cue\n// profile.cue\n"+strings.TrimSpace(rest)+"\n```")
	for _, c := range checks {
		if c.By != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", c.Check, c.By)
		}
	}
	return b.String()
}

// libraryParameters returns the parameters of each module as they are written.
func libraryParameters(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, f := range schema.Library() {
		file, err := parser.ParseFile(f.Name, f.Data, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if field, ok := d.(*ast.Field); ok && labelName(field.Label) == "modules" {
				for _, m := range fieldsOf(field.Value) {
					body := m.Value
					if both, ok := body.(*ast.BinaryExpr); ok { // what it has in common with others, and its own
						body = both.Y
					}
					if p := lookup(body, "#parameters"); p != nil {
						text, err := format.Node(p)
						if err != nil {
							t.Fatal(err)
						}
						out[labelName(m.Label)] = strings.ReplaceAll(string(text), "#Some", "[string, ...string]")
					}
				}
			}
		}
	}
	return out
}
