// Package fields compares values field by field.
package fields

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Field is a field in which two values differ. A side where it is not set is nil;
// null is json.RawMessage("null").
type Field struct {
	// Elements are the path to it. An item of a list is in brackets: by its name,
	// [name=read], where all items have one, else by its place, [0].
	Elements      []string
	Before, After any
}

// Path writes the elements as CUE does: `quota.cpu`, `metadata.labels."a.b/c"`,
// `rules[name=read].verbs`.
func (f *Field) Path() string { return Join(f.Elements) }

// Absent stands for a field that is not set: nil is a value.
type Absent struct{}

// MarshalJSON writes null.
func (Absent) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Compare returns the fields in which two values differ, by path. Values are those
// of encoding/json, or Absent.
func Compare(before, after any) []Field {
	var out []Field
	compare(nil, before, after, &out)
	return out
}

func compare(path []string, before, after any, out *[]Field) {
	switch b := before.(type) {
	case map[string]any:
		if a, ok := after.(map[string]any); ok {
			for _, key := range keys(b, a) {
				compare(append(slices.Clip(path), key), at(b, key), at(a, key), out)
			}
			return
		}
	case []any:
		if a, ok := after.([]any); ok {
			compareLists(path, b, a, out)
			return
		}
	}
	if !reflect.DeepEqual(before, after) {
		*out = append(*out, Field{Elements: path, Before: shown(before), After: shown(after)})
	}
}

// compareLists compares items by their names, where all have one, else by their
// place. Lists of plain values differ as a whole.
func compareLists(path []string, before, after []any, out *[]Field) {
	if reflect.DeepEqual(before, after) {
		return
	}
	b, a := named(before), named(after)
	if b != nil && a != nil {
		count := len(*out)
		for _, name := range keys(b, a) {
			compare(append(slices.Clip(path), "[name="+name+"]"), at(b, name), at(a, name), out)
		}
		if len(*out) == count { // only the order differs
			*out = append(*out, Field{Elements: path, Before: before, After: after})
		}
		return
	}
	if len(before) == len(after) && !scalars(before) && !scalars(after) {
		for i := range before {
			compare(append(slices.Clip(path), "["+strconv.Itoa(i)+"]"), before[i], after[i], out)
		}
		return
	}
	*out = append(*out, Field{Elements: path, Before: before, After: after})
}

func scalars(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool {
		switch v.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

// named returns items by their field "name", nil where one has none or two have
// the same.
func named(list []any) map[string]any {
	out := make(map[string]any, len(list))
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			return nil
		}
		name, ok := m["name"].(string)
		if _, twice := out[name]; !ok || twice {
			return nil
		}
		out[name] = item
	}
	return out
}

// keys returns the keys of either map, sorted.
func keys(a, b map[string]any) []string {
	all := make(map[string]bool, len(a)+len(b))
	for key := range a {
		all[key] = true
	}
	for key := range b {
		all[key] = true
	}
	return slices.Sorted(maps.Keys(all))
}

func at(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return Absent{}
}

func shown(v any) any {
	if v == (any)(Absent{}) {
		return nil
	}
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}

// Join writes the elements of a path as [Field.Path] does.
func Join(elements []string) string {
	var b strings.Builder
	for _, s := range elements {
		switch {
		case strings.HasPrefix(s, "["):
			b.WriteString(s)
			continue
		case b.Len() > 0:
			b.WriteByte('.')
		}
		if simple(s) {
			b.WriteString(s)
		} else {
			b.WriteString(strconv.Quote(s))
		}
	}
	return b.String()
}

func simple(s string) bool {
	s = strings.TrimPrefix(s, "#") // a definition
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	}) < 0
}

// Line tells a change in a line, and its sign: "~", "quota.cpu: 8 → 16".
func Line(path string, before, after any) (sign, text string) {
	switch {
	case before == nil:
		return "+", path + ": " + Text(after)
	case after == nil:
		return "-", path + ": " + Text(before)
	}
	return "~", path + ": " + Text(before) + " → " + Text(after)
}

// Text writes a value in one line for people, without the quotes that a plain word
// does not need.
func Text(v any) string {
	if s, ok := v.(string); ok && s != "" && !strings.ContainsAny(s, " ,:{}[]\"\n\t") {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
