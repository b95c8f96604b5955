package rule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/mutation"
	mergeschema "sigs.k8s.io/structured-merge-diff/v6/schema"
)

// What the expressions of mutations yield.
var (
	applyType     = types.NewObjectType(mutation.ObjectTypeName)
	jsonPatchType = cel.ListType(types.NewObjectType(mutation.JSONPatchTypeName))
)

// MutationPath leads to the expression of the i-th mutation of a set of rules.
func MutationPath(i int, m schema.Mutation) []string {
	if m.JSONPatch != "" {
		return []string{"mutations", strconv.Itoa(i), "jsonPatch"}
	}
	return []string{"mutations", strconv.Itoa(i), "applyConfiguration"}
}

// MutationText returns the expression of a mutation.
func MutationText(m schema.Mutation) string {
	if m.JSONPatch != "" {
		return m.JSONPatch
	}
	return m.ApplyConfiguration
}

func mutationType(m schema.Mutation) *cel.Type {
	if m.JSONPatch != "" {
		return jsonPatchType
	}
	return applyType
}

// changeProblem is a place in an expression that changes what the object does not
// have.
type changeProblem struct {
	location common.Location
	message  string
}

// checkChange holds what a mutation sets against the type of the object. The API
// server's own check is left to the moment of a write.
func checkChange(checked *cel.Ast, object *apiservercel.DeclType, merged *Merged) (out []changeProblem) {
	native := checked.NativeRep()
	add := func(id int64, format string, args ...any) {
		out = append(out, changeProblem{native.SourceInfo().GetStartLocation(id), fmt.Sprintf(format, args...)})
	}
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.StructKind {
			return
		}
		s := e.AsStruct()
		if s.TypeName() == mutation.JSONPatchTypeName {
			checkPatch(s, object, add)
			return
		}
		if s.TypeName() != mutation.ObjectTypeName && !strings.HasPrefix(s.TypeName(), mutation.ObjectTypeName+".") {
			return
		}
		path := strings.Split(s.TypeName(), ".")[1:]
		holder := merged.at(path)
		at := object
		for _, name := range path {
			next, known := fieldOf(at, name)
			if !known {
				add(e.ID(), "%s: the objects have no field %s there", s.TypeName(), name)
				return
			}
			if at = next; at != nil && at.IsList() {
				at = at.ElemType
			}
		}
		for _, f := range s.Fields() {
			name := f.AsStructField().Name()
			if _, known := fieldOf(at, name); !known {
				add(f.ID(), "%s has no field %s", s.TypeName(), name)
			} else if holder.at([]string{name}).atomic() {
				add(f.ID(), "%s.%s is atomic: the API server refuses to set it by applyConfiguration, which would replace the whole of it; use jsonPatch", s.TypeName(), name)
			}
		}
	}))
	return out
}

// Merged is how objects of a type are merged by server-side apply; nil where that
// is not known.
type Merged struct {
	schema *mergeschema.Schema
	ref    mergeschema.TypeRef
}

// MergedAs returns how objects of a kind are merged, nil where that is not known.
// converter converts objects of the kind.
func MergedAs(converter managedfields.TypeConverter, kind kubeschema.GroupVersionKind) *Merged {
	empty := &unstructured.Unstructured{}
	empty.SetGroupVersionKind(kind)
	typed, err := converter.ObjectToTyped(empty)
	if err != nil {
		return nil
	}
	return &Merged{typed.Schema(), typed.TypeRef()}
}

// at returns the type of a field below; of items where lists are on the way.
func (m *Merged) at(path []string) *Merged {
	for _, name := range path {
		if m == nil {
			return nil
		}
		atom, ok := m.schema.Resolve(m.ref)
		for ok && atom.List != nil && atom.Map == nil {
			atom, ok = m.schema.Resolve(atom.List.ElementType)
		}
		if !ok || atom.Map == nil {
			return nil
		}
		ref := atom.Map.ElementType
		if field, ok := atom.Map.FindField(name); ok {
			ref = field.Type
		}
		m = &Merged{m.schema, ref}
	}
	return m
}

// atomic reports whether a value of the type is replaced as a whole. One whose type is
// not known may be.
func (m *Merged) atomic() bool {
	if m == nil {
		return false
	}
	atom, ok := m.schema.Resolve(m.ref)
	return ok && atom.Scalar == nil &&
		(atom.Map != nil && atom.Map.ElementRelationship == mergeschema.Atomic || atom.List != nil && atom.List.ElementRelationship == mergeschema.Atomic)
}

// fieldOf returns the type of a field, nil where nothing is known of it; known is
// false where the type has no such field.
func fieldOf(t *apiservercel.DeclType, name string) (field *apiservercel.DeclType, known bool) {
	switch {
	case t == nil || t == apiservercel.DynType:
		return nil, true
	case t.IsMap():
		return t.ElemType, true
	case t.IsObject():
		escaped, ok := apiservercel.Escape(name)
		if f := t.Fields[escaped]; ok && f != nil {
			return f.Type, true
		}
		if f := t.Fields[name]; f != nil {
			return f.Type, true
		}
		return nil, len(t.Fields) == 0
	}
	return nil, t.IsList()
}

// checkPatch checks one operation of a JSON patch, as far as it is a literal.
func checkPatch(s ast.StructExpr, object *apiservercel.DeclType, add func(int64, string, ...any)) {
	literal := func(e ast.Expr) (string, bool) {
		if e.Kind() != ast.LiteralKind {
			return "", false
		}
		text, ok := e.AsLiteral().Value().(string)
		return text, ok
	}
	for _, f := range s.Fields() {
		field := f.AsStructField()
		value, ok := literal(field.Value())
		if !ok {
			continue
		}
		switch field.Name() {
		case "op":
			switch value {
			case "add", "remove", "replace", "move", "copy", "test":
			default:
				add(field.Value().ID(), "a JSON patch has no operation %q", value)
			}
		case "path", "from":
			if !strings.HasPrefix(value, "/") {
				add(field.Value().ID(), "%s is %q, and must begin with a slash", field.Name(), value)
				continue
			}
			at := object
			for _, name := range strings.Split(value[1:], "/") {
				name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
				if at != nil && at.IsList() {
					at = at.ElemType
					continue
				}
				next, known := fieldOf(at, name)
				if !known {
					add(field.Value().ID(), "%s %s: the objects have no field %s there", field.Name(), value, name)
					break
				}
				at = next
			}
		}
	}
}
