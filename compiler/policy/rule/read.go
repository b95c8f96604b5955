package rule

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	apiservercel "k8s.io/apiserver/pkg/cel"
)

// Read is a part of a variable that rules look at: one entry of a map that is a field,
// a whole field where Key is empty, or the whole where Field is.
type Read struct{ Variable, Field, Key string }

// noteReads remembers which parts of variables an expression looks at.
func (p *Program) noteReads(a *cel.Ast) {
	seen := map[int64]bool{} // operands of which only a part is read
	add := func(r Read) {
		if !slices.Contains(p.reads, r) {
			p.reads = append(p.reads, r)
		}
	}
	entry := func(of, key ast.Expr) {
		if of.Kind() != ast.SelectKind || key.Kind() != ast.LiteralKind || of.AsSelect().Operand().Kind() != ast.IdentKind {
			return
		}
		if text, ok := key.AsLiteral().Value().(string); ok && text != "" {
			seen[of.ID()], seen[of.AsSelect().Operand().ID()] = true, true
			add(Read{of.AsSelect().Operand().AsIdent(), of.AsSelect().FieldName(), text})
		}
	}
	ast.PreOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.CallKind:
			args := e.AsCall().Args()
			switch e.AsCall().FunctionName() {
			case operators.Index, operators.OptIndex:
				entry(args[0], args[1])
			case operators.In:
				entry(args[1], args[0])
			}
		case ast.SelectKind:
			if on := e.AsSelect().Operand(); !seen[e.ID()] && on.Kind() == ast.IdentKind {
				seen[on.ID()] = true
				add(Read{on.AsIdent(), e.AsSelect().FieldName(), ""})
			}
		case ast.IdentKind:
			if !seen[e.ID()] {
				add(Read{e.AsIdent(), "", ""})
			}
		}
	}))
}

// Of returns what is read of a variable.
func (r Read) Of(value any) any {
	object, ok := value.(map[string]any)
	if !ok || r.Field == "" {
		return value
	}
	value = object[r.Field]
	if r.Key == "" {
		return value
	}
	switch m := value.(type) {
	case map[string]any:
		x, ok := m[r.Key]
		return []any{ok, x}
	case map[string]string:
		x, ok := m[r.Key]
		return []any{ok, x}
	}
	return value
}

// selection is a field of a type that an expression looks at.
type selection struct{ typeName, field string }

// note remembers which variables an expression names, and which fields it looks at.
func (p *Program) note(a *cel.Ast) {
	checked := a.NativeRep()
	for _, ref := range checked.ReferenceMap() {
		if ref.Name != "" {
			p.uses[ref.Name] = true
		}
	}
	p.noteReads(a)
	visitSelects(checked.Expr(), func(operand int64, field string) {
		if t := checked.GetType(operand); t != nil {
			p.selects[selection{t.TypeName(), field}] = true
		}
	})
}

func visitSelects(e ast.Expr, visit func(operand int64, field string)) {
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.SelectKind {
			visit(e.AsSelect().Operand().ID(), e.AsSelect().FieldName())
		}
	}))
}

// AppendValue writes a value so that different ones are written differently.
func AppendValue(dst []byte, value any) []byte {
	switch x := value.(type) {
	case string:
		return strconv.AppendQuote(dst, x)
	case bool:
		return strconv.AppendBool(dst, x)
	case int:
		return strconv.AppendInt(dst, int64(x), 10)
	case apiservercel.Quantity:
		return append(dst, x.String()...)
	case []string:
		dst = append(dst, '[')
		for _, e := range x {
			dst = append(strconv.AppendQuote(dst, e), ',')
		}
		return append(dst, ']')
	case []any:
		dst = append(dst, '[')
		for _, e := range x {
			dst = append(AppendValue(dst, e), ',')
		}
		return append(dst, ']')
	case map[string]string:
		dst = append(dst, '{')
		for _, k := range slices.Sorted(maps.Keys(x)) {
			dst = append(strconv.AppendQuote(append(strconv.AppendQuote(dst, k), ':'), x[k]), ',')
		}
		return append(dst, '}')
	case map[string]any:
		dst = append(dst, '{')
		for _, k := range slices.Sorted(maps.Keys(x)) {
			dst = append(AppendValue(append(strconv.AppendQuote(dst, k), ':'), x[k]), ',')
		}
		return append(dst, '}')
	}
	return fmt.Appendf(dst, "%T %v", value, value)
}
