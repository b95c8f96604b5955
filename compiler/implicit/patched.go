package implicit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// Template is a value whose texts may hold the placeholders of implicit objects.
type Template struct {
	value manifest.Value
	// Labels of the logical cluster that placeholders name, and where.
	Labels map[string]diag.Position
}

// NewTemplate reads a value as JSON has it. at returns where a part of it stands;
// what is wrong with its placeholders is reported.
func NewTemplate(value any, at func(path ...string) diag.Position, report func(diag.Diagnostic)) *Template {
	p := &parser{at: at, report: report, labels: map[string]diag.Position{}}
	t := &Template{Labels: p.labels}
	t.value, _ = p.value(value, nil)
	return t
}

// Fill returns the value with its placeholders filled in. It may not be changed.
func (t *Template) Fill(v *Values) manifest.Value { return fillTree(t.value, v) }

// IsReserved reports whether a label or an annotation is not anybody's to set but the
// platform's: it tells the platform, or the engines that apply objects, what to do.
func IsReserved(key string, engines target.Engines) bool {
	return ownDomain(key, engines) || key == LabelManagedBy
}

// Problem says why an object, as it is after placeholders were filled in, could not be
// given by an implicit document; empty where it could. Its metadata is not looked at.
func Problem(t *tenancy.Tenancy, object manifest.Map) string {
	raw, _ := literal(manifest.Plain(object)).(map[string]any)
	raw = maps.Clone(raw)
	raw["metadata"] = map[string]any{"name": "x"}
	var problems []string
	c := &checker{t: t, labels: map[string]diag.Position{},
		source: &Source{Meta: &document.Meta{}, Content: schema.Implicit{Merge: schema.PlatformWins}, places: make([]place, 1)},
		report: func(d diag.Diagnostic) { problems = append(problems, d.Message) }}
	c.object(0, raw)
	slices.Sort(problems)
	return strings.Join(slices.Compact(problems), "; ")
}

// literal makes of texts what stands for their very characters.
func literal(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, opening, escaped)
	case map[string]any:
		for key := range v {
			v[key] = literal(v[key])
		}
	case []any:
		for i := range v {
			v[i] = literal(v[i])
		}
	}
	return v
}

// ValuesOf returns values by the names of their placeholders. A placeholder that there
// is not is an error.
func ValuesOf(given map[string]any) (*Values, error) {
	v := &Values{Labels: map[string]string{}}
	for name, value := range given {
		text, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("%s is no text", name)
		}
		f, label := findField(name)
		switch {
		case f == nil:
			return nil, fmt.Errorf("there is no placeholder %s%s}", opening, name)
		case label != "":
			v.Labels[label] = text
		default:
			*f.at(v) = text
		}
	}
	return v, nil
}
