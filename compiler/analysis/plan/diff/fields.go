package diff

import (
	"bytes"
	"encoding/json"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/fields"
)

// changeText tells the field's change without a sign: "parameters.max: 3 → 4".
func changeText(f *change.Field) string {
	_, text := fields.Line(f.Path, f.Before, f.After)
	return text
}

// difference returns the fields in which two values differ, by path.
func difference(before, after any) []change.Field {
	var out []change.Field
	for _, f := range fields.Compare(before, after) {
		out = append(out, change.Field{Path: f.Path(), Before: f.Before, After: f.After, Elements: f.Elements})
	}
	return out
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

// decoded reads a document. Numbers keep their digits.
func decoded(text []byte) any {
	if len(text) == 0 {
		return fields.Absent{}
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
