package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// testOnly are the packages that ship no code: what tests share.
var testOnly = []string{"internal/testkit", "compiler/source/sourcetest", "render/rendertest"}

// TestNoCodeForTestsAlone finds functions and unexported methods that only tests can
// call: no other file of the tool mentions them. A function is mentioned by its name in
// its own package, and by that of its package and its own elsewhere; a method by its name
// anywhere, so that one may be missed where another has the same name.
func TestNoCodeForTestsAlone(t *testing.T) {
	c := &callees{declared: map[callee]token.Position{}, mentioned: map[callee]int{}}
	for _, root := range []string{"cmd", "compiler", "internal", "render", "schema", "examples"} {
		if err := filepath.WalkDir("../"+root, c.visit); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.declared) < 2000 {
		t.Errorf("only %d functions were found", len(c.declared))
	}
	for f, position := range c.declared {
		if c.mentioned[f] == 0 {
			t.Errorf("%s: only tests call %s: move it to them, or to a package that only they import", position, f.name)
		}
	}
}

// callee is a function of a package, or a method of any: its pkg is empty.
type callee struct{ pkg, name string }

// callees are all functions, where they are declared and how often they are mentioned
// outside their own bodies.
type callees struct {
	declared  map[callee]token.Position
	mentioned map[callee]int
}

func (c *callees) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	pkg := strings.TrimPrefix(filepath.ToSlash(name), "../")
	if d.IsDir() {
		for _, p := range testOnly {
			if pkg == p {
				return fs.SkipDir
			}
		}
		return nil
	}
	if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
		return nil
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	c.file(set, file, path.Dir(pkg))
	return nil
}

// file notes what a file of a package declares and mentions.
func (c *callees) file(set *token.FileSet, file *ast.File, pkg string) {
	imported := map[string]string{}
	for _, i := range file.Imports {
		target, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(target)
		if i.Name != nil {
			name = i.Name.Name
		}
		imported[name] = strings.TrimPrefix(target, module)
	}
	for _, d := range file.Decls {
		var own callee
		var declaration *ast.Ident
		if f, ok := d.(*ast.FuncDecl); ok {
			declaration, own = f.Name, callee{pkg, f.Name.Name}
			if f.Recv != nil {
				own.pkg = ""
			}
			if needsMention(f) {
				c.declared[own] = set.Position(f.Pos())
			}
		}
		mention := func(f callee) {
			if f != own {
				c.mentioned[f]++
			}
		}
		var visit func(n ast.Node) bool
		visit = func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				x, _ := n.X.(*ast.Ident)
				if x != nil && imported[x.Name] != "" {
					mention(callee{imported[x.Name], n.Sel.Name})
					return false
				}
				mention(callee{"", n.Sel.Name})
				ast.Inspect(n.X, visit)
				return false
			case *ast.Ident:
				if n != declaration {
					mention(callee{pkg, n.Name})
				}
			}
			return true
		}
		ast.Inspect(d, visit)
	}
}

// needsMention is false of the functions that the language calls, and of exported
// methods, which other modules may call through their interfaces.
func needsMention(f *ast.FuncDecl) bool {
	name := f.Name.Name
	if f.Recv != nil {
		return !f.Name.IsExported()
	}
	return name != "main" && name != "init" && name != "_"
}
