package fields_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/fields"
)

func parse(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Compare names what differs as a person would: a field by its path, an item by its
// name where all have one, a list of plain values as a whole.
func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name, before, after string
		paths               []string
	}{
		{"equal", `{"a": {"b": [1, {"c": null}]}}`, `{"a": {"b": [1, {"c": null}]}}`, nil},
		{"a value", `{"quota": {"cpu": 1, "memory": 2}}`, `{"quota": {"cpu": 3, "memory": 2}}`, []string{"quota.cpu"}},
		{"a field comes and another goes", `{"a": 1}`, `{"b": 1}`, []string{"a", "b"}},
		{"null is not nothing", `{"a": null}`, `{}`, []string{"a"}},
		{"keys that are quoted", `{"labels": {"a.b/c": "x"}}`, `{"labels": {"a.b/c": "y"}}`, []string{`labels."a.b/c"`}},
		{"items by name", `[{"name": "x", "v": 1}, {"name": "y", "v": 1}]`, `[{"name": "y", "v": 2}, {"name": "x", "v": 1}]`, []string{"[name=y].v"}},
		{"only the order of items", `{"l": [{"name": "x"}, {"name": "y"}]}`, `{"l": [{"name": "y"}, {"name": "x"}]}`, []string{"l"}},
		{"two items of one name", `{"l": [{"name": "x", "v": 1}, {"name": "x", "v": 2}]}`, `{"l": [{"name": "x", "v": 1}, {"name": "x", "v": 3}]}`, []string{"l[1].v"}},
		{"items without names", `{"l": [{"v": 1}, {"v": 2}]}`, `{"l": [{"v": 1}, {"v": 3}]}`, []string{"l[1].v"}},
		{"another number of items without names", `{"l": [{"v": 1}]}`, `{"l": [{"v": 1}, {"v": 3}]}`, []string{"l"}},
		{"plain values", `{"l": ["a", "b"]}`, `{"l": ["a", "c"]}`, []string{"l"}},
		{"another type", `{"a": {"b": 1}}`, `{"a": [1]}`, []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, after := parse(t, c.before), parse(t, c.after)
			for _, sides := range [][2]any{{before, after}, {after, before}} {
				var paths []string
				for _, f := range fields.Compare(sides[0], sides[1]) {
					paths = append(paths, f.Path())
				}
				slices.Sort(paths)
				if diff := cmp.Diff(c.paths, paths); diff != "" {
					t.Errorf("(-want +have):\n%s", diff)
				}
			}
		})
	}
}

// What is not set is nil, and null is null.
func TestAbsent(t *testing.T) {
	for _, f := range fields.Compare(parse(t, `{"null": null, "gone": 1}`), parse(t, `{"new": 1}`)) {
		text := fmt.Sprintf("%s %v", f.Path(), []bool{f.Before == nil, f.After == nil})
		if want := map[string]string{"null": "null [false true]", "gone": "gone [false true]", "new": "new [true false]"}[f.Path()]; text != want {
			t.Errorf("have %s, want %s", text, want)
		}
	}
}
