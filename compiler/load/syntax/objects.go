package syntax

import (
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

// Logical clusters may be written as people write Kubernetes objects. An object is the
// document that it means: its key is the path of its directory with the object's name, or
// the name alone if that is a whole key with dots, as in labels; spec is what the document
// says, with the labels of the metadata.

const (
	apiGroup          = "tenantry.dev"
	objectAPIVersion  = apiGroup + "/v1alpha1"
	logicalClusterObj = "LogicalCluster"
)

// documentsOfObjects turns objects of the API group of documents, which are all that a file
// has if it has any, into documents.
func documentsOfObjects(path string, f *ast.File) error {
	objects := topStructs(f)
	if len(objects) == 0 || fieldOf(objects[0], "apiVersion") == nil {
		return nil
	}
	f.Decls = nil
	for _, o := range objects {
		decl, err := documentOfObject(path, o)
		if err != nil {
			return err
		}
		f.Decls = append(f.Decls, decl)
	}
	return nil
}

// topStructs returns the structs of a file: the file's own fields, or those of each of
// several YAML documents.
func topStructs(f *ast.File) (out []*ast.StructLit) {
	var fields []ast.Decl
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.EmbedDecl:
			switch x := d.Expr.(type) {
			case *ast.StructLit:
				out = append(out, x)
			case *ast.ListLit:
				for _, e := range x.Elts {
					if s, ok := e.(*ast.StructLit); ok {
						out = append(out, s)
					}
				}
			}
		case *ast.Field:
			fields = append(fields, d)
		}
	}
	if len(fields) > 0 {
		out = append(out, &ast.StructLit{Elts: fields})
	}
	return out
}

func documentOfObject(path string, o *ast.StructLit) (ast.Decl, error) {
	if version := fieldOf(o, "apiVersion"); stringOf(version) != objectAPIVersion {
		return nil, errors.Newf(version.Pos(), "objects of apiVersion %s are not read: write %s", stringOf(version), objectAPIVersion)
	}
	if kind := fieldOf(o, "kind"); stringOf(kind) != logicalClusterObj {
		return nil, errors.Newf(kind.Pos(), "objects of kind %s are not read: write the document in its map, as in logicalClusters or organizations", stringOf(kind))
	}
	var name, labels ast.Expr
	spec := &ast.StructLit{}
	for _, e := range o.Elts {
		field, ok := e.(*ast.Field)
		if !ok {
			continue
		}
		switch label, _ := StaticLabel(field.Label); label {
		case "apiVersion", "kind":
		case "spec":
			if s, ok := field.Value.(*ast.StructLit); ok {
				spec.Elts = append(spec.Elts, s.Elts...)
			}
		case "metadata":
			s, ok := field.Value.(*ast.StructLit)
			if !ok {
				return nil, errors.Newf(field.Pos(), "metadata must be a mapping with the name of the logical cluster")
			}
			for _, e := range s.Elts {
				m, ok := e.(*ast.Field)
				if !ok {
					continue
				}
				switch label, _ := StaticLabel(m.Label); label {
				case "name":
					name = m.Value
				case "labels":
					labels = m.Value
				default:
					return nil, errors.Newf(m.Pos(), "metadata.%s is not read: a logical cluster has a name and labels", label)
				}
			}
		default:
			return nil, errors.Newf(field.Pos(), "%s is not read: a logical cluster is written in spec", label)
		}
	}
	if stringOf(name) == "" {
		return nil, errors.Newf(o.Pos(), "metadata.name is missing")
	}
	if labels != nil {
		spec.Elts = append(spec.Elts, &ast.Field{Label: ast.NewIdent("labels"), Value: labels})
	}
	key := &ast.BasicLit{Kind: token.STRING, Value: literal.String.Quote(objectKey(path, stringOf(name))), ValuePos: name.Pos()}
	documents := &ast.StructLit{Elts: []ast.Decl{&ast.Field{Label: key, Value: spec}}}
	return &ast.Field{Label: ast.NewIdent(string(schema.KindLogicalClusters)), Value: documents}, nil
}

// objectKey returns the key that an object of a name has in a file.
func objectKey(path, name string) string {
	if strings.Contains(name, ".") {
		return strings.ReplaceAll(name, ".", "/")
	}
	dir, _ := split(repoPath(path))
	return strings.TrimPrefix(strings.TrimPrefix(dir, document.OrganizationsDir), "/") + "/" + name
}

// fieldOf returns the value of a field; nil where there is none.
func fieldOf(s *ast.StructLit, name string) ast.Expr {
	for _, e := range s.Elts {
		if f, ok := e.(*ast.Field); ok {
			if label, ok := StaticLabel(f.Label); ok && label == name {
				return f.Value
			}
		}
	}
	return nil
}

// stringOf returns the text of a string; empty for anything else.
func stringOf(x ast.Expr) string {
	lit, ok := x.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, _ := literal.Unquote(lit.Value)
	return s
}
