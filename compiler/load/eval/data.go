package eval

import (
	"reflect"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/parser"
	cuejson "cuelang.org/go/encoding/json"

	"github.com/tenantry/tenantry/compiler/load/bind"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
)

// dataField returns a document as a field of the top level.
func dataField(id Identity, text []byte) (ast.Decl, error) {
	x, err := cuejson.Extract(syntax.OwnFiles+"document.json", text)
	if err != nil {
		return nil, err
	}
	if err := restoreDefinitions(id.Kind, x); err != nil {
		return nil, err
	}
	if !kinds[id.Kind].Singleton {
		x = ast.NewStruct(&ast.Field{Label: ast.NewString(id.Key), Value: x})
	}
	return &ast.Field{Label: ast.NewIdent(document.KindNames()[id.Kind]), Value: x}, nil
}

// restoreDefinitions turns the fields that hold a schema, which are text as data,
// into definitions again.
func restoreDefinitions(kind int, x ast.Expr) error {
	lit, ok := x.(*ast.StructLit)
	if !ok {
		return nil
	}
	for _, definition := range bind.Definitions(reflect.TypeOf(kinds[kind].New()).Elem()) {
		for _, e := range lit.Elts {
			field, ok := e.(*ast.Field)
			if !ok {
				continue
			}
			name, _ := syntax.StaticLabel(field.Label)
			value, isText := field.Value.(*ast.BasicLit)
			if name != definition || !isText {
				continue
			}
			text, err := literal.Unquote(value.Value)
			if err != nil {
				return err
			}
			schema, err := parser.ParseExpr(syntax.OwnFiles+"document.cue", text)
			if err != nil {
				return err
			}
			field.Label, field.Value = ast.NewIdent(definition), schema
		}
	}
	return nil
}
