package eval

import (
	"encoding/json"
	"reflect"
	"slices"

	"cuelang.org/go/cue"
	cuejson "cuelang.org/go/encoding/json"

	"github.com/tenantry/tenantry/compiler/load/bind"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// document validates one document and binds it to its Go type.
func (e *evaluation) document(id Identity, v cue.Value, revalidate bool) bool {
	kind := kinds[id.Kind]
	at := e.declared[id]
	if at.IsZero() {
		at = e.contribution(v)
	}
	if at.IsZero() {
		at = e.named(nil)
	}
	b := &bind.Binder{Strings: e.strings}
	doc := Document{Kind: id.Kind, Key: id.Key, Pos: at, Spec: kind.New()}
	if problems := e.verify(id, v, b, doc.Spec, at, revalidate); len(problems) > 0 {
		e.report(id, problems, at)
		e.Failed = append(e.Failed, Failed{Kind: id.Kind, Key: id.Key, Pos: at})
		return false
	}
	doc.Places = document.NewPlaces(b.Fields)
	if text, err := json.Marshal(doc.Spec); err == nil { // what was bound can be written
		doc.Text = text
	}
	e.Documents = append(e.Documents, doc)
	return true
}

// verify finds what is wrong with a document, and binds it to spec.
func (e *evaluation) verify(id Identity, v cue.Value, b *bind.Binder, spec any, at diag.Position, revalidate bool) (problems []problem) {
	if err := v.Validate(cue.Concrete(true), cue.Final()); err != nil {
		problems = e.explain(err)
	}
	if !kinds[id.Kind].Singleton {
		problems = append(problems, e.key(id, at)...)
	}
	bound := b.Bind(v, reflect.ValueOf(spec).Elem(), e.sources[id], nil)
	for _, u := range b.Unknown {
		problems = append(problems, e.notAllowed(append(id.path(), u.Path...), u.Pos))
	}
	if len(problems) == 0 && bound == nil && revalidate {
		problems = e.asData(id, v)
	}
	if len(problems) == 0 && bound != nil {
		problems = append(problems, problem{id.path(), diag.New(diag.InvalidValue, at, "%s", bound)})
	}
	return problems
}

// report reports what is wrong with a document, each thing once.
func (e *evaluation) report(id Identity, problems []problem, at diag.Position) {
	seen := map[string]bool{}
	for _, p := range problems {
		_, _, rest, _ := documentOf(p.path)
		d := p.Diagnostic.About(id.Title())
		if d.Position.IsZero() {
			d.Position = at
		}
		if len(rest) > 0 {
			d.Message = document.FieldPath(rest) + ": " + d.Message
		}
		if once := string(d.Code) + d.Message; !seen[once] {
			seen[once] = true
			e.Diagnostics = append(e.Diagnostics, d)
		}
	}
}

// key checks a document's key against the schema.
func (e *evaluation) key(id Identity, at diag.Position) []problem {
	def := e.Builder.known.key(id.Kind)
	err := def.Unify(e.ctx.Encode(id.Key)).Validate()
	if err == nil {
		return nil
	}
	path := []string{document.KindNames()[id.Kind], id.Key}
	var out []problem
	for _, p := range (&explainer{known: e.Builder.known}).explain(err) {
		p.path, p.Position, p.Code = path, at, diag.InvalidValue
		p.Message = "the key " + p.Message
		out = append(out, p)
	}
	return out
}

// asData checks a document once more, as plain data against the schema alone.
func (e *evaluation) asData(id Identity, v cue.Value) []problem {
	path := []string{document.KindNames()[id.Kind]}
	if !kinds[id.Kind].Singleton {
		path = append(path, id.Key)
	}
	text, err := v.MarshalJSON()
	if err != nil {
		return []problem{{path, diag.New(diag.IncompleteValue, diag.Position{}, "%s", syntax.FirstLine(err.Error()))}}
	}
	x, err := cuejson.Extract(syntax.OwnFiles+"data.json", text)
	if err != nil {
		return []problem{{path, diag.New(diag.InvalidValue, diag.Position{}, "%s", syntax.FirstLine(err.Error()))}}
	}
	def := e.Builder.known.definition(id.Kind)
	err = def.Unify(e.ctx.BuildExpr(x)).Validate(cue.Concrete(true), cue.Final())
	if err == nil {
		return nil
	}
	// Paths are those of the definition.
	ex := explainer{known: e.Builder.known, own: e.own, place: func(p []string) diag.Position {
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
