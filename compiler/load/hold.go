package load

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	"github.com/tenantry/tenantry/compiler/load/document"
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

// Hold evaluates documents as they were last good in place of what the repo now
// says. Patterns of their directories, as far as these can be evaluated today,
// apply: they may add to a document, and where they refuse it the diagnostics
// say so and the document comes as it was. Load comes first.
//
// The order of the result is that of the argument.
func (l *Loader) Hold(ctx context.Context, pinned []Pinned) ([]Held, error) {
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	out := make([]Held, len(pinned))
	byDir := map[string][]int{}
	var dirs []string
	for i, p := range pinned {
		if byDir[p.Dir] == nil {
			dirs = append(dirs, p.Dir)
		}
		byDir[p.Dir] = append(byDir[p.Dir], i)
	}
	slices.Sort(dirs)
	var b *builder
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if b == nil || b.served >= perBuilder {
			next, err := l.newBuilder()
			if err != nil {
				return nil, err
			}
			b = next
		}
		b.served++
		if !l.holdDirectory(ctx, b, dir, pinned, byDir[dir], out) {
			b = nil
		}
	}
	return out, nil
}

// holdDirectory holds the documents of one directory, within the same bounds as
// an evaluation. It reports whether the builder may be used again.
func (l *Loader) holdDirectory(ctx context.Context, b *builder, dir string, pinned []Pinned, which []int, out []Held) bool {
	done := make(chan []Held, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- nil
			}
		}()
		h := holding{builder: b, dir: dir}
		done <- h.hold(pinned, which)
	}()
	timer := time.NewTimer(l.options.Timeout)
	defer timer.Stop()
	var got []Held
	select {
	case got = <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
	for i, n := range which {
		if got != nil {
			out[n] = got[i]
			continue
		}
		h := holding{builder: b, dir: dir}
		out[n] = h.refused(pinned[n])
		out[n].Diagnostics = append(out[n].Diagnostics, diag.New(diag.TooComplex, diag.Position{},
			"the patterns of the directories above could not be evaluated for the document").About(document.Title(pinned[n].Kind, pinned[n].Key)))
	}
	return got != nil
}

// holding is the work on the pinned documents of one directory.
type holding struct {
	*builder
	dir string
}

func (h *holding) hold(pinned []Pinned, which []int) []Held {
	out := make([]Held, len(which))
	var data []ast.Decl
	for _, n := range which {
		p := pinned[n]
		k := kindIndex(string(p.Kind))
		if k < 0 {
			continue
		}
		if d, err := dataField(identity{k, p.Key}, p.JSON); err == nil {
			data = append(data, d)
		}
	}
	// The directory itself first; what cannot be evaluated today is left out.
	for _, in := range h.chains() {
		inst := h.instantiate(in, &ast.File{Filename: ownFiles + "held.json", Decls: data})
		if inst.problems != nil {
			data = h.again(pinned, which)
			continue
		}
		for i, n := range which {
			out[i] = h.one(inst.value, pinned[n])
		}
		return out
	}
	for i, n := range which {
		out[i] = h.asItWas(pinned[n])
	}
	return out
}

// again builds the syntax anew: a tree serves one instance only.
func (h *holding) again(pinned []Pinned, which []int) (data []ast.Decl) {
	for _, n := range which {
		if k := kindIndex(string(pinned[n].Kind)); k >= 0 {
			if d, err := dataField(identity{k, pinned[n].Key}, pinned[n].JSON); err == nil {
				data = append(data, d)
			}
		}
	}
	return data
}

// chains returns the inputs to try: all that holds in the directory today, then
// less and less of it.
func (h *holding) chains() [][]input {
	var chain []*directory
	h.l.mu.Lock()
	for _, d := range h.l.dirs {
		if d.path != "" && d.path != h.dir && !strings.HasPrefix(h.dir, d.path+"/") {
			continue
		}
		if len(d.problems) == 0 && !h.l.outcomes[d].Dead {
			chain = append(chain, d)
		}
	}
	h.l.mu.Unlock()
	var out [][]input
	for n := len(chain); n >= 0; n-- {
		out = append(out, h.l.patterns(chain[:n], h.dir))
	}
	return out
}

// patterns returns the files of directories without their plain documents, but
// for those above the last that something refers to.
func (l *Loader) patterns(chain []*directory, dir string) []input {
	last := &directory{path: dir, above: chain}
	kept := last.refers()
	var in []input
	for _, d := range chain {
		for _, f := range d.files {
			keep := kept & f.kinds()
			if d.path == dir {
				keep = 0
			}
			switch {
			case !f.IsData:
				in = append(in, input{file: f, text: l.variant(f, keep)})
			case keep != 0:
				in = append(in, input{file: f, text: f.Data})
			}
		}
	}
	return in
}

// one judges one pinned document in an evaluated instance.
func (h *holding) one(root cue.Value, p Pinned) Held {
	k := kindIndex(string(p.Kind))
	if k < 0 {
		return h.asItWas(p)
	}
	v := root.LookupPath(cue.MakePath(cue.Str(kindNames[k])))
	if !kinds[k].Singleton {
		v = v.LookupPath(cue.MakePath(cue.Str(p.Key)))
	}
	var problems []diag.Diagnostic
	if err := v.Validate(cue.Concrete(true), cue.Final()); err != nil {
		e := explainer{b: h.builder}
		for _, p := range e.explain(err) {
			if _, _, rest, _ := documentOf(p.path); len(rest) > 0 {
				p.Message = document.FieldPath(rest) + ": " + p.Message
			}
			problems = append(problems, p.Diagnostic)
		}
	}
	spec := kinds[k].New()
	b := &binder{intern: h.intern}
	if len(problems) == 0 {
		if err := b.bind(v, reflect.ValueOf(spec).Elem(), nil, nil); err != nil {
			problems = append(problems, diag.New(diag.InvalidValue, diag.Position{}, "%s", err))
		}
		for _, u := range b.unknown {
			problems = append(problems, diag.New(diag.FieldNotAllowed, u.pos, "%s: there is no such field any more", document.FieldPath(u.path)))
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
	meta.Places = document.NewPlaces(b.fields)
	return Held{Document: kinds[k].Document(meta, spec), Admitted: h.most(v, p.Most)}
}

// asItWas returns a pinned document without anything of today.
func (h *holding) asItWas(p Pinned) Held { return h.unchanged(h.meta(p), p) }

// refused returns a pinned document that today's patterns do not admit.
func (h *holding) refused(p Pinned) Held {
	m := h.meta(p)
	m.Refused = true
	return h.unchanged(m, p)
}

func (h *holding) unchanged(m document.Meta, p Pinned) Held {
	k := kindIndex(string(p.Kind))
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
func (h *holding) meta(p Pinned) document.Meta {
	m := document.Meta{Kind: p.Kind, Key: p.Key, Dir: p.Dir, Held: true}
	i, ok := slices.BinarySearchFunc(h.l.dirs, p.Dir, func(d *directory, path string) int { return strings.Compare(d.path, path) })
	if !ok {
		return m
	}
	for _, f := range h.l.dirs[i].files {
		for _, d := range f.Documents {
			if kindNames[d.Kind] == string(p.Kind) && d.Key == p.Key {
				m.Pos = d.Pos
				return m
			}
		}
	}
	return m
}
