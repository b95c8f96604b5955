package docs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/schema"
)

// TestLibraryPage holds the page of the library's modules equal to these.
func TestLibraryPage(t *testing.T) {
	files := map[string]string{"policy/library.cue": "package tenancy\n\nimport \"tenantry.dev/library\"\n\nmodules: library.modules\n"}
	for name, data := range schema.RepoFiles("docs.example/tenancy") {
		files[name] = string(data)
	}
	loaded, err := load.New(source.FromMap(files), load.Options{}).Load(context.Background())
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
	}{{schema.Acquire, "On what a logical cluster may be"}, {schema.Admit, "On what is written in it"}} {
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
	golden(t, "library.md", b.String())
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
