package load

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
)

// outcome is what one directory declares. It is a function of the files that
// the directory's instance is made of, and nothing else.
type outcome struct {
	Documents []evaluated
	// Failed are documents that are declared and could not be had.
	Failed      []failed
	Diagnostics []diag.Diagnostic
	// Dead: nothing of the directory could be evaluated.
	Dead bool
}

type evaluated struct {
	Kind   int
	Key    string
	Pos    diag.Position
	Places document.Places
	Spec   any
	// Text is Spec as JSON.
	Text json.RawMessage
}

type failed struct {
	Kind int
	Key  string
	Pos  diag.Position
}

// evaluation is the work on one directory.
type evaluation struct {
	*builder
	dir    *directory
	inputs []input
	instance
	outcome
	explainer
	// declared are the documents written out in the directory's own files, above
	// those of the directories above that its instance still holds.
	declared, above map[identity]diag.Position
	// sources are the expressions of each declared document.
	sources  map[identity][]ast.Expr
	produces bool
}

type identity struct {
	kind int
	key  string
}

func (id identity) title() string { return document.Title(kinds[id.kind].Name, id.key) }

func (b *builder) evaluate(d *directory, in []input) outcome {
	e := &evaluation{builder: b, dir: d, inputs: in}
	e.instance = b.instantiate(in)
	if e.problems != nil {
		return outcome{Diagnostics: e.problems, Dead: true}
	}
	e.index()
	e.explainer = explainer{b: b, own: ownNames(in), place: e.where}
	e.topLevel()
	values := e.collect()
	if err := e.value.Validate(cue.Concrete(true), cue.Final()); err != nil {
		e.general(err)
	}
	if e.Dead {
		return outcome{Diagnostics: diag.Sort(e.outcome.Diagnostics), Dead: true}
	}
	revalidate := e.value.Err() != nil || e.opens()
	good := map[identity]cue.Value{}
	for _, id := range sortedIdentities(values) {
		if e.document(id, values[id], revalidate) {
			good[id] = values[id]
		}
	}
	e.checkAbove(good)
	e.Diagnostics = diag.Sort(e.Diagnostics)
	return e.outcome
}

func sortedIdentities[V any](m map[identity]V) []identity {
	return slices.SortedFunc(maps.Keys(m), identity.compare)
}

func (id identity) compare(other identity) int {
	return cmp.Or(id.kind-other.kind, strings.Compare(id.key, other.key))
}

// index reads from the syntax which documents are written out where.
func (e *evaluation) index() {
	e.declared, e.above, e.sources = map[identity]diag.Position{}, map[identity]diag.Position{}, map[identity][]ast.Expr{}
	kept := e.dir.refers()
	for _, in := range e.inputs {
		for _, d := range in.file.Documents {
			id := identity{d.Kind, d.Key}
			switch {
			case in.own:
				if at, ok := e.declared[id]; !ok || d.Pos.Compare(at) < 0 {
					e.declared[id] = d.Pos
				}
			case in.file.IsData || kept&(1<<d.Kind) != 0:
				e.above[id] = d.Pos
			}
		}
		if !in.own && in.file.Produces {
			e.produces = true
		}
	}
	for _, f := range e.trees {
		for _, d := range f.Decls {
			field, ok := d.(*ast.Field)
			if !ok {
				continue
			}
			name, ok := staticLabel(field.Label)
			kind := -1
			if ok {
				kind = kindIndex(name)
			}
			if kind < 0 {
				continue
			}
			if kinds[kind].Singleton {
				id := identity{kind, ""}
				e.sources[id] = append(e.sources[id], field.Value)
				continue
			}
			lit, ok := field.Value.(*ast.StructLit)
			if !ok {
				continue
			}
			for _, elt := range lit.Elts {
				if f, ok := elt.(*ast.Field); ok {
					if key, ok := staticLabel(f.Label); ok {
						id := identity{kind, key}
						e.sources[id] = append(e.sources[id], f.Value)
					}
				}
			}
		}
	}
}

// where returns the place of a field in the directory's own files.
func (e *evaluation) where(path []string) diag.Position {
	kind, key, rest, ok := documentOf(path)
	if !ok {
		return diag.Position{}
	}
	at := e.declared[identity{kind, key}]
	src := e.sources[identity{kind, key}]
	for i, name := range rest {
		exprs, label := members(src, name)
		if len(exprs) == 0 {
			if exprs = elements(src, atoi(name)); len(exprs) == 0 {
				return diag.Position{}
			}
		}
		if i == len(rest)-1 {
			at = label
			if _, isStruct := exprs[0].(*ast.StructLit); !isStruct || at.IsZero() {
				at = position(exprs[0].Pos())
			}
		}
		src = exprs
	}
	return at
}

// topLevel refuses what is no map of documents.
func (e *evaluation) topLevel() {
	refuse := func(name string, at diag.Position) {
		d := diag.New(diag.FieldNotAllowed, at, "there is no map of documents %q", name)
		near := diag.Nearest(name, kindNames)
		if near != "" {
			d = d.Suggest("did you mean %q?", near)
		} else {
			d = d.Suggest("values of your own belong into hidden fields (_%s), definitions (#%s) or let clauses", name, name)
		}
		e.Diagnostics = append(e.Diagnostics, d)
		k := kindIndex(near)
		if k < 0 {
			return
		}
		// Whatever was meant to be declared here is missing, not gone.
		v := e.value.LookupPath(cue.MakePath(cue.Str(name)))
		if it, err := v.Fields(); err == nil && !kinds[k].Singleton {
			for it.Next() {
				e.Failed = append(e.Failed, failed{k, it.Selector().Unquoted(), at})
			}
		} else if kinds[k].Singleton {
			e.Failed = append(e.Failed, failed{k, "", at})
		}
	}
	it, err := e.value.Fields()
	if err != nil {
		return // reported with the directory
	}
	for it.Next() {
		name := it.Selector().Unquoted()
		if kindIndex(name) >= 0 {
			continue
		}
		at, own := diag.Position{}, false
		for _, f := range e.trees {
			for _, d := range f.Decls {
				if field, ok := d.(*ast.Field); ok && !own {
					if got, ok := staticLabel(field.Label); ok && got == name {
						at, own = position(field.Label.Pos()), true
					}
				}
			}
		}
		if !own {
			if at = position(it.Value().Pos()); !e.own[at.File] && !at.IsZero() {
				continue // the directory above says so
			}
		}
		refuse(name, at)
	}
}

// collect finds the documents that the directory declares.
func (e *evaluation) collect() map[identity]cue.Value {
	values := map[identity]cue.Value{}
	inherited := e.inherited()
	for k := range kinds {
		m := e.value.LookupPath(cue.MakePath(cue.Str(kindNames[k])))
		if !m.Exists() && m.Err() == nil {
			continue
		}
		if kinds[k].Singleton {
			if m.Exists() {
				e.claim(identity{k, ""}, m, inherited, values)
			}
			continue
		}
		it, err := m.Fields()
		if err != nil {
			continue // reported with the directory
		}
		for it.Next() {
			e.claim(identity{k, it.Selector().Unquoted()}, it.Value(), inherited, values)
		}
	}
	return values
}

// general explains errors that belong to no document: they may hide any number
// of documents, so the directory yields none.
func (e *evaluation) general(err error) {
	for _, p := range e.explain(err) {
		if _, _, _, ok := documentOf(p.path); ok {
			continue
		}
		if len(p.path) > 0 {
			p.Message = document.FieldPath(p.path) + ": " + p.Message
		}
		if p.Position.IsZero() {
			p.Position = e.named(p.path)
		}
		e.Diagnostics = append(e.Diagnostics, p.Diagnostic)
		e.Dead = true
	}
}

// named returns where a hidden field or definition is declared, else the
// directory's first file.
func (e *evaluation) named(path []string) (at diag.Position) {
	for _, in := range e.inputs {
		for _, n := range in.file.Names {
			if len(path) > 0 && n.Name == path[0] {
				return n.Pos
			}
		}
		if in.own && at.IsZero() {
			at.File = in.file.Path
		}
	}
	return at
}

// opens reports whether some embedding may open what the schema closes.
func (e *evaluation) opens() bool {
	return slices.ContainsFunc(e.inputs, func(in input) bool {
		if in.file.Opens {
			return true
		}
		libs, _ := e.l.imported(in.file.Imports)
		return slices.ContainsFunc(libs, func(lib *library) bool {
			return slices.ContainsFunc(lib.files, func(f *file) bool { return f.Opens })
		})
	})
}

// document validates one document and binds it to its Go type.
func (e *evaluation) document(id identity, v cue.Value, revalidate bool) bool {
	kind := kinds[id.kind]
	at := e.declared[id]
	if at.IsZero() {
		at = e.contribution(v)
	}
	if at.IsZero() {
		at = e.named(nil)
	}
	name := document.Title(kind.Name, id.key)
	var problems []problem
	if err := v.Validate(cue.Concrete(true), cue.Final()); err != nil {
		problems = e.explain(err)
	}
	if !kind.Singleton {
		problems = append(problems, e.key(id, at)...)
	}
	b := &binder{own: e.own, intern: e.builder.intern}
	doc := evaluated{Kind: id.kind, Key: id.key, Pos: at, Spec: kind.New()}
	bound := b.bind(v, reflect.ValueOf(doc.Spec).Elem(), e.sources[id], nil)
	prefix := []string{string(kind.Name)}
	if !kind.Singleton {
		prefix = append(prefix, id.key)
	}
	for _, u := range b.unknown {
		problems = append(problems, e.notAllowed(append(slices.Clone(prefix), u.path...), u.pos))
	}
	if len(problems) == 0 && bound == nil && revalidate {
		problems = e.asData(id, v)
	}
	if len(problems) == 0 && bound != nil {
		problems = append(problems, problem{prefix, diag.New(diag.InvalidValue, at, "%s", bound)})
	}
	seen := map[string]bool{}
	for _, p := range problems {
		_, _, rest, _ := documentOf(p.path)
		d := p.Diagnostic.About(name)
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
	if len(problems) > 0 {
		e.Failed = append(e.Failed, failed{id.kind, id.key, at})
		return false
	}
	doc.Places = document.NewPlaces(b.fields)
	if text, err := json.Marshal(doc.Spec); err == nil { // what was bound can be written
		doc.Text = text
	}
	e.Documents = append(e.Documents, doc)
	return true
}

// atoi returns the index that an element of a path stands for, or one that no list has.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 1 << 30
	}
	return n
}
