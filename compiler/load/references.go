package load

import (
	"bytes"
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// walk notes what a part of the file refers to. The part is the index of a kind,
// for a plain document, or restKey.
func (r *reader) walk(n ast.Node, part int) {
	bit := rest
	if part >= 0 {
		bit = 1 << part
	}
	source := false // inside the source of a comprehension
	var visit func(n ast.Node) bool
	use := func(id *ast.Ident, whole bool) {
		r.uses[id.Name] |= bit
		k := kindIndex(id.Name)
		if id.Name == "self" {
			r.Refers[part] |= everything &^ rest
			return
		}
		if k < 0 {
			return
		}
		r.Refers[part] |= 1 << k
		if _, top := id.Scope.(*ast.File); whole && part == restKey && !source && (id.Node == nil || top) {
			r.Whole = append(r.Whole, namedPlace{id.Name, position(id.Pos())})
		}
	}
	walk := func(n ast.Node) { ast.Walk(n, visit, nil) }
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			switch l := n.Label.(type) {
			case *ast.BasicLit:
			case *ast.Ident:
				if isPrivate(l.Name) {
					r.Names = append(r.Names, namedPlace{l.Name, position(l.Pos())})
				}
			default:
				walk(n.Label)
			}
			walk(n.Value)
			return false
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok {
				use(id, false)
				return false
			}
			walk(n.X)
			return false
		case *ast.IndexExpr:
			id, ok := n.X.(*ast.Ident)
			if _, literal := n.Index.(*ast.BasicLit); !ok || !literal {
				return true
			}
			use(id, false)
			return false
		case *ast.LetClause:
			walk(n.Expr)
			return false
		case *ast.Alias:
			walk(n.Expr)
			return false
		case *ast.ForClause:
			before := source
			source = true
			walk(n.Source)
			source = before
			return false
		case *ast.EmbedDecl:
			if !r.explicitOpen {
				r.Opens = true
			}
		case *ast.UnaryExpr:
			if n.Op == token.MUL && part == restKey {
				r.Marker = true
			}
		case *ast.Ident:
			use(n, true)
		case *ast.Attribute, *ast.CommentGroup:
			return false
		}
		return true
	}
	walk(n)
}

// text returns the file as a directory below sees it: documents of kinds that
// are not kept are overwritten by spaces, so that all positions hold, and with
// them the imports and lets that only they use.
func (a *analysis) text(data []byte, kept users) []byte {
	kept |= rest
	var blank []span
	for _, s := range a.Spans {
		if kept&(1<<s.Kind) == 0 {
			blank = append(blank, s.span)
		}
	}
	blank = append(blank, a.Embeds...)
	for _, l := range a.Lets {
		if l.Users != 0 && l.Users&kept == 0 {
			blank = append(blank, l.span)
		}
	}
	for _, i := range a.Imports {
		// The schema's own import is used by the embedding that is taken out.
		if i.Users&kept == 0 && (i.Users != 0 || i.Path == schemaImport && len(a.Embeds) > 0) {
			blank = append(blank, i.span)
		}
	}
	if len(blank) == 0 {
		return data
	}
	return overwrite(data, blank)
}

// overwrite replaces spans by spaces, and leaves out those at the end of a line
// or of the file: what is left must not depend on how long the spans were.
func overwrite(data []byte, blank []span) []byte {
	slices.SortFunc(blank, func(a, b span) int { return a.Start - b.Start })
	out := make([]byte, 0, len(data))
	at := 0
	for _, s := range blank {
		if s.Start < at {
			continue
		}
		out = append(out, data[at:s.Start]...)
		for _, c := range data[s.Start:s.End] {
			if c == '\n' {
				out = append(bytes.TrimRight(out, " \t\r"), c)
			} else {
				out = append(out, ' ')
			}
		}
		at = s.End
		if rest := bytes.TrimLeft(data[at:], " \t\r"); len(rest) == 0 || rest[0] == '\n' {
			out = bytes.TrimRight(out, " \t\r")
			at = len(data) - len(rest)
		}
	}
	out = append(out, data[at:]...)
	return append(bytes.TrimRight(out, " \t\r\n"), '\n')
}

// kinds returns the kinds of the file's plain documents.
func (a *analysis) kinds() users {
	var u users
	for _, d := range a.Documents {
		u |= 1 << d.Kind
	}
	return u
}
