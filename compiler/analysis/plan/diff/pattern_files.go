package diff

import (
	"path"
	"regexp"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// pattern is what the files of one directory demand of documents whose key a label
// matches: `logicalClusters: [=~"^acme/"]: …`.
type pattern struct {
	dir, kind string
	label     ast.Expr
	demands   []ast.Expr // all hold
	imports   []*ast.ImportSpec
	pos       diag.Position
}

type patternID struct{ dir, kind, label string }

func (id patternID) String() string {
	name := id.kind
	if id.label != "" {
		name += ": [" + id.label + "]"
	}
	if id.dir != "" {
		name = id.dir + " " + name
	}
	return name
}

// mayDemand finds what a pattern, or a reference to patterns, is written with.
var mayDemand = regexp.MustCompile(`\]\s*:|&|(?m:^\s*[a-zA-Z]+:\s*[#_a-zA-Z])`)

func directoryOf(file string) string {
	if dir := path.Dir(file); dir != "." {
		return dir
	}
	return ""
}

// plainOnly reports whether a file holds nothing but documents that are written
// out, so that no pattern elsewhere can follow from it by a name of its own.
func plainOnly(t *source.Tree, name string) bool {
	f, ok := t.File(name)
	if !ok {
		return true
	}
	file, err := parser.ParseFile(name, f.Data)
	if err != nil || file.PackageName() != packageName {
		return false
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.Package, *ast.ImportDecl, *ast.CommentGroup, *ast.Attribute:
		case *ast.Field:
			name, _, err := ast.LabelName(d.Label)
			if err != nil || !isKind(name) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// packageName is the package of all files that declare documents.
const packageName = "tenancy"

func isKind(name string) bool { return document.KindOf(schema.Kind(name)) != nil }

// cueFiles parses the files of a directory itself; one with an error is left out:
// what it says is held by the compiler.
func cueFiles(t *source.Tree, dir string) []*ast.File {
	var out []*ast.File
	for _, f := range t.Under(dir) {
		if directoryOf(f.Path) != dir || !strings.HasSuffix(f.Path, ".cue") {
			continue
		}
		file, err := parser.ParseFile(f.Path, f.Data)
		if err == nil && file.PackageName() == packageName {
			out = append(out, file)
		}
	}
	return out
}

// readPatterns finds the patterns of a directory's own files.
func readPatterns(t *source.Tree, dir string, into map[patternID]*pattern) {
	for _, file := range cueFiles(t, dir) {
		add := func(kind string, label, demand ast.Expr) {
			id := patternID{dir, kind, ""}
			at := demand.Pos()
			if label != nil {
				if text, err := format.Node(label); err == nil {
					id.label = strings.Join(strings.Fields(string(text)), " ")
				}
				at = label.Pos()
			}
			p := into[id]
			if p == nil {
				p = &pattern{dir: dir, kind: kind, label: label, pos: diag.Position{File: at.Filename(), Line: at.Line(), Column: at.Column()}}
				into[id] = p
			}
			p.demands = append(p.demands, demand)
			for _, d := range file.Decls {
				if imports, ok := d.(*ast.ImportDecl); ok {
					p.imports = append(p.imports, imports.Specs...)
				}
			}
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.Field:
				if kind, _, err := ast.LabelName(d.Label); err == nil && isKind(kind) && schema.Kind(kind) != schema.KindSettings {
					eachPattern(d.Value, func(label, demand ast.Expr) { add(kind, label, demand) })
				}
			case *ast.Comprehension:
				if demand := (&ast.StructLit{Elts: []ast.Decl{d}}); holdsPattern(demand) {
					add("comprehension", nil, demand)
				}
			}
		}
	}
}

// eachPattern calls f for each pattern of a map of documents, and without a label
// for what may yield patterns elsewhere: references and comprehensions.
func eachPattern(e ast.Expr, f func(label, demand ast.Expr)) {
	switch e := e.(type) {
	case *ast.StructLit:
		for _, d := range e.Elts {
			switch d := d.(type) {
			case *ast.Field:
				if list, ok := d.Label.(*ast.ListLit); ok && len(list.Elts) == 1 {
					label := list.Elts[0]
					if alias, ok := label.(*ast.Alias); ok {
						label = alias.Expr
					}
					f(label, d.Value)
				}
			case *ast.EmbedDecl:
				eachPattern(d.Expr, f)
			case *ast.Comprehension:
				if demand := (&ast.StructLit{Elts: []ast.Decl{d}}); holdsPattern(demand) {
					f(nil, demand)
				}
			}
		}
	case *ast.BinaryExpr:
		if e.Op == token.AND {
			eachPattern(e.X, f)
			eachPattern(e.Y, f)
			return
		}
		f(nil, e)
	case *ast.ParenExpr:
		eachPattern(e.X, f)
	default:
		f(nil, e)
	}
}

// holdsPattern reports whether a pattern stands anywhere in a node.
func holdsPattern(n ast.Node) (found bool) {
	ast.Walk(n, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok {
			if _, ok := field.Label.(*ast.ListLit); ok {
				found = true
			}
		}
		return !found
	}, nil)
	return found
}
