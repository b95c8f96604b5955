// Package bind carries evaluated CUE values over to Go values, and notes on the way
// where each field stands.
package bind

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// Binder carries one evaluated document over to its Go type and gathers, on the
// way, where each field stands.
type Binder struct {
	Fields []document.Field
	// Unknown are fields that the Go type, and so the schema, does not have. CUE
	// reports them too, unless another error or an embedding hides them.
	Unknown []UnknownField
	// Strings are texts that were met before: equal ones are kept once.
	Strings map[string]string
}

// UnknownField is a field of a document that its Go type does not have.
type UnknownField struct {
	Path []string
	Pos  diag.Position
}

type fieldInfo struct {
	name  string
	index []int
}

type structInfo struct {
	fields map[string]fieldInfo
	// definitions are fields that hold a schema and no data.
	definitions []fieldInfo
}

var structInfos sync.Map // reflect.Type to *structInfo

func structInfoOf(t reflect.Type) *structInfo {
	if s, ok := structInfos.Load(t); ok {
		return s.(*structInfo)
	}
	s := &structInfo{fields: map[string]fieldInfo{}}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if strings.HasPrefix(name, "#") {
			s.definitions = append(s.definitions, fieldInfo{name, f.Index})
			continue
		}
		s.fields[name] = fieldInfo{name, f.Index}
	}
	got, _ := structInfos.LoadOrStore(t, s)
	return got.(*structInfo)
}

// Definitions returns the names of those fields of a struct that hold a schema and
// no data.
func Definitions(t reflect.Type) []string {
	var names []string
	for _, f := range structInfoOf(t).definitions {
		names = append(names, f.name)
	}
	return names
}

var unmarshalerType = reflect.TypeFor[json.Unmarshaler]()

// Bind sets dst from a value. src are the expressions in the directory's own
// files that are known, from their syntax alone, to make up the value.
func (b *Binder) Bind(v cue.Value, dst reflect.Value, src []ast.Expr, path []string) error {
	v, _ = v.Default()
	t := dst.Type()
	if t.Kind() == reflect.Pointer {
		dst.Set(reflect.New(t.Elem()))
		return b.Bind(v, dst.Elem(), src, path)
	}
	if reflect.PointerTo(t).Implements(unmarshalerType) {
		text, err := v.MarshalJSON()
		if err != nil {
			return err
		}
		return dst.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(text)
	}
	switch t.Kind() {
	case reflect.Struct:
		return b.structure(v, dst, src, path)
	case reflect.Map:
		return b.mapping(v, dst, src, path)
	case reflect.Slice:
		return b.list(v, dst, src, path)
	case reflect.Interface:
		x, err := b.plain(v, src, path)
		if err != nil {
			return err
		}
		if x != nil {
			dst.Set(reflect.ValueOf(x))
		}
		return nil
	}
	return b.scalar(v, dst)
}

func (b *Binder) structure(v cue.Value, dst reflect.Value, src []ast.Expr, path []string) error {
	info := structInfoOf(dst.Type())
	for _, f := range info.definitions {
		if err := b.definition(v, f, dst, src, path); err != nil {
			return err
		}
	}
	return b.each(v, src, path, func(name string, v cue.Value, src []ast.Expr, path []string, at diag.Position) error {
		f, ok := info.fields[name]
		if !ok {
			b.Unknown = append(b.Unknown, UnknownField{append([]string(nil), path...), at})
			return nil
		}
		return b.Bind(v, dst.FieldByIndex(f.index), src, path)
	})
}

func (b *Binder) mapping(v cue.Value, dst reflect.Value, src []ast.Expr, path []string) error {
	t := dst.Type()
	m := reflect.MakeMap(t)
	dst.Set(m)
	elem := reflect.New(t.Elem()).Elem()
	return b.each(v, src, path, func(name string, v cue.Value, src []ast.Expr, path []string, _ diag.Position) error {
		elem.SetZero()
		if err := b.Bind(v, elem, src, path); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(b.text(name)).Convert(t.Key()), elem)
		return nil
	})
}

func (b *Binder) list(v cue.Value, dst reflect.Value, src []ast.Expr, path []string) error {
	t := dst.Type()
	it, err := v.List()
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(t, 0, 4)
	for i := 0; it.Next(); i++ {
		list = reflect.Append(list, reflect.Zero(t.Elem()))
		elems := Elements(src, i)
		path := append(path, fmt.Sprint(i))
		b.place(path, elems, it.Value(), diag.Position{})
		if err := b.Bind(it.Value(), list.Index(i), elems, path); err != nil {
			return err
		}
	}
	dst.Set(list)
	return nil
}

// scalar sets dst from a value without fields or elements.
func (b *Binder) scalar(v cue.Value, dst reflect.Value) error {
	switch t := dst.Type(); t.Kind() {
	case reflect.String:
		s, err := v.String()
		if err != nil {
			return err
		}
		dst.SetString(b.text(s))
	case reflect.Bool:
		x, err := v.Bool()
		if err != nil {
			return err
		}
		dst.SetBool(x)
	case reflect.Int, reflect.Int32, reflect.Int64:
		x, err := v.Int64()
		if err != nil {
			return err
		}
		if dst.OverflowInt(x) {
			return fmt.Errorf("%d is too large", x)
		}
		dst.SetInt(x)
	case reflect.Float64:
		x, err := v.Float64()
		if err != nil {
			return err
		}
		dst.SetFloat(x)
	default:
		return fmt.Errorf("documents cannot hold %s", t)
	}
	return nil
}

// definition sets a field that holds a schema to the schema's text, which is
// whole in itself: whatever it refers to stands in it.
func (b *Binder) definition(v cue.Value, f fieldInfo, dst reflect.Value, src []ast.Expr, path []string) error {
	v = v.LookupPath(cue.MakePath(cue.Def(f.name)))
	if !v.Exists() {
		return nil
	}
	if err := v.Err(); err != nil {
		return err
	}
	exprs, label := Members(src, f.name)
	b.place(append(path, f.name), exprs, v, label)
	text, err := format.Node(v.Syntax(cue.Optional(true), cue.Attributes(false), cue.Docs(false), cue.InlineImports(true)))
	if err != nil {
		return err
	}
	dst.FieldByIndex(f.index).SetString(string(text))
	return nil
}

// each visits the fields of a struct, and notes where they stand.
func (b *Binder) each(v cue.Value, src []ast.Expr, path []string, visit func(name string, v cue.Value, src []ast.Expr, path []string, at diag.Position) error) error {
	it, first := v.Fields()
	if first != nil {
		return first
	}
	for it.Next() {
		name := it.Selector().Unquoted()
		path := append(path, name)
		exprs, label := Members(src, name)
		at := b.place(path, exprs, it.Value(), label)
		// Go on after an error: what else is wrong shall be found as well.
		if err := visit(name, it.Value(), exprs, path, at); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// place notes where a field stands: its value in the directory's own files, or
// its name where the value is a struct; else where the value comes from.
func (b *Binder) place(path []string, exprs []ast.Expr, v cue.Value, label diag.Position) diag.Position {
	at := label
	if len(exprs) > 0 {
		if _, isStruct := exprs[0].(*ast.StructLit); !isStruct || at.IsZero() {
			at = syntax.Position(exprs[0].Pos())
		}
	}
	if at.IsZero() {
		at = syntax.Position(v.Pos())
	}
	if !at.IsZero() && !strings.HasPrefix(at.File, syntax.FormerFiles) {
		at.File = b.text(at.File)
		b.Fields = append(b.Fields, document.Field{Path: b.text(document.FieldPath(path)), Pos: at})
	}
	return at
}

func (b *Binder) text(s string) string {
	if t, ok := b.Strings[s]; ok {
		return t
	}
	if len(b.Strings) < 1<<14 {
		b.Strings[s] = s
	}
	return s
}

// plain returns a value as JSON has it; integers are int64 where they fit.
func (b *Binder) plain(v cue.Value, src []ast.Expr, path []string) (any, error) {
	v, _ = v.Default()
	switch v.Kind() {
	case cue.NullKind:
		return nil, nil
	case cue.BoolKind:
		return v.Bool()
	case cue.IntKind:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case cue.FloatKind, cue.NumberKind:
		return v.Float64()
	case cue.StringKind:
		return v.String()
	case cue.ListKind:
		it, err := v.List()
		if err != nil {
			return nil, err
		}
		list := []any{}
		for i := 0; it.Next(); i++ {
			elems := Elements(src, i)
			path := append(path, fmt.Sprint(i))
			b.place(path, elems, it.Value(), diag.Position{})
			x, err := b.plain(it.Value(), elems, path)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	case cue.StructKind:
		m := map[string]any{}
		err := b.each(v, src, path, func(name string, v cue.Value, src []ast.Expr, path []string, _ diag.Position) error {
			x, err := b.plain(v, src, path)
			m[name] = x
			return err
		})
		return m, err
	}
	return nil, fmt.Errorf("a value of type %v cannot stand here", v.IncompleteKind())
}

// Members returns what literals say of one field, and where its name stands.
func Members(src []ast.Expr, name string) (exprs []ast.Expr, label diag.Position) {
	var visit func(x ast.Expr)
	visit = func(x ast.Expr) {
		switch x := x.(type) {
		case *ast.StructLit:
			for _, e := range x.Elts {
				switch e := e.(type) {
				case *ast.Field:
					if got, ok := syntax.StaticLabel(e.Label); ok && got == name && e.Constraint == token.ILLEGAL {
						exprs = append(exprs, e.Value)
						if label.IsZero() {
							label = syntax.Position(e.Label.Pos())
						}
					}
				case *ast.EmbedDecl:
					visit(e.Expr)
				}
			}
		case *ast.ParenExpr:
			visit(x.X)
		case *ast.Alias:
			visit(x.Expr)
		case *ast.BinaryExpr:
			if x.Op == token.AND {
				visit(x.X)
				visit(x.Y)
			}
		}
	}
	for _, x := range src {
		visit(x)
	}
	return exprs, label
}

// Elements returns what literals say of one element of a list.
func Elements(src []ast.Expr, i int) (exprs []ast.Expr) {
	for _, x := range src {
		if l, ok := x.(*ast.ListLit); ok && i < len(l.Elts) {
			if _, open := l.Elts[i].(*ast.Ellipsis); !open {
				if _, comprehension := l.Elts[0].(*ast.Comprehension); !comprehension {
					exprs = append(exprs, l.Elts[i])
				}
			}
		}
	}
	return exprs
}
