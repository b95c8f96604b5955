package eval

import (
	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// topLevel refuses what is no map of documents.
func (e *evaluation) topLevel() {
	it, err := e.value.Fields()
	if err != nil {
		return // reported with the directory
	}
	for it.Next() {
		name := it.Selector().Unquoted()
		if document.KindIndex(name) >= 0 {
			continue
		}
		at, own := e.ownField(name)
		if !own {
			if at = syntax.Position(it.Value().Pos()); !e.own[at.File] && !at.IsZero() {
				continue // the directory above says so
			}
		}
		e.refuse(name, at)
	}
}

// ownField returns where the directory's own files write out a field of the top
// level, and whether they do.
func (e *evaluation) ownField(name string) (diag.Position, bool) {
	for _, f := range e.trees {
		for _, d := range f.Decls {
			if field, ok := d.(*ast.Field); ok {
				if got, ok := syntax.StaticLabel(field.Label); ok && got == name {
					return syntax.Position(field.Label.Pos()), true
				}
			}
		}
	}
	return diag.Position{}, false
}

// refuse reports a field of the top level that is no map of documents.
func (e *evaluation) refuse(name string, at diag.Position) {
	d := diag.New(diag.FieldNotAllowed, at, "there is no map of documents %q", name)
	near := diag.Nearest(name, document.KindNames())
	if near != "" {
		d = d.Suggest("did you mean %q?", near)
	} else {
		d = d.Suggest("values of your own belong into hidden fields (_%s), definitions (#%s) or let clauses", name, name)
	}
	e.Diagnostics = append(e.Diagnostics, d)
	k := document.KindIndex(near)
	if k < 0 {
		return
	}
	// Whatever was meant to be declared here is missing, not gone.
	v := e.value.LookupPath(cue.MakePath(cue.Str(name)))
	if it, err := v.Fields(); err == nil && !kinds[k].Singleton {
		for it.Next() {
			e.Failed = append(e.Failed, Failed{Kind: k, Key: it.Selector().Unquoted(), Pos: at})
		}
	} else if kinds[k].Singleton {
		e.Failed = append(e.Failed, Failed{Kind: k, Pos: at})
	}
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
