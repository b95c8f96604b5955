package evolution

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/internal/testkit"
	"golang.org/x/tools/txtar"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Each archive in testdata is a table: a case a file, with what was before "->",
// what is behind it, and below "=" the changes that are found.
func TestCompare(t *testing.T) {
	seen := map[string]bool{}
	testkit.Archives(t, "testdata/*.txtar", func(t *testing.T, name string, archive *txtar.Archive) {
		for _, f := range archive.Files {
			input, _, _ := strings.Cut(string(f.Data), "=\n")
			testkit.GoldenEntry(t, name, archive, f.Name, input+"=\n"+found(t, f.Name, input, seen))
		}
	})
	for _, c := range edited(t) {
		seen[c.Rule+"/"+c.Case] = true
	}
	for _, r := range rules() {
		for _, c := range r.Cases {
			if !seen[r.ID+"/"+c.ID] {
				t.Errorf("no table shows %s/%s", r.ID, c.ID)
			}
		}
	}
}

// edited returns changes between definitions that no API server accepts, or that
// no file can have: they are compared all the same.
func edited(t *testing.T) []Change {
	const text = "x: {type: array, items: {type: string}}"
	var out []Change
	for _, edit := range []func(d *crd){
		func(d *crd) { d.Spec.Group = "other.example" },
		func(d *crd) { d.Spec.PreserveUnknownFields = true },
		func(d *crd) { d.Annotations = map[string]string{"a": "b"} },
		func(d *crd) { rootSchema(d).UniqueItems = true },
		func(d *crd) { rootSchema(d).Definitions = apiextensionsv1.JSONSchemaDefinitions{"a": {}} },
	} {
		old, new := parse(t, "edited", text), parse(t, "edited", text)
		edit(new)
		changes := slices.Concat(Compare(old, new, Config{}), Compare(new, old, Config{}))
		if len(changes) != 2 {
			t.Errorf("want a change there and back, have %+v", changes)
		}
		out = append(out, changes...)
	}
	return out
}

func rootSchema(d *crd) *props { return d.Spec.Versions[0].Schema.OpenAPIV3Schema }

// found returns the changes, a line each.
func found(t *testing.T, name, input string, seen map[string]bool) string {
	t.Helper()
	was, is, ok := strings.Cut(input, "->\n")
	if !ok {
		t.Fatalf("%s has no ->", name)
	}
	old, new := parse(t, name, was), parse(t, name, is)
	var b strings.Builder
	for _, c := range Compare(old, new, Config{}) {
		seen[c.Rule+"/"+c.Case] = true
		at := c.Path
		if c.Version != "" && c.Version != "v1" {
			at = c.Version + " " + at
		}
		fmt.Fprintf(&b, "%s/%s %s: writers %s, readers %s: %s\n", c.Rule, c.Case, strings.TrimSpace(at), class(c.Writers, c.WritersIf), class(c.Readers, c.ReadersIf), c.Message)
	}
	return b.String()
}

// parse reads a spec or the versions of one, or puts a schema, or the schema of
// its only field x, into a definition. "-" is none.
func parse(t *testing.T, name, text string) *crd {
	t.Helper()
	const head = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.acme.example}\n"
	switch {
	case strings.TrimSpace(text) == "-":
		return nil
	case strings.HasPrefix(text, "spec:"), strings.HasPrefix(text, "status:"):
		text = head + text
	case strings.HasPrefix(text, "versions:"):
		text = head + "spec:\n  group: acme.example\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets}\n  " + indent(text, "  ")
	default:
		if strings.HasPrefix(text, "x:") { // one field of an object
			text = "type: object\nproperties:\n  " + indent(text, "  ")
		}
		text = head + "spec:\n  group: acme.example\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n" +
			"    schema:\n      openAPIV3Schema:\n        " + indent(text, "        ")
	}
	read, err := definition.Read([]byte(text))
	if err != nil || len(read) != 1 || len(read[0].Problems) > 0 {
		t.Fatalf("%s: %v %+v\n%s", name, err, read[0].Problems, text)
	}
	return read[0].CRD
}

func indent(text, by string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by) + "\n"
}
