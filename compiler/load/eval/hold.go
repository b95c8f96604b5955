package eval

import (
	"encoding/json"
	"fmt"
	"reflect"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	"github.com/tenantry/tenantry/compiler/load/bind"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Pinned is a document as it was last good.
type Pinned struct {
	Kind schema.Kind
	Key  string
	// Dir is the directory that declared it.
	Dir string
	// JSON is the document's Spec.
	JSON []byte
	// Above: only the patterns of the directories above apply, and those of its own
	// directory do not.
	Above bool
	// Most are questions about what patterns admit.
	Most []Most
}

// Held is a pinned document under today's patterns.
type Held struct {
	// Document is a *document.Document of the kind's type with Meta.Held set; nil only if
	// the JSON is not that of a document.
	Document document.Any
	// Diagnostics say where it violates what holds today.
	Diagnostics []diag.Diagnostic
	// Admitted answers the questions, in their order; nil for a document that the
	// patterns refuse as it is, or that could not be evaluated.
	Admitted []Admitted
}

// Hold evaluates documents of one directory as they were last good. The chain has
// the directories whose patterns apply, as far as they can be evaluated today: each
// above the next, the last may be the directory itself.
func (b *Builder) Hold(dir string, chain []*syntax.Directory, pinned []Pinned) []Held {
	h := holding{Builder: b, pinned: pinned}
	// All that holds in the directory today first, then less and less of it.
	for n := len(chain); n >= 0; n-- {
		inst := b.instantiate(b.repo.Patterns(chain[:n], dir), &ast.File{Filename: syntax.OwnFiles + "held.json", Decls: h.data()})
		if inst.problems != nil {
			continue
		}
		out := make([]Held, len(pinned))
		for i, p := range pinned {
			out[i] = h.one(inst.value, p)
		}
		return out
	}
	out := make([]Held, len(pinned))
	for i, p := range pinned {
		out[i] = b.asItWas(p)
	}
	return out
}

// Refused returns a pinned document as it was, where what holds today does not admit it.
func (e *Evaluator) Refused(p Pinned, why ...diag.Diagnostic) Held {
	held := e.refused(p)
	held.Diagnostics = append(held.Diagnostics, why...)
	return held
}

// Unjudged returns a pinned document as it was, where it is not known whether what holds today
// admits it.
func (e *Evaluator) Unjudged(p Pinned, why diag.Diagnostic) Held {
	held := e.asItWas(p)
	why.Position = e.meta(p).Pos
	held.Diagnostics = append(held.Diagnostics, why.About(document.Title(p.Kind, p.Key)))
	return held
}

// holding is the work on the pinned documents of one directory.
type holding struct {
	*Builder
	pinned []Pinned
}

// data returns the documents as syntax, made anew: a tree serves one instance only.
func (h *holding) data() (data []ast.Decl) {
	for _, p := range h.pinned {
		if k := document.KindIndex(string(p.Kind)); k >= 0 {
			if d, err := dataField(Identity{k, p.Key}, p.JSON); err == nil {
				data = append(data, d)
			}
		}
	}
	return data
}

// one judges one pinned document in an evaluated instance.
func (h *holding) one(root cue.Value, p Pinned) Held {
	k := document.KindIndex(string(p.Kind))
	if k < 0 {
		return h.asItWas(p)
	}
	v := Identity{k, p.Key}.in(root)
	var problems []diag.Diagnostic
	if err := v.Validate(cue.Concrete(true), cue.Final()); err != nil {
		e := explainer{known: h.Builder.known}
		for _, p := range e.explain(err) {
			if _, _, rest, _ := documentOf(p.path); len(rest) > 0 {
				p.Message = document.FieldPath(rest) + ": " + p.Message
			}
			problems = append(problems, p.Diagnostic)
		}
	}
	spec := kinds[k].New()
	b := &bind.Binder{Strings: h.strings}
	if len(problems) == 0 {
		if err := b.Bind(v, reflect.ValueOf(spec).Elem(), nil, nil); err != nil {
			problems = append(problems, diag.New(diag.InvalidValue, diag.Position{}, "%s", err))
		}
		for _, u := range b.Unknown {
			problems = append(problems, diag.New(diag.FieldNotAllowed, u.Pos, "%s: there is no such field any more", document.FieldPath(u.Path)))
		}
	}
	if len(problems) > 0 {
		held := h.refused(p)
		for _, d := range diag.Sort(problems) {
			if d.Position.IsZero() {
				d.Position = h.meta(p).Pos
			}
			held.Diagnostics = append(held.Diagnostics, d.About(document.Title(p.Kind, p.Key)))
		}
		return held
	}
	meta := h.meta(p)
	meta.Places = document.NewPlaces(b.Fields)
	return Held{Document: kinds[k].Document(meta, spec), Admitted: h.most(v, p.Most)}
}

// asItWas returns a pinned document without anything of today.
func (e *Evaluator) asItWas(p Pinned) Held { return e.unchanged(e.meta(p), p) }

// refused returns a pinned document that today's patterns do not admit.
func (e *Evaluator) refused(p Pinned) Held {
	m := e.meta(p)
	m.Refused = true
	return e.unchanged(m, p)
}

func (e *Evaluator) unchanged(m document.Meta, p Pinned) Held {
	k := document.KindIndex(string(p.Kind))
	if k < 0 {
		return Held{Diagnostics: []diag.Diagnostic{diag.New(diag.InvalidValue, diag.Position{}, "there is no kind of document %q", p.Kind)}}
	}
	spec := kinds[k].New()
	if err := json.Unmarshal(p.JSON, spec); err != nil {
		return Held{Diagnostics: []diag.Diagnostic{diag.New(diag.InvalidValue, diag.Position{}, "the document that was last good cannot be read: %s",
			fmt.Sprint(err)).About(document.Title(p.Kind, p.Key))}}
	}
	return Held{Document: kinds[k].Document(m, spec)}
}

// meta points to where the document stands today, as far as it still does.
func (e *Evaluator) meta(p Pinned) document.Meta {
	return document.Meta{Kind: p.Kind, Key: p.Key, Dir: p.Dir, Pos: e.repo.Place(p.Dir, document.KindIndex(string(p.Kind)), p.Key), Held: true}
}
