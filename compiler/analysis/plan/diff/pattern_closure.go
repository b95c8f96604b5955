package diff

import (
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
	"github.com/tenantry/tenantry/compiler/source"
)

// closure is what a pattern refers to in its directory and in those above.
type closure struct {
	decls map[string][]ast.Decl // by name
	names []string              // sorted
	text  string
	// simple: neither the pattern nor what it refers to holds anything that CUE's
	// order of values overlooks: open lists, comprehensions, calls.
	simple bool
	// patterns: it holds patterns itself.
	patterns bool
	// kinds of documents, and packages of the repo, that it refers to.
	kinds []string
	local []string
}

// closure finds what some of a pattern's leaves refer to.
func (l *limits) closure(t *source.Tree, p *pattern, of []leaf) *closure {
	c := &closure{decls: map[string][]ast.Decl{}, simple: true}
	w := &closureWalk{closure: c, declared: declarationsAbove(t, p.dir), imported: importedBy(p)}
	for _, x := range of {
		w.visit(x.expr)
	}
	if p.label != nil {
		w.visit(p.label)
	}
	c.names = slices.Sorted(maps.Keys(c.decls))
	var b strings.Builder
	for _, name := range c.names {
		var list []string
		for _, d := range c.decls[name] {
			list = append(list, written(d))
		}
		slices.Sort(list)
		b.WriteString(strings.Join(list, "\n") + "\n")
	}
	c.text = b.String()
	return c
}

// declarationsAbove are those of a directory and of all above it, by name.
func declarationsAbove(t *source.Tree, dir string) map[string][]ast.Decl {
	out := map[string][]ast.Decl{}
	for ; ; dir = directoryOf(dir) {
		for _, file := range cueFiles(t, dir) {
			for _, d := range file.Decls {
				switch d := d.(type) {
				case *ast.Field:
					if name, _, err := ast.LabelName(d.Label); err == nil {
						out[name] = append(out[name], d)
					}
				case *ast.LetClause:
					out[d.Ident.Name] = append(out[d.Ident.Name], d)
				}
			}
		}
		if dir == "" {
			return out
		}
	}
}

// importedBy are the import paths of a pattern's file, by the names it gives them.
func importedBy(p *pattern) map[string]string {
	out := map[string]string{}
	for _, spec := range p.imports {
		name := strings.Trim(spec.Path.Value, `"`)
		short := ast.ParseImportPath(name).Qualifier
		if spec.Name != nil {
			short = spec.Name.Name
		}
		out[short] = name
	}
	return out
}

// closureWalk fills a closure.
type closureWalk struct {
	*closure
	declared map[string][]ast.Decl
	imported map[string]string
}

func (w *closureWalk) visit(n ast.Node) {
	ast.Walk(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Comprehension, *ast.CallExpr, *ast.Ellipsis, *ast.Interpolation:
			w.simple = false
		case *ast.Field:
			w.visit(n.Value)
			if list, ok := n.Label.(*ast.ListLit); ok {
				w.patterns = true
				w.visit(list)
			}
			return false
		case *ast.SelectorExpr:
			w.visit(n.X)
			return false
		case *ast.Ident:
			w.reference(n.Name)
		}
		return true
	}, nil)
}

// reference notes what a name refers to.
func (w *closureWalk) reference(name string) {
	switch path := w.imported[name]; {
	case path != "" && strings.Contains(path, "."):
		w.simple = false
		w.local = append(w.local, path)
	case path != "":
		w.simple = false
	case isKind(name):
		w.simple = false
		w.kinds = append(w.kinds, name)
	case w.declared[name] != nil && w.decls[name] == nil:
		w.decls[name] = w.declared[name]
		for _, d := range w.declared[name] {
			switch d := d.(type) {
			case *ast.Field:
				w.visit(d.Value)
			case *ast.LetClause:
				w.visit(d.Expr)
			}
		}
	}
}

// follows reports whether something that the pattern refers to beyond its own
// names differs: documents of a kind, or the files of a package.
func (l *limits) follows(c *closure) bool {
	for id := range l.by {
		if slices.Contains(c.kinds, string(id.Kind)) {
			return true
		}
	}
	return len(c.local) > 0 && slices.ContainsFunc(l.source.files, func(file string) bool {
		dir := directoryOf(file)
		return strings.HasSuffix(file, ".cue") && slices.ContainsFunc(c.local, func(path string) bool {
			return strings.HasSuffix("/"+path, "/"+dir) || strings.HasPrefix(file, "cue.mod/")
		})
	})
}

// value evaluates leaves, apart from everything else.
func (c *closure) value(ctx *cue.Context, of []leaf) cue.Value {
	const name = "demanded"
	file := &ast.File{}
	for _, n := range c.names {
		file.Decls = append(file.Decls, c.decls[n]...)
	}
	for _, x := range of {
		value := x.expr
		for _, f := range slices.Backward(x.path) {
			value = ast.NewStruct(&ast.Field{Label: f.Label, Constraint: f.Constraint, Value: value})
		}
		file.Decls = append(file.Decls, &ast.Field{Label: ast.NewIdent(name), Value: value})
	}
	text, err := format.Node(file)
	if err != nil {
		return cue.Value{}
	}
	parsed, err := parser.ParseFile("", text)
	if err != nil {
		return cue.Value{}
	}
	astutil.Resolve(parsed, func(token.Pos, string, ...any) {})
	return ctx.BuildFile(parsed).LookupPath(cue.MakePath(cue.Str(name)))
}
