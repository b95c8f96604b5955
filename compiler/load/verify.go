package load

import (
	"encoding/json"
	"reflect"
	"slices"

	"cuelang.org/go/cue"
	cuejson "cuelang.org/go/encoding/json"

	"github.com/tenantry/tenantry/internal/diag"
)

// key checks a document's key against the schema.
func (e *evaluation) key(id identity, at diag.Position) []problem {
	def := e.values.LookupPath(cue.MakePath(cue.Def(e.l.shapes[id.kind].key)))
	err := def.Unify(e.ctx.Encode(id.key)).Validate()
	if err == nil {
		return nil
	}
	path := []string{kindNames[id.kind], id.key}
	var out []problem
	for _, p := range (&explainer{b: e.builder}).explain(err) {
		p.path, p.Position, p.Code = path, at, diag.InvalidValue
		p.Message = "the key " + p.Message
		out = append(out, p)
	}
	return out
}

// asData checks a document once more, as plain data against the schema alone.
func (e *evaluation) asData(id identity, v cue.Value) []problem {
	path := []string{kindNames[id.kind]}
	if !kinds[id.kind].Singleton {
		path = append(path, id.key)
	}
	text, err := v.MarshalJSON()
	if err != nil {
		return []problem{{path, diag.New(diag.IncompleteValue, diag.Position{}, "%s", firstLine(err.Error()))}}
	}
	x, err := cuejson.Extract(ownFiles+"data.json", text)
	if err != nil {
		return []problem{{path, diag.New(diag.InvalidValue, diag.Position{}, "%s", firstLine(err.Error()))}}
	}
	def := e.values.LookupPath(cue.MakePath(cue.Def(e.l.shapes[id.kind].definition)))
	err = def.Unify(e.ctx.BuildExpr(x)).Validate(cue.Concrete(true), cue.Final())
	if err == nil {
		return nil
	}
	// Paths are those of the definition.
	ex := explainer{b: e.builder, own: e.own, place: func(p []string) diag.Position {
		if len(p) == 0 {
			return diag.Position{}
		}
		return e.where(append(slices.Clone(path), p[1:]...))
	}}
	var out []problem
	for _, p := range ex.explain(err) {
		full := slices.Clone(path)
		if len(p.path) > 0 {
			full = append(full, p.path[1:]...)
		}
		if p.Code == diag.FieldNotAllowed {
			p = e.notAllowed(full, e.where(full))
		}
		p.path = full
		out = append(out, p)
	}
	return out
}

// sameData compares two values as data.
func sameData(a, b cue.Value) bool {
	decode := func(v cue.Value) (x any, ok bool) {
		text, err := v.MarshalJSON()
		return x, err == nil && json.Unmarshal(text, &x) == nil
	}
	x, ok := decode(a)
	y, ok2 := decode(b)
	return ok && ok2 && reflect.DeepEqual(x, y)
}
