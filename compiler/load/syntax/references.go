package syntax

import (
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
)

// reader fills an analysis from a syntax tree.
type reader struct {
	*Analysis
	data         []byte
	file         *ast.File
	explicitOpen bool
	// letUses are the names of imports and lets that a top-level let refers to.
	letUses map[string][]string
	uses    map[string]Users
}

// walk notes what a part of the file refers to. The part is the index of a kind,
// for a plain document, or restKey.
func (r *reader) walk(n ast.Node, part int) {
	w := walker{reader: r, part: part, bit: rest}
	if part >= 0 {
		w.bit = 1 << part
	}
	w.walk(n)
}

// walker is one walk through a part of a file.
type walker struct {
	*reader
	part int
	bit  Users
	// source: the walk is inside the source of a comprehension.
	source bool
}

func (w *walker) walk(n ast.Node) { ast.Walk(n, w.visit, nil) }

// use notes a reference; whole tells whether all of what it names is referred to.
func (w *walker) use(id *ast.Ident, whole bool) {
	w.uses[id.Name] |= w.bit
	k := document.KindIndex(id.Name)
	if id.Name == "self" {
		w.Refers[w.part] |= everything &^ rest
		return
	}
	if k < 0 {
		return
	}
	w.Refers[w.part] |= 1 << k
	if _, top := id.Scope.(*ast.File); whole && w.part == restKey && !w.source && (id.Node == nil || top) {
		w.Whole = append(w.Whole, NamedPlace{id.Name, Position(id.Pos())})
	}
}

// visit reports whether the walk goes on into a node by itself.
func (w *walker) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Field:
		w.field(n)
		return false
	case *ast.SelectorExpr:
		if id, ok := n.X.(*ast.Ident); ok {
			w.use(id, false)
			return false
		}
		w.walk(n.X)
		return false
	case *ast.IndexExpr:
		id, ok := n.X.(*ast.Ident)
		if _, literal := n.Index.(*ast.BasicLit); !ok || !literal {
			return true
		}
		w.use(id, false)
		return false
	case *ast.LetClause:
		w.walk(n.Expr)
		return false
	case *ast.Alias:
		w.walk(n.Expr)
		return false
	case *ast.ForClause:
		before := w.source
		w.source = true
		w.walk(n.Source)
		w.source = before
		return false
	case *ast.Attribute, *ast.CommentGroup:
		return false
	}
	w.note(n)
	return true
}

// field walks through a field: a label that is written out refers to nothing.
func (w *walker) field(n *ast.Field) {
	switch l := n.Label.(type) {
	case *ast.BasicLit:
	case *ast.Ident:
		if isPrivate(l.Name) {
			w.Names = append(w.Names, NamedPlace{l.Name, Position(l.Pos())})
		}
	default:
		w.walk(n.Label)
	}
	w.walk(n.Value)
}

// note notes what a node says by itself.
func (w *walker) note(n ast.Node) {
	switch n := n.(type) {
	case *ast.EmbedDecl:
		if !w.explicitOpen {
			w.Opens = true
		}
	case *ast.UnaryExpr:
		if n.Op == token.MUL && w.part == restKey {
			w.Marker = true
		}
	case *ast.Ident:
		w.use(n, true)
	}
}
