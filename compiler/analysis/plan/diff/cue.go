package diff

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"
)

// written returns a node in one canonical layout, without comments.
func written(n ast.Node) string {
	text, err := format.Node(n, format.Simplify())
	if err != nil {
		return fmt.Sprintf("%T", n)
	}
	var s scanner.Scanner
	s.Init(token.NewFile("", -1, len(text)), text, nil, 0)
	var out []string
	for {
		_, t, literal := s.Scan()
		if t == token.EOF {
			break
		}
		if t == token.COMMA {
			literal = ","
		} else if literal == "" {
			literal = t.String()
		}
		if last := len(out) - 1; last >= 0 && out[last] == "," && (t == token.COMMA || t == token.RBRACE || t == token.RBRACK || t == token.RPAREN) {
			out = out[:last]
		}
		out = append(out, literal)
	}
	return strings.TrimSuffix(strings.Join(out, " "), " ,")
}

// parameterField is where a module has the schema of its parameters.
const parameterField = "#parameters"

// schemaFields reads the text of a schema, of which the fields are compared one by
// one, as of a document. What is no plain struct is compared as a whole.
func schemaFields(text string) any {
	e, err := parser.ParseExpr("", text)
	if err != nil {
		return text
	}
	return fieldsOf(e)
}

func fieldsOf(e ast.Expr) any {
	s, ok := e.(*ast.StructLit)
	if !ok {
		return conjunction(e)
	}
	out := map[string]any{}
	for _, d := range s.Elts {
		f, ok := d.(*ast.Field)
		if !ok {
			if embedded, ok := d.(*ast.EmbedDecl); ok && written(embedded.Expr) == wholeSchema {
				continue
			}
			return written(e)
		}
		name, _, err := ast.LabelName(f.Label)
		if err != nil {
			return written(e)
		}
		if name == wholeSchema && len(s.Elts) == 2 {
			return fieldsOf(f.Value)
		}
		v := fieldsOf(f.Value)
		if f.Constraint == token.OPTION {
			v = map[string]any{"optional": v}
		}
		out[name] = v
	}
	return out
}

// conjunction writes an expression. What is unified with itself is written once.
func conjunction(e ast.Expr) string {
	var terms []string
	var add func(e ast.Expr)
	add = func(e ast.Expr) {
		inner := e
		for p, ok := inner.(*ast.ParenExpr); ok; p, ok = inner.(*ast.ParenExpr) {
			inner = p.X
		}
		if b, ok := inner.(*ast.BinaryExpr); ok && b.Op == token.AND {
			add(b.X)
			add(b.Y)
		} else if text := written(inner); !slices.Contains(terms, text) {
			terms = append(terms, text)
		}
	}
	add(e)
	if len(terms) == 1 {
		return terms[0]
	}
	slices.Sort(terms)
	return "(" + strings.Join(terms, ") & (") + ")"
}

// wholeSchema is what CUE calls a schema that it writes out whole.
const wholeSchema = "_#def"
