package load_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/schema"
)

// Canonical is the root file that `tenantry init` writes.
const canonical = `@experiment(explicitopen)

package tenancy

import schema "tenantry.dev/schema/v1alpha1"

schema.#Tenancy
`

// repo returns the files with what every tenancy repo has, unless they have it.
func repo(files map[string]string) map[string]string {
	out := map[string]string{
		"cue.mod/module.cue": "module: \"acme.example/tenancy\"\nlanguage: version: \"v0.17.0\"\n",
		"tenancy.cue":        canonical,
	}
	for path, text := range files {
		out[path] = text
	}
	return out
}

func loadFiles(t testing.TB, files map[string]string, o load.Options) *load.Result {
	t.Helper()
	r, err := load.New(sourcetest.Tree(files), o).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// describe renders a result as the archives in testdata have it.
func describe(r *load.Result) string {
	var b strings.Builder
	each(r.Documents, func(m *document.Meta, spec any) {
		text, err := json.Marshal(spec)
		if err != nil {
			text = []byte(err.Error())
		}
		fmt.Fprintf(&b, "document %s\n  %s %s\n", m, m.Pos, text)
		for f := range m.Places.All() {
			if f.Pos.File != m.Pos.File {
				fmt.Fprintf(&b, "  %s from %s\n", f.Path, f.Pos)
			}
		}
	})
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "failure %q %s %q\n", f.Dir, f.Kind, f.Key)
	}
	b.WriteString(describeDiagnostics(r.Diagnostics))
	return b.String()
}

func describeDiagnostics(list []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s %s", d.Code, d.Position)
		if d.Document != "" {
			fmt.Fprintf(&b, " %s", d.Document)
		}
		fmt.Fprintf(&b, "\n  %s\n", d.Message)
		for _, s := range d.Related {
			fmt.Fprintf(&b, "  see %s %s\n", s.Position, s.Message)
		}
		if d.Suggestion != "" {
			fmt.Fprintf(&b, "  help: %s\n", d.Suggestion)
		}
	}
	return b.String()
}

// each visits the documents of all kinds.
func each(d *document.Documents, visit func(m *document.Meta, spec any)) {
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Pointer {
			if !f.IsNil() {
				visit(f.Elem().Field(0).Addr().Interface().(*document.Meta), f.Elem().Field(1).Interface())
			}
			continue
		}
		if v.Type().Field(i).Name == "Targets" {
			continue // what documents may name; not a list of them
		}
		for j := range f.Len() {
			doc := f.Index(j).Elem()
			visit(doc.Field(0).Addr().Interface().(*document.Meta), doc.Field(1).Interface())
		}
	}
}

// TestRepos loads each archive of testdata and compares with its file "want".
// TENANTRY_UPDATE=1 writes that file anew.
func TestRepos(t *testing.T) {
	testkit.Archives(t, "testdata/*.txtar", func(t *testing.T, name string, archive *txtar.Archive) {
		t.Parallel()
		files := testkit.Files(archive, "want")
		testkit.GoldenEntry(t, name, archive, "want", describe(loadFiles(t, repo(files), load.Options{})))
	})
}

func TestMeta(t *testing.T) {
	r := loadFiles(t, repo(map[string]string{"orgs/acme/a.cue": `package tenancy

logicalClusters: "acme/p": {
	labels: {
		"a.b": "c"
	}
	regions: ["eu", "us"]
	quota: cpu: 4
}
`}), load.Options{})
	m := &r.Documents.LogicalClusters[0].Meta
	for _, c := range []struct {
		path []string
		want string
	}{
		{[]string{"labels", "a.b"}, "orgs/acme/a.cue:5:10"},
		{[]string{"labels", "missing"}, "orgs/acme/a.cue:4:2"},
		{[]string{"regions", "1"}, "orgs/acme/a.cue:7:18"},
		{[]string{"quota", "cpu"}, "orgs/acme/a.cue:8:14"},
		{[]string{"budget"}, "orgs/acme/a.cue:3:18"},
		{nil, "orgs/acme/a.cue:3:18"},
	} {
		if got := m.At(c.path...).String(); got != c.want {
			t.Errorf("At(%q) = %s, want %s", c.path, got, c.want)
		}
	}
	if got, want := m.String(), `logicalClusters "acme/p"`; got != want {
		t.Errorf("String() = %s, want %s", got, want)
	}
	var paths []string
	for f := range m.Places.All() {
		paths = append(paths, f.Path)
	}
	want := []string{`labels`, `labels."a.b"`, `quota`, `quota.cpu`, `regions`, `regions.0`, `regions.1`}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Error(diff)
	}
	if m.Kind != schema.KindLogicalClusters || m.Dir != "orgs/acme" || m.Held {
		t.Errorf("meta = %+v", m)
	}
}

// specOf returns the Spec of a *document.Document of any type.
func specOf(doc any) any { return reflect.ValueOf(doc).Elem().FieldByName("Spec").Interface() }
