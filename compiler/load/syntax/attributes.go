package syntax

import (
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/internal/diag"
)

// readAttributes reports what makes CUE leave the file out, or read beyond it.
func (a *Analysis) readAttributes(f *ast.File) {
	for _, d := range f.Decls {
		attr, ok := d.(*ast.Attribute)
		if !ok {
			continue
		}
		name, body := attr.Split()
		at := Position(attr.Pos())
		switch name {
		case "ignore":
			a.Problems = append(a.Problems, diag.New(diag.SkippedFile, at, "@ignore() makes CUE leave this file out"))
		case "if":
			if !holdsWithoutTags(body) {
				a.Problems = append(a.Problems, diag.New(diag.SkippedFile, at, "@if(%s) is false, so CUE leaves this file out", body))
			}
		case "extern":
			a.Problems = append(a.Problems, diag.New(diag.UnsupportedFeature, at, "@extern(%s) is not supported in a tenancy repo", body))
		}
	}
}

// holdsWithoutTags evaluates the expression of a build attribute; no tags are
// ever set for a tenancy repo.
func holdsWithoutTags(body string) bool {
	x, err := parser.ParseExpr("", body)
	if err != nil {
		return false
	}
	var eval func(x ast.Expr) bool
	eval = func(x ast.Expr) bool {
		switch x := x.(type) {
		case *ast.ParenExpr:
			return eval(x.X)
		case *ast.UnaryExpr:
			return x.Op == token.NOT && !eval(x.X)
		case *ast.BinaryExpr:
			if x.Op == token.LAND {
				return eval(x.X) && eval(x.Y)
			}
			return x.Op == token.LOR && (eval(x.X) || eval(x.Y))
		}
		return false
	}
	return eval(x)
}

func hasExperiment(f *ast.File, name string) bool {
	for _, d := range f.Decls {
		if attr, ok := d.(*ast.Attribute); ok {
			if key, body := attr.Split(); key == "experiment" && slices.ContainsFunc(strings.Split(body, ","), func(s string) bool { return strings.TrimSpace(s) == name }) {
				return true
			}
		}
	}
	return false
}
