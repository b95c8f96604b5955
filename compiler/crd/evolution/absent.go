package evolution

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/parser"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// holdsWithoutNewFields reports whether a new CEL rule holds for all that was valid,
// because fields that are new with it decide it by being absent. What else the rule
// looks at is not known; only what holds whatever that is counts.
//
// Rules of an object share a budget. What deciding this one can take of it, at all
// places that an object can have, must be next to nothing.
func (n *node) holdsWithoutNewFields(rule string) bool {
	if n.was.Type != "object" || n.is.Type != "object" || n.was.AdditionalProperties != nil || n.keptOld {
		return false
	}
	absent := n.absentFields()
	if len(absent) == 0 {
		return false
	}
	p, err := parser.NewParser(parser.Macros(parser.AllMacros...))
	if err != nil {
		return false
	}
	parsed, problems := p.Parse(common.NewTextSource(rule))
	if len(problems.GetErrors()) > 0 || decide(parsed.Expr(), absent) != yes {
		return false
	}
	size := int64(0)
	ast.PreOrderVisit(parsed.Expr(), ast.NewExprVisitor(func(ast.Expr) { size++ }))
	const little = celconfig.RuntimeCELCostBudget / 200
	return size <= little && n.places(little/size) <= little/size
}

// absentFields returns the properties, as CEL names them, that no object has which was
// valid: they are new, and nothing fills them in.
func (n *node) absentFields() map[string]bool {
	absent := map[string]bool{}
	for name, p := range n.is.Properties {
		if _, known := n.was.Properties[name]; known || p.Default != nil || n.filledIn(name) || metaFields[name] != "" {
			continue
		}
		if escaped, ok := apiservercel.Escape(name); ok {
			absent[escaped] = true
		}
	}
	return absent
}

// filledIn reports whether a default of the node, or of what it lies in, may have a
// field of that name.
func (n *node) filledIn(name string) bool {
	for at := n; at != nil; at = at.parent {
		if at.is.Default == nil {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(at.is.Default.Raw))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil || token == name {
				return true
			}
		}
	}
	return false
}

// places returns how many values the node can stand for in an object that the old
// schema accepts, or any number above most where that are more than most.
func (n *node) places(most int64) int64 {
	count := int64(1)
	for at := n; at.parent != nil; at = at.parent {
		bound := (*int64)(nil)
		switch at.step.kind {
		case item:
			bound = at.parent.was.MaxItems
		case mapValue:
			bound = at.parent.was.MaxProperties
		default:
			continue
		}
		if bound == nil || *bound > most {
			return most + 1
		}
		if count *= max(*bound, 1); count > most {
			return count
		}
	}
	return count
}

// truth is what is known of a condition.
type truth int

const (
	// unknown conditions may be long to evaluate, and fail.
	unknown truth = iota
	// either is true or false, and found out in no time.
	either
	yes
	no
)

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return t
}

// and is what CEL makes of two conditions, the first of which it evaluates first.
func (t truth) and(other truth) truth {
	switch {
	case t == no || t == either && other == no:
		return no
	case t == yes:
		return other
	case t == either && other != unknown:
		return either
	}
	return unknown
}

// decide returns what is known of a condition on an object that does not have some
// fields.
func decide(e ast.Expr, absent map[string]bool) truth {
	switch e.Kind() {
	case ast.LiteralKind:
		switch e.AsLiteral() {
		case types.True:
			return yes
		case types.False:
			return no
		}
	case ast.SelectKind:
		s := e.AsSelect()
		if !s.IsTestOnly() || s.Operand().Kind() != ast.IdentKind || s.Operand().AsIdent() != "self" {
			return unknown
		}
		if absent[s.FieldName()] {
			return no
		}
		return either
	case ast.CallKind:
		return decideCall(e.AsCall(), absent)
	}
	return unknown
}

// decideCall is decide for the operators of conditions, which are calls in CEL.
func decideCall(call ast.CallExpr, absent map[string]bool) truth {
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalNot:
		return decide(args[0], absent).not()
	case operators.LogicalAnd:
		return decide(args[0], absent).and(decide(args[1], absent))
	case operators.LogicalOr:
		return decide(args[0], absent).not().and(decide(args[1], absent).not()).not()
	case operators.Conditional:
		then, otherwise := decide(args[1], absent), decide(args[2], absent)
		switch c := decide(args[0], absent); {
		case c == yes, c == either && then == otherwise:
			return then
		case c == no:
			return otherwise
		}
	}
	return unknown
}
