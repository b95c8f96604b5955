package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/internal/manifest"
)

// Field is a field that differs. Before or After is absent where it does not
// stand.
type Field struct {
	// Path as CUE writes it: `quota.cpu`, `metadata.labels."a.b/c"`. An item of a
	// list whose items have names is called by its name: `rules[name=read].verbs`.
	Path   string `json:"path"`
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
	// File and Line are where the field of a document stands.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`

	elements []string
	// removed: File does not stand any more.
	removed bool
}

// absent stands for a field that is not there: nil is a value.
type absent struct{}

func (absent) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// difference returns the fields in which two values differ, by path.
func difference(before, after any) []Field {
	var out []Field
	differ(nil, before, after, &out)
	return out
}

func differ(path []string, before, after any, out *[]Field) {
	switch b := before.(type) {
	case map[string]any:
		if a, ok := after.(map[string]any); ok {
			for _, key := range slices.Sorted(maps.Keys(merged(b, a))) {
				differ(append(slices.Clip(path), key), at(b, key), at(a, key), out)
			}
			return
		}
	case []any:
		if a, ok := after.([]any); ok {
			differList(path, b, a, out)
			return
		}
	}
	if !reflect.DeepEqual(before, after) {
		*out = append(*out, Field{Path: joined(path), Before: shown(before), After: shown(after), elements: path})
	}
}

// differList compares items by their names, where all have one, else by their
// place. Lists of plain values differ as a whole.
func differList(path []string, before, after []any, out *[]Field) {
	if reflect.DeepEqual(before, after) {
		return
	}
	b, a := named(before), named(after)
	if b != nil && a != nil {
		count := len(*out)
		for _, name := range slices.Sorted(maps.Keys(merged(b, a))) {
			differ(append(slices.Clip(path), "[name="+name+"]"), at(b, name), at(a, name), out)
		}
		if len(*out) == count { // only the order differs
			*out = append(*out, Field{Path: joined(path), Before: before, After: after, elements: path})
		}
		return
	}
	if len(before) == len(after) && !scalars(before) && !scalars(after) {
		for i := range before {
			differ(append(slices.Clip(path), "["+strconv.Itoa(i)+"]"), before[i], after[i], out)
		}
		return
	}
	*out = append(*out, Field{Path: joined(path), Before: before, After: after, elements: path})
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

func at(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return absent{}
}

func shown(v any) any {
	if v == (any)(absent{}) {
		return nil
	}
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}

func merged[K comparable, V any](a, b map[K]V) map[K]bool {
	out := make(map[K]bool, len(a)+len(b))
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	return out
}

func joined(path []string) string {
	var b strings.Builder
	for _, s := range path {
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

// plain turns what is rendered into the values that encoding/json knows.
func plain(v manifest.Value) any {
	switch v := v.(type) {
	case manifest.Map:
		out := make(map[string]any, len(v))
		for _, f := range v {
			out[f.Key] = plain(f.Value)
		}
		return out
	case manifest.List:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case []string:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out
	case int:
		return int64(v)
	}
	return v
}

// decoded reads a document. Numbers keep their digits.
func decoded(text []byte) any {
	if len(text) == 0 {
		return absent{}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return string(text)
	}
	if m, ok := v.(map[string]any); ok {
		if text, ok := m[parameterField].(string); ok {
			m[parameterField] = schemaFields(text)
		}
	}
	return v
}

// parameterField is where a module has the schema of its parameters.
const parameterField = "#parameters"

// schemaFields reads the text of a schema, of which the fields are compared one by
// one, as of a document. What is no plain struct is compared as a whole.
func schemaFields(text string) any {
	e, err := parser.ParseExpr("", text)
	if err != nil {
		return text
	}
	return fieldsOf(e)
}

func fieldsOf(e ast.Expr) any {
	s, ok := e.(*ast.StructLit)
	if !ok {
		return conjunction(e)
	}
	out := map[string]any{}
	for _, d := range s.Elts {
		f, ok := d.(*ast.Field)
		if !ok {
			if embedded, ok := d.(*ast.EmbedDecl); ok && written(embedded.Expr) == wholeSchema {
				continue
			}
			return written(e)
		}
		name, _, err := ast.LabelName(f.Label)
		if err != nil {
			return written(e)
		}
		if name == wholeSchema && len(s.Elts) == 2 {
			return fieldsOf(f.Value)
		}
		v := fieldsOf(f.Value)
		if f.Constraint == token.OPTION {
			v = map[string]any{"optional": v}
		}
		out[name] = v
	}
	return out
}

// conjunction writes an expression. What is unified with itself is written once.
func conjunction(e ast.Expr) string {
	var terms []string
	var add func(e ast.Expr)
	add = func(e ast.Expr) {
		inner := e
		for p, ok := inner.(*ast.ParenExpr); ok; p, ok = inner.(*ast.ParenExpr) {
			inner = p.X
		}
		if b, ok := inner.(*ast.BinaryExpr); ok && b.Op == token.AND {
			add(b.X)
			add(b.Y)
		} else if text := written(inner); !slices.Contains(terms, text) {
			terms = append(terms, text)
		}
	}
	add(e)
	if len(terms) == 1 {
		return terms[0]
	}
	slices.Sort(terms)
	return "(" + strings.Join(terms, ") & (") + ")"
}

// wholeSchema is what CUE calls a schema that it writes out whole.
const wholeSchema = "_#def"

// compact writes a value in one line for people, without the quotes that a plain
// word does not need.
func compact(v any) string {
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

// Difference returns the fields in which two objects differ, by path.
func Difference(before, after map[string]any) []Field { return difference(before, after) }

// Path joins the elements of a path as [Field] has it. One that begins with a
// bracket is an item of a list.
func Path(elements []string) string { return joined(elements) }

// String tells the field's change in a line: "quota.cpu: 8 → 16".
func (f Field) String() string {
	switch {
	case f.Before == nil:
		return fmt.Sprintf("+ %s: %s", f.Path, compact(f.After))
	case f.After == nil:
		return fmt.Sprintf("- %s: %s", f.Path, compact(f.Before))
	}
	return fmt.Sprintf("~ %s: %s → %s", f.Path, compact(f.Before), compact(f.After))
}
