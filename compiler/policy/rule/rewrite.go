package rule

import (
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
)

// Parse parses an expression: what names mean does not matter to it.
func Parse(text string) (*ast.AST, error) {
	parsed, issues := parser().Parse(text)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	return parsed.NativeRep(), nil
}

var parser = sync.OnceValue(func() *cel.Env {
	env, err := environmentOf(Latest, nil)
	if err != nil {
		panic(err) // the API server's own environment
	}
	return env
})

// ReplaceIdentifier puts another expression in the place of a variable, wherever
// an expression names it.
func ReplaceIdentifier(text, name, by string) (string, error) {
	native, err := Parse(text)
	if err != nil {
		return text, err
	}
	at := map[int32]bool{}
	shadowed := false
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			if r, ok := native.SourceInfo().GetOffsetRange(e.ID()); ok && e.AsIdent() == name {
				at[r.Start] = true
			}
		case ast.ComprehensionKind:
			shadowed = shadowed || e.AsComprehension().IterVar() == name || e.AsComprehension().IterVar2() == name
		}
	}))
	if shadowed {
		return text, fmt.Errorf("%s is the name of a loop's variable, too", name)
	}
	runes := []rune(text)
	var b strings.Builder
	for i := 0; i < len(runes); {
		if at[int32(i)] && strings.HasPrefix(string(runes[i:]), name) {
			b.WriteString(by)
			i += len([]rune(name))
			continue
		}
		b.WriteRune(runes[i])
		i++
	}
	return b.String(), nil
}

// PrefixVariables puts a prefix before the name of each variable that an expression
// uses.
func PrefixVariables(text, prefix string) (string, error) {
	if prefix == "" {
		return text, nil
	}
	native, err := Parse(text)
	if err != nil {
		return text, err
	}
	at := map[int]bool{}
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if r, ok := native.SourceInfo().GetOffsetRange(e.ID()); ok && e.Kind() == ast.IdentKind && e.AsIdent() == "variables" {
			at[int(r.Start)] = true
		}
	}))
	runes := []rune(text)
	var b strings.Builder
	for i := 0; i < len(runes); i++ {
		b.WriteRune(runes[i])
		if !at[i] {
			continue
		}
		end := i + len("variables")
		for end < len(runes) && strings.ContainsRune(" \t\r\n.?", runes[end]) {
			end++
		}
		b.WriteString(string(runes[i+1:end]) + prefix)
		i = end - 1
	}
	return b.String(), nil
}
