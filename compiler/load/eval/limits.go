package eval

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// checkAbove evaluates the directory's documents once more, under the
// directories above alone: what these demand must not depend on the directory.
func (e *evaluation) checkAbove(good map[Identity]cue.Value) {
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
		path := []string{document.KindNames()[id.Kind]}
		v := alone.value.LookupPath(cue.MakePath(cue.Str(document.KindNames()[id.Kind])))
		if !kinds[id.Kind].Singleton {
			path = append(path, id.Key)
			v = v.LookupPath(cue.MakePath(cue.Str(id.Key)))
		}
		d := diag.Diagnostic{}
		switch {
		case marked && e.carriesDefault(v, path, &d):
		case len(redefined) > 0 && e.loosened(v, good[id], path, redefined, &d):
		default:
			continue
		}
		e.Diagnostics = append(e.Diagnostics, d.About(id.Title()))
		e.drop(id)
	}
}

// under evaluates documents as plain data under the directories above.
func (e *evaluation) under(ids []Identity, values map[Identity]cue.Value) instance {
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
	return e.instantiate(e.aboveInputs(), &ast.File{Filename: syntax.OwnFiles + "documents.json", Decls: data})
}

// drop moves a document to those that could not be had.
func (e *evaluation) drop(id Identity) {
	e.Documents = slices.DeleteFunc(e.Documents, func(d Document) bool {
		if d.Kind != id.Kind || d.Key != id.Key {
			return false
		}
		e.Failed = append(e.Failed, Failed{Kind: d.Kind, Key: d.Key, Pos: d.Pos})
		return true
	})
}

// redefined returns the names that the directory declares and a directory above
// does too.
func (e *evaluation) redefined() []syntax.NamedPlace {
	names := map[string]bool{}
	splices := false
	for _, in := range e.inputs {
		if !in.Own {
			for _, n := range in.File.Names {
				names[n.Name] = true
			}
		}
	}
	var out []syntax.NamedPlace
	for _, in := range e.inputs {
		if !in.Own {
			continue
		}
		for _, n := range in.File.Names {
			if names[n.Name] {
				out = append(out, n)
			}
		}
		splices = splices || in.File.Splices
	}
	if splices && len(names) > 0 && len(out) == 0 {
		out = append(out, syntax.NamedPlace{})
	}
	return out
}

// marked reports whether the directories above hold a default marker.
func (e *evaluation) marked() bool {
	for _, in := range e.inputs {
		if in.Own {
			continue
		}
		if in.File.Marker {
			return true
		}
		libs := e.repo.Libraries(in.File)
		for _, lib := range libs {
			if slices.ContainsFunc(lib.Files, func(f *syntax.File) bool { return f.Marker }) {
				return true
			}
		}
	}
	return false
}

// loosened reports whether the directories above would have refused a document,
// or made another one of it, without the directory's own names.
func (e *evaluation) loosened(v, have cue.Value, path []string, names []syntax.NamedPlace, d *diag.Diagnostic) bool {
	reason := "the document would be another one"
	var where []diag.Position
	if err := v.Validate(cue.Concrete(true), cue.Final()); err != nil {
		p := (&explainer{known: e.Builder.known}).explain(err)[0]
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
	at := e.declared[Identity{document.KindIndex(path[0]), path[len(path)-1]}]
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

// carriesDefault reports whether a pattern reaches the document with a default.
func (e *evaluation) carriesDefault(v cue.Value, path []string, d *diag.Diagnostic) bool {
	for _, c := range contributions(v) {
		at := syntax.Position(c.Source().Pos())
		if at.IsZero() || !hasDefault(c) {
			continue
		}
		_, key, rest, _ := documentOf(path)
		*d = diag.New(diag.DefaultInPattern, e.declared[Identity{document.KindIndex(path[0]), key}], "%s: a pattern of a directory above sets a default", document.FieldPath(rest)).
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
