package instance

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/evolution"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// AddWitnesses gives changes of one resource that break writers an object which
// the old definition accepts and the new one refuses because of the change. Where
// none was found, the change is left as it is: some break without a refusal, by
// losing what was written. The error is that of the context.
func AddWitnesses(ctx context.Context, changes []evolution.Change, old, new *apiextensionsv1.CustomResourceDefinition) error {
	if old == nil || new == nil {
		return nil
	}
	witnesses := map[string]*Witnesses{}
	for i := range changes {
		c := &changes[i]
		if c.Writers != evolution.Breaking || c.Version == "" {
			continue
		}
		w, ok := witnesses[c.Version]
		if !ok {
			w = newWitnesses(old, new, c.Version)
			witnesses[c.Version] = w
		}
		if w == nil {
			continue
		}
		object, ok, err := w.Find(ctx, c.Path)
		if err != nil {
			return err
		}
		if ok {
			object["apiVersion"], object["kind"] = old.Spec.Group+"/"+c.Version, old.Spec.Names.Kind
			c.Witness = object
		}
	}
	return nil
}

// Witnesses finds objects that one schema accepts and another one refuses.
type Witnesses struct{ before, after *Server }

// NewWitnesses returns a finder for two schemas. The error is for one that an API
// server would not accept.
func NewWitnesses(old, new *apiextensionsv1.JSONSchemaProps) (*Witnesses, error) {
	before, err := NewServer(old)
	if err != nil {
		return nil, err
	}
	after, err := NewServer(new)
	if err != nil {
		return nil, err
	}
	return &Witnesses{before, after}, nil
}

func newWitnesses(old, new *apiextensionsv1.CustomResourceDefinition, version string) *Witnesses {
	schemas := make([]*props, 2)
	for i, d := range []*apiextensionsv1.CustomResourceDefinition{old, new} {
		for _, v := range d.Spec.Versions {
			if v.Name == version && v.Schema != nil {
				schemas[i] = v.Schema.OpenAPIV3Schema
			}
		}
		if schemas[i] == nil {
			return nil
		}
	}
	w, err := NewWitnesses(schemas[0], schemas[1])
	if err != nil {
		return nil
	}
	return w
}

// attempts is how many objects are made up for one witness. Half of them have
// little beside the place that they are about.
const attempts = 200

// Find returns a small object that the old schema accepts and the new one refuses
// for a reason at, above or below the path, as changes name it. It is false where
// no such object was found. The error is that of the context.
func (w *Witnesses) Find(ctx context.Context, path string) (map[string]any, bool, error) {
	g := NewGenerator(1)
	g.Whole = 0
	for i := range attempts {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		g.Sparse, g.Nulls = i%2 == 0, 0
		if i%5 == 4 {
			g.Nulls = 0.1
		}
		if g.Focus = path; i%4 >= 2 { // a field that is missing may be what shows it
			g.Focus = above(path)
		}
		object := w.before.Prune(g.Object(w.before.schema, w.after.schema))
		if w.shows(object, path) {
			object, err := w.shrink(ctx, object, path)
			return object, err == nil, err
		}
	}
	return nil, false, nil
}

// above returns the path of what the place lies in.
func above(path string) string {
	if i := max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '[')); i > 0 {
		return path[:i]
	}
	return path
}

// shows reports whether the object is a witness.
func (w *Witnesses) shows(object map[string]any, path string) bool {
	if _, errs := w.before.Admit(object); len(errs) > 0 {
		return false
	}
	_, errs := w.after.Admit(object)
	return slices.ContainsFunc(errs, func(err *field.Error) bool { return Related(err.Field, path) })
}

// Related reports whether the place of a validation error is, is above or is
// below the path of a change.
func Related(place, path string) bool {
	a, b := words(place), words(path)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] && b[i] != "*" && a[i] != "*" {
			return false
		}
	}
	return true
}

// words are the fields and indices on a path, "*" for any of them.
func words(path string) []string {
	out := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]'", r) })
	for i, word := range out {
		if strings.Trim(word, "0123456789") == "" || word == "<nil>" {
			out[i] = "*"
		}
	}
	return out
}

// shrink leaves out what the object can lack and still be a witness.
func (w *Witnesses) shrink(ctx context.Context, object map[string]any, path string) (map[string]any, error) {
	for tries := 0; tries < 1000; {
		smaller := false
		for _, next := range simpler(object, true) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			tries++
			if o, ok := next.(map[string]any); ok && w.shows(o, path) {
				object, smaller = o, true
				break
			}
		}
		if !smaller {
			break
		}
	}
	return object, nil
}

// simpler returns values that differ from one in one place and are smaller, the
// smallest first.
func simpler(v any, whole bool) []any {
	var out []any
	switch v := v.(type) {
	case map[string]any:
		keys := sorted(v)
		if whole { // every object has these
			keys = slices.DeleteFunc(keys, func(key string) bool { return key == "apiVersion" || key == "kind" || key == "metadata" })
		}
		for _, key := range keys {
			less := maps.Clone(v)
			delete(less, key)
			out = append(out, less)
		}
		for _, key := range keys {
			for _, inner := range simpler(v[key], false) {
				less := maps.Clone(v)
				less[key] = inner
				out = append(out, less)
			}
		}
	case []any:
		for i := range v {
			out = append(out, slices.Delete(slices.Clone(v), i, i+1))
		}
		for i := range v {
			for _, inner := range simpler(v[i], false) {
				less := slices.Clone(v)
				less[i] = inner
				out = append(out, less)
			}
		}
	case string:
		if letters := []rune(v); len(letters) > 1 {
			out = append(out, string(letters[:len(letters)/2]), string(letters[:len(letters)-1]))
			if plain := strings.Repeat("a", len(letters)); plain != v {
				out = append(out, plain)
			}
		}
	}
	return out
}
