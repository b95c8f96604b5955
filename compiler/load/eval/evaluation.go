package eval

import (
	"slices"
	"strconv"

	"cuelang.org/go/cue/ast"

	"github.com/tenantry/tenantry/compiler/load/bind"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// evaluation is the work on one directory.
type evaluation struct {
	*Builder
	dir    *syntax.Directory
	inputs []syntax.Input
	instance
	Outcome
	explainer
	// declared are the documents written out in the directory's own files, above
	// those of the directories above that its instance still holds.
	declared, above map[Identity]diag.Position
	// sources are the expressions of each declared document.
	sources  map[Identity][]ast.Expr
	produces bool
}

// index reads from the syntax which documents are written out where.
func (e *evaluation) index() {
	e.declared, e.above, e.sources = map[Identity]diag.Position{}, map[Identity]diag.Position{}, map[Identity][]ast.Expr{}
	kept := e.dir.Refers()
	for _, in := range e.inputs {
		for _, d := range in.File.Documents {
			id := Identity{d.Kind, d.Key}
			switch {
			case in.Own:
				if at, ok := e.declared[id]; !ok || d.Pos.Compare(at) < 0 {
					e.declared[id] = d.Pos
				}
			case in.File.IsData || kept&(1<<d.Kind) != 0:
				e.above[id] = d.Pos
			}
		}
		if !in.Own && in.File.Produces {
			e.produces = true
		}
	}
	for _, f := range e.trees {
		for _, d := range f.Decls {
			if field, ok := d.(*ast.Field); ok {
				e.indexSources(field)
			}
		}
	}
}

// indexSources takes in the expressions of the documents in one field of the top level.
func (e *evaluation) indexSources(field *ast.Field) {
	name, ok := syntax.StaticLabel(field.Label)
	kind := -1
	if ok {
		kind = document.KindIndex(name)
	}
	if kind < 0 {
		return
	}
	if kinds[kind].Singleton {
		id := Identity{kind, ""}
		e.sources[id] = append(e.sources[id], field.Value)
		return
	}
	lit, ok := field.Value.(*ast.StructLit)
	if !ok {
		return
	}
	for _, elt := range lit.Elts {
		if f, ok := elt.(*ast.Field); ok {
			if key, ok := syntax.StaticLabel(f.Label); ok {
				id := Identity{kind, key}
				e.sources[id] = append(e.sources[id], f.Value)
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
	at := e.declared[Identity{kind, key}]
	src := e.sources[Identity{kind, key}]
	for i, name := range rest {
		exprs, label := bind.Members(src, name)
		if len(exprs) == 0 {
			if exprs = bind.Elements(src, atoi(name)); len(exprs) == 0 {
				return diag.Position{}
			}
		}
		if i == len(rest)-1 {
			at = label
			if _, isStruct := exprs[0].(*ast.StructLit); !isStruct || at.IsZero() {
				at = syntax.Position(exprs[0].Pos())
			}
		}
		src = exprs
	}
	return at
}

// atoi returns the index that an element of a path stands for, or one that no list has.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 1 << 30
	}
	return n
}

// named returns where a hidden field or definition is declared, else the
// directory's first file.
func (e *evaluation) named(path []string) (at diag.Position) {
	for _, in := range e.inputs {
		for _, n := range in.File.Names {
			if len(path) > 0 && n.Name == path[0] {
				return n.Pos
			}
		}
		if in.Own && at.IsZero() {
			at.File = in.File.Path
		}
	}
	return at
}

// opens reports whether some embedding may open what the schema closes.
func (e *evaluation) opens() bool {
	return slices.ContainsFunc(e.inputs, func(in syntax.Input) bool {
		if in.File.Opens {
			return true
		}
		libs := e.repo.Libraries(in.File)
		return slices.ContainsFunc(libs, func(lib *syntax.Library) bool {
			return slices.ContainsFunc(lib.Files, func(f *syntax.File) bool { return f.Opens })
		})
	})
}
