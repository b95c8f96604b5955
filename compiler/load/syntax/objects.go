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
	keys := map[string]bool{}
	for _, one := range objects {
		o, err := readObject(path, one)
		if err != nil {
			return err
		}
		if keys[o.key] {
			return errors.Newf(o.at, "the file has several objects of logical cluster %s", o.key)
		}
		keys[o.key] = true
		f.Decls = append(f.Decls, o.document())
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

// object is a logical cluster that is written as a Kubernetes object.
type object struct {
	key  string
	at   token.Pos // of its name
	spec []ast.Decl
}

// document returns the document that the object means.
func (o *object) document() ast.Decl {
	key := &ast.BasicLit{Kind: token.STRING, Value: literal.String.Quote(o.key), ValuePos: o.at}
	documents := &ast.StructLit{Elts: []ast.Decl{&ast.Field{Label: key, Value: &ast.StructLit{Elts: o.spec}}}}
	return &ast.Field{Label: ast.NewIdent(string(schema.KindLogicalClusters)), Value: documents}
}

// readObject reads one object. Whatever it does not know, it refuses.
func readObject(path string, x *ast.StructLit) (*object, error) {
	if version := fieldOf(x, "apiVersion"); stringOf(version) != objectAPIVersion {
		return nil, errors.Newf(version.Pos(), "objects of apiVersion %s are not read: write %s", stringOf(version), objectAPIVersion)
	}
	if kind := fieldOf(x, "kind"); stringOf(kind) != logicalClusterObj {
		return nil, errors.Newf(kind.Pos(), "objects of kind %s are not read: write the document in its map, as in logicalClusters or organizations", stringOf(kind))
	}
	o := &object{}
	err := eachField(x, func(name string, at token.Pos, value ast.Expr) error {
		switch name {
		case "apiVersion", "kind":
			return nil
		case "metadata":
			return o.readMetadata(path, at, value)
		case "spec":
			spec, ok := value.(*ast.StructLit)
			if !ok {
				return errors.Newf(at, "spec must be a mapping with what the logical cluster says")
			}
			o.spec = append(o.spec, spec.Elts...)
			return nil
		}
		return errors.Newf(at, "%s is not read: a logical cluster is written in spec", name)
	})
	if err == nil && o.key == "" {
		err = errors.Newf(x.Pos(), "metadata.name is missing, or is not a string")
	}
	return o, err
}

func (o *object) readMetadata(path string, at token.Pos, value ast.Expr) error {
	metadata, ok := value.(*ast.StructLit)
	if !ok {
		return errors.Newf(at, "metadata must be a mapping with the name of the logical cluster")
	}
	return eachField(metadata, func(name string, at token.Pos, value ast.Expr) error {
		switch name {
		case "name":
			if s := stringOf(value); s != "" {
				o.key, o.at = objectKey(path, s), value.Pos()
			}
		case "labels":
			o.spec = append(o.spec, &ast.Field{Label: ast.NewIdent("labels"), Value: value})
		default:
			return errors.Newf(at, "metadata.%s is not read: a logical cluster has a name and labels", name)
		}
		return nil
	})
}

// eachField calls do for each field, until one is in error.
func eachField(s *ast.StructLit, do func(name string, at token.Pos, value ast.Expr) error) error {
	for _, e := range s.Elts {
		f, ok := e.(*ast.Field)
		if !ok {
			continue
		}
		name, _ := StaticLabel(f.Label)
		if err := do(name, f.Pos(), f.Value); err != nil {
			return err
		}
	}
	return nil
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
func fieldOf(s *ast.StructLit, name string) (value ast.Expr) {
	_ = eachField(s, func(n string, _ token.Pos, v ast.Expr) error {
		if n == name {
			value = v
		}
		return nil
	})
	return value
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
