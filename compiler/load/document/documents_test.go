package document_test

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

func TestKindsAreTheFieldsOfTenancy(t *testing.T) {
	var inCUE, inGo []string
	for _, f := range schema.Files() {
		tree, err := parser.ParseFile(f.Name, f.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			def, ok := d.(*ast.Field)
			if !ok {
				continue
			}
			if name, _, _ := ast.LabelName(def.Label); name != "#Tenancy" {
				continue
			}
			for _, e := range def.Value.(*ast.StructLit).Elts {
				name, _, err := ast.LabelName(e.(*ast.Field).Label)
				if err != nil {
					t.Fatal(err)
				}
				inCUE = append(inCUE, name)
			}
		}
	}
	for _, k := range document.Kinds() {
		inGo = append(inGo, string(k.Name))
		if reflect.TypeOf(k.New()).Kind() != reflect.Pointer {
			t.Errorf("%s: New must return a pointer", k.Name)
		}
	}
	if d := gocmp.Diff(inCUE, inGo); d != "" {
		t.Errorf("kinds (-CUE +Go):\n%s", d)
	}
}

// Every list of Documents has its row in the registry: a document of each kind that
// is put in is the only one, and in a list of its own.
func TestEveryListHasItsKind(t *testing.T) {
	full := &document.Documents{}
	for _, k := range document.Kinds() {
		one := k.Document(document.Meta{Kind: k.Name, Key: "a"}, k.New())
		if alone := document.Gather([]document.Any{one}); alone.Len() != 1 || slices.Collect(alone.All())[0] != one.About() {
			t.Errorf("%s: a document does not come out again", k.Name)
		}
		full = full.With(one)
	}
	v := reflect.ValueOf(full).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Name == "Targets" {
			continue // what documents may name; not a list of them
		}
		if f := v.Field(i); f.IsZero() || f.Kind() == reflect.Slice && f.Len() != 1 {
			t.Errorf("%s is the list of no kind", v.Type().Field(i).Name)
		}
	}
}

// With and Without do what a map by identity does, keep the order, and leave the
// documents that they are called on as they were.
func TestDocumentsAreAValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs, want := &document.Documents{}, map[document.ID]*document.Meta{}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			before := slices.Collect(docs.All())
			next, left := docs, maps.Clone(want)
			if ids := rapid.SliceOf(genID).Draw(t, "ids"); rapid.Bool().Draw(t, "take out") {
				var found []*document.Meta
				for _, id := range ids {
					if m := left[id.Identity()]; m != nil && !slices.Contains(found, m) {
						found = append(found, m)
					}
				}
				got := docs.Find(ids...)
				for _, m := range got {
					if !slices.Contains(found, m) {
						t.Fatalf("found %v of %v", m, ids)
					}
				}
				for _, id := range ids {
					delete(left, id.Identity())
				}
				if len(found) != len(want)-len(left) {
					t.Fatalf("found %d documents, and %d are taken out", len(found), len(want)-len(left))
				}
				next = docs.Without(ids...)
			} else {
				var put []document.Any
				for _, id := range ids {
					k := document.KindOf(id.Kind)
					one := k.Document(document.Meta{Kind: id.Kind, Key: id.Key, Dir: id.Dir}, k.New())
					put, left[id.Identity()] = append(put, one), one.About()
				}
				next = docs.With(put...)
			}
			if d := gocmp.Diff(before, slices.Collect(docs.All())); d != "" {
				t.Fatalf("the documents before changed:\n%s", d)
			}
			docs, want = next, left
			sorted := slices.SortedFunc(maps.Values(want), func(a, b *document.Meta) int {
				return cmp.Or(order(a.Kind)-order(b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Dir, b.Dir))
			})
			if d := gocmp.Diff(sorted, slices.Collect(docs.All())); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
			if docs.Len() != len(want) {
				t.Fatalf("Len() = %d, want %d", docs.Len(), len(want))
			}
		}
	})
}

var genID = rapid.Custom(func(t *rapid.T) document.ID {
	kind := rapid.SampledFrom([]schema.Kind{schema.KindSettings, schema.KindPolicies, schema.KindLogicalClusters}).Draw(t, "kind")
	id := document.ID{Kind: kind, Dir: rapid.SampledFrom([]string{"", "orgs", "orgs/a"}).Draw(t, "dir")}
	if kind != schema.KindSettings {
		id.Key = rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "key")
	}
	return id
})

func order(kind schema.Kind) int {
	return slices.IndexFunc(document.Kinds(), func(k *document.Kind) bool { return k.Name == kind })
}
