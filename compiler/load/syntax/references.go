package syntax

import (
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
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
		k := document.KindIndex(id.Name)
		if id.Name == "self" {
			r.Refers[part] |= everything &^ rest
			return
		}
		if k < 0 {
			return
		}
		r.Refers[part] |= 1 << k
		if _, top := id.Scope.(*ast.File); whole && part == restKey && !source && (id.Node == nil || top) {
			r.Whole = append(r.Whole, NamedPlace{id.Name, Position(id.Pos())})
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
					r.Names = append(r.Names, NamedPlace{l.Name, Position(l.Pos())})
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
