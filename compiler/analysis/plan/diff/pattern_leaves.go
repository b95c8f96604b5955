package diff

import (
	"slices"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// leaf is what a pattern demands of one field.
type leaf struct {
	path []*ast.Field // without values
	expr ast.Expr
	id   string // of its path and text
}

// leaves takes what a pattern demands apart: it is the conjunction of its leaves.
func (p *pattern) leaves() []leaf {
	var out []leaf
	var add func(path []*ast.Field, e ast.Expr)
	add = func(path []*ast.Field, e ast.Expr) {
		if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.AND {
			add(path, b.X)
			add(path, b.Y)
			return
		}
		if s, ok := e.(*ast.StructLit); ok && len(s.Elts) > 0 && !slices.ContainsFunc(s.Elts, func(d ast.Decl) bool {
			f, ok := d.(*ast.Field)
			return !ok || f.Alias != nil || len(f.Attrs) > 0 || !plainLabel(f.Label)
		}) {
			for _, d := range s.Elts {
				f := d.(*ast.Field)
				add(append(slices.Clip(path), &ast.Field{Label: f.Label, Constraint: f.Constraint}), f.Value)
			}
			return
		}
		x := leaf{path: path, expr: e}
		for _, f := range path {
			x.id += written(f.Label) + f.Constraint.String() + ": "
		}
		x.id += written(e)
		out = append(out, x)
	}
	for _, d := range p.demands {
		add(nil, d)
	}
	return out
}

func plainLabel(label ast.Label) bool {
	switch label.(type) {
	case *ast.Ident, *ast.BasicLit:
		return true
	}
	return false
}

// rest returns the leaves of each side that the other does not have, or that mean
// something else there.
func rest(before, after []leaf, same func(leaf) bool) (b, a []leaf) {
	has := func(list []leaf, x leaf) bool {
		return slices.ContainsFunc(list, func(y leaf) bool { return y.id == x.id })
	}
	for _, x := range before {
		if !has(after, x) || !same(x) {
			b = append(b, x)
		}
	}
	for _, x := range after {
		if !has(before, x) || !same(x) {
			a = append(a, x)
		}
	}
	return b, a
}
