package eval

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/schema"
)

// shape is what #Tenancy says of one kind.
type shape struct {
	// definition is the document's own, "#LogicalCluster".
	definition string
	// key is the definition of its keys, "#Path"; empty for a singleton.
	key string
}

// readShapes reads the shape of each kind, by its index, from the schema.
func readShapes(files []schema.File) ([]shape, error) {
	out := make([]shape, len(kinds))
	for _, f := range files {
		tree, err := parser.ParseFile(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, e := range tenancyFields(tree) {
			field, ok := e.(*ast.Field)
			if !ok {
				continue
			}
			name, _ := syntax.StaticLabel(field.Label)
			if k := document.KindIndex(name); k >= 0 {
				out[k] = shapeOf(field.Value)
			}
		}
	}
	for k, s := range out {
		if s.definition == "" || s.key == "" && !kinds[k].Singleton {
			return nil, fmt.Errorf("the schema's #Tenancy does not declare %s", kinds[k].Name)
		}
	}
	return out, nil
}

// tenancyFields returns what #Tenancy consists of, where a file of the schema
// declares it.
func tenancyFields(tree *ast.File) (fields []ast.Decl) {
	for _, d := range tree.Decls {
		def, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		lit, ok := def.Value.(*ast.StructLit)
		if name, _, _ := ast.LabelName(def.Label); ok && name == "#Tenancy" {
			fields = append(fields, lit.Elts...)
		}
	}
	return fields
}

func shapeOf(x ast.Expr) (s shape) {
	if id, ok := x.(*ast.Ident); ok {
		return shape{definition: id.Name}
	}
	if lit, ok := x.(*ast.StructLit); ok && len(lit.Elts) == 1 {
		if f, ok := lit.Elts[0].(*ast.Field); ok {
			if l, ok := f.Label.(*ast.ListLit); ok && len(l.Elts) == 1 {
				if id, ok := l.Elts[0].(*ast.Ident); ok {
					s.key = id.Name
				}
			}
			if id, ok := f.Value.(*ast.Ident); ok {
				s.definition = id.Name
			}
		}
	}
	return s
}

// constraints is the file that the compiler adds to every instance: each map of
// documents is held to the schema, whether or not the repo embeds it, and
// whatever else it embeds. That the top level holds nothing but these maps is
// checked apart: an embedding could open the whole of it.
func constraints(shapes []shape) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\nimport schema %q\n\n", syntax.TenancyPackage, schema.ImportPath)
	for k, s := range shapes {
		if kinds[k].Singleton {
			fmt.Fprintf(&b, "%s?: schema.%s\n", kinds[k].Name, s.definition)
		} else {
			fmt.Fprintf(&b, "%s?: [string]: schema.%s\n", kinds[k].Name, s.definition)
		}
	}
	return b.String()
}

// known is the evaluated schema.
type known struct {
	values cue.Value
	shapes []shape
	words  func() *strings.Replacer
}

// definition returns what the schema says of documents of a kind.
func (s *known) definition(kind int) cue.Value {
	return s.values.LookupPath(cue.MakePath(cue.Def(s.shapes[kind].definition)))
}

// key returns what the schema says of the keys of a kind.
func (s *known) key(kind int) cue.Value {
	return s.values.LookupPath(cue.MakePath(cue.Def(s.shapes[kind].key)))
}

// fieldNames returns the names that the schema knows beside the last of a path.
func (s *known) fieldNames(path []string) []string {
	if len(path) < 2 {
		return document.KindNames()
	}
	k := document.KindIndex(path[0])
	if k < 0 {
		return nil
	}
	rest := path[1 : len(path)-1]
	if !kinds[k].Singleton {
		if len(path) < 3 {
			return nil
		}
		rest = path[2 : len(path)-1]
	}
	v := s.definition(k)
	for _, name := range rest {
		next := v.LookupPath(cue.MakePath(cue.Str(name).Optional()))
		if !next.Exists() {
			next = v.LookupPath(cue.MakePath(cue.AnyString))
		}
		if !next.Exists() {
			next = v.LookupPath(cue.MakePath(cue.AnyIndex))
		}
		v = next
	}
	var names []string
	if it, err := v.Fields(cue.Optional(true)); err == nil {
		for it.Next() {
			names = append(names, it.Selector().Unquoted())
		}
	}
	return names
}
