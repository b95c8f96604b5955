package policy

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/tenantry/tenantry/schema"
	apiservercel "k8s.io/apiserver/pkg/cel"
	celcommon "k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
	"k8s.io/apiserver/pkg/cel/mutation"
)

// What the expressions of mutations yield.
var (
	applyType     = types.NewObjectType(mutation.ObjectTypeName)
	jsonPatchType = cel.ListType(types.NewObjectType(mutation.JSONPatchTypeName))
)

// forMutations returns the environment of mutations, as the API server has it.
func (e *ruleEnvironment) forMutations() (*cel.Env, error) {
	if e.mutations == nil {
		env, err := e.Env.Extend(celcommon.ResolverEnvOption(&mutation.DynamicTypeResolver{}), environment.UnversionedLib(library.JSONPatch))
		if err != nil {
			return nil, err
		}
		e.mutations = env
	}
	return e.mutations, nil
}

func mutationPath(i int, m schema.Mutation) []string {
	if m.JSONPatch != "" {
		return []string{"mutations", itoa(i), "jsonPatch"}
	}
	return []string{"mutations", itoa(i), "applyConfiguration"}
}

func mutationText(m schema.Mutation) string {
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
func checkChange(checked *cel.Ast, object *apiservercel.DeclType) (out []changeProblem) {
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
		at := object
		for _, name := range strings.Split(s.TypeName(), ".")[1:] {
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
			}
		}
	}))
	return out
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
