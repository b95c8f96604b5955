package load

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/parser"
	cuejson "cuelang.org/go/encoding/json"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
)

// What stands in a directory's instance comes from its own files and from those
// above. CUE unifies them and forgets which is which, so three things are found
// out here: who declares a document, whether the directory changed what the
// patterns above it demand, and whether one of these patterns carries a default.

// inherited returns the documents that the directories above yield by
// themselves, where these can yield any that are not written out.
func (e *evaluation) inherited() map[identity]bool {
	if !e.produces {
		return nil
	}
	out := map[identity]bool{}
	base := e.instantiate(e.aboveInputs())
	if base.problems != nil {
		return out
	}
	for k := range kinds {
		m := base.value.LookupPath(cue.MakePath(cue.Str(kindNames[k])))
		if !m.Exists() {
			continue
		}
		if kinds[k].Singleton {
			out[identity{k, ""}] = true
			continue
		}
		if it, err := m.Fields(); err == nil {
			for it.Next() {
				out[identity{k, it.Selector().Unquoted()}] = true
			}
		}
	}
	return out
}

func (e *evaluation) aboveInputs() []input {
	return slices.DeleteFunc(slices.Clone(e.inputs), func(in input) bool { return in.own })
}

// claim decides whether the directory declares a document of its instance.
func (e *evaluation) claim(id identity, v cue.Value, inherited map[identity]bool, values map[identity]cue.Value) {
	_, declared := e.declared[id]
	_, above := e.above[id]
	switch {
	case declared:
		values[id] = v
	case above || inherited[id]:
		if !e.ownProduces() {
			return
		}
		if at := e.contribution(v); !at.IsZero() {
			// It is compared with the other directories' documents later on.
			e.Failed = append(e.Failed, failed{id.kind, id.key, at})
		}
	case !e.produces:
		values[id] = v
	default:
		if at := e.contribution(v); !at.IsZero() {
			values[id] = v
			return
		}
		at := diag.Position{}
		for _, c := range contributions(v) {
			if p := position(c.Source().Pos()); !p.IsZero() && !isPattern(c) {
				at = p
				break
			}
		}
		e.Diagnostics = append(e.Diagnostics, diag.New(diag.InheritedDocument, at,
			"what stands here makes the document out of those that %s declares", e.dir.name()).About(id.title()))
	}
}

func (d *directory) name() string {
	if d.path == "" {
		return "the root directory"
	}
	return d.path
}

// ownProduces reports whether the directory's own files may yield documents
// that are not written out.
func (e *evaluation) ownProduces() bool {
	return slices.ContainsFunc(e.inputs, func(in input) bool { return in.own && in.file.Produces })
}

// contribution returns where the directory's own files declare a document.
func (e *evaluation) contribution(v cue.Value) diag.Position {
	var own []diag.Position
	for _, c := range contributions(v) {
		if at := position(c.Source().Pos()); e.own[at.File] && !isPattern(c) {
			own = append(own, at)
		}
	}
	if len(own) == 0 {
		return diag.Position{}
	}
	return slices.MinFunc(own, diag.Position.Compare)
}

// contributions returns the parts that CUE unified into a value, each with the
// field that it stands in as its source.
func contributions(v cue.Value) []cue.Value {
	var out []cue.Value
	var visit func(v cue.Value, depth int)
	visit = func(v cue.Value, depth int) {
		op, args := v.Expr()
		if op == cue.AndOp && depth < 50 {
			for _, a := range args {
				visit(a, depth+1)
			}
			return
		}
		if v.Source() != nil {
			out = append(out, v)
		}
	}
	visit(v, 0)
	return out
}

// isPattern reports whether a part of a document comes from a pattern, or from
// another field that constrains without declaring.
func isPattern(c cue.Value) bool {
	f, ok := c.Source().(*ast.Field)
	if !ok {
		return false
	}
	_, pattern := f.Label.(*ast.ListLit)
	return pattern || f.Constraint != 0
}

// checkAbove evaluates the directory's documents once more, under the
// directories above alone: what these demand must not depend on the directory.
func (e *evaluation) checkAbove(good map[identity]cue.Value) {
	redefined := e.redefined()
	marked := e.marked()
	if len(good) == 0 || len(redefined) == 0 && !marked {
		return
	}
	ids := sortedIdentities(good)
	alone := e.under(ids, good)
	if alone.problems != nil {
		return // the directories above say so themselves
	}
	for _, id := range ids {
		path := []string{kindNames[id.kind]}
		v := alone.value.LookupPath(cue.MakePath(cue.Str(kindNames[id.kind])))
		if !kinds[id.kind].Singleton {
			path = append(path, id.key)
			v = v.LookupPath(cue.MakePath(cue.Str(id.key)))
		}
		d := diag.Diagnostic{}
		switch {
		case marked && e.carriesDefault(v, path, &d):
		case len(redefined) > 0 && e.loosened(v, good[id], path, redefined, &d):
		default:
			continue
		}
		e.Diagnostics = append(e.Diagnostics, d.About(id.title()))
		e.drop(id)
	}
}

// under evaluates documents as plain data under the directories above.
func (e *evaluation) under(ids []identity, values map[identity]cue.Value) instance {
	var data []ast.Decl
	for _, id := range ids {
		text, err := values[id].MarshalJSON()
		if err != nil {
			continue
		}
		if d, err := dataField(id, text); err == nil {
			data = append(data, d)
		}
	}
	return e.instantiate(e.aboveInputs(), &ast.File{Filename: ownFiles + "documents.json", Decls: data})
}

// dataField returns a document as a field of the top level.
func dataField(id identity, text []byte) (ast.Decl, error) {
	x, err := cuejson.Extract(ownFiles+"document.json", text)
	if err != nil {
		return nil, err
	}
	if err := restoreDefinitions(id.kind, x); err != nil {
		return nil, err
	}
	if !kinds[id.kind].Singleton {
		x = ast.NewStruct(&ast.Field{Label: ast.NewString(id.key), Value: x})
	}
	return &ast.Field{Label: ast.NewIdent(kindNames[id.kind]), Value: x}, nil
}

// restoreDefinitions turns the fields that hold a schema, which are text as data,
// into definitions again.
func restoreDefinitions(kind int, x ast.Expr) error {
	lit, ok := x.(*ast.StructLit)
	if !ok {
		return nil
	}
	for _, f := range structInfoOf(reflect.TypeOf(kinds[kind].New()).Elem()).definitions {
		for _, e := range lit.Elts {
			field, ok := e.(*ast.Field)
			if !ok {
				continue
			}
			name, _ := staticLabel(field.Label)
			value, isText := field.Value.(*ast.BasicLit)
			if name != f.name || !isText {
				continue
			}
			text, err := literal.Unquote(value.Value)
			if err != nil {
				return err
			}
			schema, err := parser.ParseExpr(ownFiles+"document.cue", text)
			if err != nil {
				return err
			}
			field.Label, field.Value = ast.NewIdent(f.name), schema
		}
	}
	return nil
}

// drop moves a document to those that could not be had.
func (e *evaluation) drop(id identity) {
	e.Documents = slices.DeleteFunc(e.Documents, func(d evaluated) bool {
		if d.Kind != id.kind || d.Key != id.key {
			return false
		}
		e.Failed = append(e.Failed, failed{d.Kind, d.Key, d.Pos})
		return true
	})
}

// redefined returns the names that the directory declares and a directory above
// does too.
func (e *evaluation) redefined() []namedPlace {
	names := map[string]bool{}
	splices := false
	for _, in := range e.inputs {
		if !in.own {
			for _, n := range in.file.Names {
				names[n.Name] = true
			}
		}
	}
	var out []namedPlace
	for _, in := range e.inputs {
		if !in.own {
			continue
		}
		for _, n := range in.file.Names {
			if names[n.Name] {
				out = append(out, n)
			}
		}
		splices = splices || in.file.Splices
	}
	if splices && len(names) > 0 && len(out) == 0 {
		out = append(out, namedPlace{})
	}
	return out
}

// marked reports whether the directories above hold a default marker.
func (e *evaluation) marked() bool {
	for _, in := range e.inputs {
		if in.own {
			continue
		}
		if in.file.Marker {
			return true
		}
		libs, _ := e.l.imported(in.file.Imports)
		for _, lib := range libs {
			if slices.ContainsFunc(lib.files, func(f *file) bool { return f.Marker }) {
				return true
			}
		}
	}
	return false
}

// loosened reports whether the directories above would have refused a document,
// or made another one of it, without the directory's own names.
func (e *evaluation) loosened(v, have cue.Value, path []string, names []namedPlace, d *diag.Diagnostic) bool {
	reason := "the document would be another one"
	var where []diag.Position
	if err := v.Validate(cue.Concrete(true), cue.Final()); err != nil {
		p := (&explainer{b: e.builder}).explain(err)[0]
		_, _, rest, _ := documentOf(p.path)
		reason = p.Message
		if len(rest) > 0 {
			reason = document.FieldPath(rest) + ": " + reason
		}
		if !p.Position.IsZero() {
			where = append(where, p.Position)
		}
		for _, r := range p.Related {
			where = append(where, r.Position)
		}
	} else if sameData(v, have) {
		return false
	}
	at := e.declared[identity{kindIndex(path[0]), path[len(path)-1]}]
	var list []string
	for _, n := range names {
		if n.Name != "" {
			list = append(list, n.Name)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	what := "what this directory splices into its top level"
	if len(list) > 0 {
		what = strings.Join(list, ", ") + " as this directory sets it"
	}
	*d = diag.New(diag.LimitRedefined, at, "without %s, the directories above refuse the document: %s", what, reason)
	if len(where) == 0 && reason == "the document would be another one" {
		d.Message = fmt.Sprintf("without %s, the directories above make another document of it", what)
	}
	for _, p := range where {
		*d = d.See(p, "the limit stands here")
	}
	for _, n := range names {
		*d = d.See(n.Pos, "it is set here")
	}
	return true
}

// carriesDefault reports whether a pattern reaches the document with a default.
func (e *evaluation) carriesDefault(v cue.Value, path []string, d *diag.Diagnostic) bool {
	for _, c := range contributions(v) {
		at := position(c.Source().Pos())
		if at.IsZero() || !hasDefault(c) {
			continue
		}
		_, key, rest, _ := documentOf(path)
		*d = diag.New(diag.DefaultInPattern, e.declared[identity{kindIndex(path[0]), key}], "%s: a pattern of a directory above sets a default", document.FieldPath(rest)).
			See(at, "the default comes from here").Suggest("put the default into a class, or into the defaults of an organization")
		return true
	}
	switch v.IncompleteKind() {
	case cue.StructKind:
		if it, err := v.Fields(cue.Optional(true)); err == nil {
			for it.Next() {
				if e.carriesDefault(it.Value(), append(slices.Clip(path), it.Selector().Unquoted()), d) {
					return true
				}
			}
		}
	case cue.ListKind:
		if it, err := v.List(); err == nil {
			for i := 0; it.Next(); i++ {
				if e.carriesDefault(it.Value(), append(slices.Clip(path), fmt.Sprint(i)), d) {
					return true
				}
			}
		}
	}
	return false
}

// hasDefault reports whether a value carries a default. CUE also counts an open
// list's closed form as one; that is none.
func hasDefault(v cue.Value) bool {
	if _, ok := v.Default(); !ok {
		return false
	}
	if v.IncompleteKind() != cue.ListKind {
		return true
	}
	text, err := format.Node(v.Syntax())
	return err != nil || strings.HasPrefix(strings.TrimSpace(string(text)), "*") || strings.Contains(string(text), "| *")
}
