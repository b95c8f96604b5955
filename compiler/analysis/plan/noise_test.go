package plan_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
	"pgregory.net/rapid"
)

// refactored writes the same documents in another way: in other files of their
// directories, with their fields in another order, in pieces that CUE unifies,
// through hidden fields and comprehensions, with comments and other spaces.
type refactored struct {
	t *rapid.T
	// helpers are declared beside the documents of the file at hand.
	helpers []string
	names   int
}

func (r *refactored) files(base documents) map[string]string {
	out := map[string]string{}
	for _, dir := range slices.Sorted(maps.Keys(base)) {
		files := rapid.IntRange(1, 3).Draw(r.t, "files")
		bodies := make([]string, files)
		content := base[dir]
		for _, kind := range rapid.Permutation(slices.Sorted(maps.Keys(content))).Draw(r.t, "kinds") {
			if kind == "settings" {
				bodies[0] += r.field("settings", content[kind])
				continue
			}
			documents := content[kind].(map[string]any)
			for _, key := range rapid.Permutation(slices.Sorted(maps.Keys(documents))).Draw(r.t, "keys") {
				file := rapid.IntRange(0, files-1).Draw(r.t, "file")
				bodies[file] += fmt.Sprintf("%s: %s", kind, r.field(key, documents[key]))
			}
		}
		for i, body := range bodies {
			name := filepath.Join(dir, fmt.Sprintf("%s%d.cue", rapid.SampledFrom([]string{"a", "team", "z"}).Draw(r.t, "name"), i))
			out[name] = "// A file.\npackage tenancy\n\n" + body
			if i == 0 {
				out[name] += strings.Join(r.helpers, "")
				r.helpers = nil
			}
		}
	}
	return out
}

// field writes a field, in one or in several declarations.
func (r *refactored) field(key string, v any) string {
	if text, ok := v.(string); ok && key == parameterField {
		return fmt.Sprintf("%s: %s\n", key, text)
	}
	name, err := json.Marshal(key)
	if err != nil {
		r.t.Fatal(err)
	}
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return fmt.Sprintf("%s: %s\n", name, r.value(v))
	}
	switch rapid.IntRange(0, 4).Draw(r.t, "form") {
	case 0: // in pieces
		keys := rapid.Permutation(slices.Sorted(maps.Keys(m))).Draw(r.t, "order")
		n := rapid.IntRange(0, len(keys)).Draw(r.t, "piece")
		first, second := map[string]any{}, map[string]any{}
		for i, k := range keys {
			if i < n {
				first[k] = m[k]
			} else {
				second[k] = m[k]
			}
		}
		return fmt.Sprintf("%s: {%s} & {%s}\n", name, r.fields(first), r.fields(second))
	case 1: // through a hidden field
		r.names++
		helper := fmt.Sprintf("_helper%d", r.names)
		r.helpers = append(r.helpers, fmt.Sprintf("%s: %s\n", helper, r.value(v)))
		return fmt.Sprintf("%s: %s\n", name, helper)
	case 2: // unified with itself
		return fmt.Sprintf("%s: %s & %s\n", name, r.value(v), r.value(v))
	case 3: // by a comprehension
		return fmt.Sprintf("%s: {if true {\n%s}}\n", name, r.fields(m))
	}
	return fmt.Sprintf("%s: %s // said\n", name, r.value(v))
}

func (r *refactored) fields(m map[string]any) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, k := range rapid.Permutation(slices.Sorted(maps.Keys(m))).Draw(r.t, "order") {
		if rapid.Bool().Draw(r.t, "comment") {
			b.WriteString("  // comment\n\n")
		}
		b.WriteString(r.field(k, m[k]))
	}
	return b.String()
}

func (r *refactored) value(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "{" + r.fields(v) + "}"
	case []any:
		items := make([]string, len(v))
		for i := range v {
			items[i] = r.value(v[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	text, err := json.Marshal(v)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// TestEqualInputMakesNoNoise: whatever way the same tenancy is written, the plan
// is empty.
func TestEqualInputMakesNoNoise(t *testing.T) {
	store, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	base := readDocuments(t)
	before, accepted := accepted(t, base.files(t), nil, store)
	if errs := errorsOf(before); errs != nil {
		t.Fatalf("the documents have errors: %v", errs)
	}
	testkit.Rounds(t, 20)
	rapid.Check(t, func(rt *rapid.T) {
		files := (&refactored{t: rt}).files(base)
		maps.Copy(files, locksOf(accepted))
		after := compiled(t, files, before, nil)
		if errs := errorsOf(after); errs != nil {
			rt.Fatalf("the same documents have errors: %v\n%v", errs, files)
		}
		if p := compared(t, before, after); !p.Empty() {
			text, _ := json.MarshalIndent(p, "", "  ")
			rt.Fatalf("the plan is not empty: %s", text)
		}
	})
}
