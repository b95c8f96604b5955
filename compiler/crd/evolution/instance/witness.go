package instance

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// AddWitnesses gives changes of one resource that break writers an object which
// the old definition accepts and the new one refuses because of the change. Where
// none was found, the change is left as it is: some break without a refusal, by
// losing what was written. What is tried for a version is bounded, and a change for
// which that was too little says that its search was cut short. The error is that
// of the context.
func AddWitnesses(ctx context.Context, changes []evolution.Change, old, new *apiextensionsv1.CustomResourceDefinition) error {
	if old == nil || new == nil {
		return nil
	}
	versions := map[string][]*evolution.Change{}
	for i := range changes {
		if c := &changes[i]; c.Writers == evolution.Breaking && c.Version != "" {
			versions[c.Version] = append(versions[c.Version], c)
		}
	}
	for _, version := range sorted(versions) {
		if w := newWitnesses(old, new, version); w != nil {
			if err := w.add(ctx, versions[version], old.Spec.Group+"/"+version, old.Spec.Names.Kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// add finds a witness of each change, one for all changes at a place. The places have
// equal shares; those for which theirs was too little share once more what the others
// have left.
func (w *Witnesses) add(ctx context.Context, changes []*evolution.Change, apiVersion, kind string) error {
	at := map[string][]*evolution.Change{}
	for _, c := range changes {
		at[c.Path] = append(at[c.Path], c)
	}
	left, places := effort, sorted(at)
	for range 2 {
		var again []string
		for i, path := range places {
			found, err := w.find(ctx, path, left/(len(places)-i))
			if err != nil {
				return err
			}
			if left = max(left-found.spent, 0); found.cutShort {
				again = append(again, path)
			}
			for _, c := range at[path] {
				if c.CutShort = found.cutShort; found.object != nil {
					found.object["apiVersion"], found.object["kind"] = apiVersion, kind
					c.Witness = found.object
				}
			}
		}
		places = again
	}
	return nil
}

// effort is what the objects may cost that are tried for the changes of a version, all
// together. A count of values and no time, so that the same definitions have
// the same witnesses everywhere.
const effort = 1_000_000

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

// search is the outcome of looking for a witness.
type search struct {
	// object is nil where none was found.
	object map[string]any
	// spent is what the objects cost that were tried.
	spent int
	// cutShort tells that none was found and more could have been tried.
	cutShort bool
}

// find looks for a witness until about so much is spent, the last quarter of it for
// making it smaller.
func (w *Witnesses) find(ctx context.Context, path string, share int) (search, error) {
	var s search
	g := NewGenerator(1)
	g.Whole = 0
	for i := range attempts {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		if s.cutShort = s.spent >= share-share/4; s.cutShort {
			break
		}
		g.Sparse, g.Nulls = i%2 == 0, 0
		if i%5 == 4 {
			g.Nulls = 0.1
		}
		if g.Focus = path; i%4 >= 2 { // a field that is missing may be what shows it
			g.Focus = above(path)
		}
		object := w.before.Prune(g.Object(w.before.schema, w.after.schema))
		s.spent += cost(object)
		if w.shows(object, path) {
			s.object = object
			return s, w.shrink(ctx, &s, path, share)
		}
	}
	return s, nil
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

// cost is what it takes to try an object: its values, and more for a large one, since
// the validation compares each error with all others.
func cost(object any) int {
	n := size(object)
	return n + n*n/5000
}

// size is how many values there are in a value; a long text counts for several.
func size(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			n += size(inner)
		}
	case []any:
		for _, inner := range v {
			n += size(inner)
		}
	case string:
		n += len(v) / 64
	}
	return n
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
func (w *Witnesses) shrink(ctx context.Context, s *search, path string, share int) error {
	for smaller := true; smaller; {
		smaller = false
		for next := range simpler(s.object, true) {
			if err := ctx.Err(); err != nil || s.spent >= share {
				return err
			}
			s.spent += cost(next)
			if o, ok := next.(map[string]any); ok && w.shows(o, path) {
				s.object, smaller = o, true
				break
			}
		}
	}
	return nil
}

// simpler yields values that differ from one in one place and are smaller, the
// smallest first.
func simpler(v any, whole bool) iter.Seq[any] {
	switch v := v.(type) {
	case map[string]any:
		keys := sorted(v)
		if whole { // every object has these
			keys = slices.DeleteFunc(keys, func(key string) bool { return key == "apiVersion" || key == "kind" || key == "metadata" })
		}
		return simplerObject(v, keys)
	case []any:
		return simplerList(v)
	case string:
		return simplerText(v)
	}
	return func(func(any) bool) {}
}

// simplerObject yields the object without one of the keys, then with a simpler value
// of one of them.
func simplerObject(v map[string]any, keys []string) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, key := range keys {
			less := maps.Clone(v)
			delete(less, key)
			if !yield(less) {
				return
			}
		}
		for _, key := range keys {
			for inner := range simpler(v[key], false) {
				less := maps.Clone(v)
				less[key] = inner
				if !yield(less) {
					return
				}
			}
		}
	}
}

// simplerList yields the list without one of its items, then with a simpler one.
func simplerList(v []any) iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := range v {
			if !yield(slices.Delete(slices.Clone(v), i, i+1)) {
				return
			}
		}
		for i := range v {
			for inner := range simpler(v[i], false) {
				less := slices.Clone(v)
				less[i] = inner
				if !yield(less) {
					return
				}
			}
		}
	}
}

// simplerText yields half of the text, the text without its last letter, and one that
// is as long and plain.
func simplerText(v string) iter.Seq[any] {
	return func(yield func(any) bool) {
		letters := []rune(v)
		if len(letters) > 1 && (!yield(string(letters[:len(letters)/2])) || !yield(string(letters[:len(letters)-1]))) {
			return
		}
		if plain := strings.Repeat("a", len(letters)); plain != v {
			yield(plain)
		}
	}
}
