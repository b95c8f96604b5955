package eval

import (
	"regexp"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/schema"
)

// readWords returns what puts, in the place of a regular expression of a definition of the
// schema, the first sentence that the schema says of the definition: a message is to say what
// is wanted, "a day: 2026-11-20", and not how the schema tells it from others.
func readWords(files []schema.File) *strings.Replacer {
	var pairs []string
	for _, f := range files {
		tree, err := parser.ParseFile(f.Name, f.Data, parser.ParseComments)
		if err != nil {
			continue // reported where the schema is built
		}
		for _, d := range tree.Decls {
			field, ok := d.(*ast.Field)
			if !ok {
				continue
			}
			words := firstSentence(field)
			if _, is := field.Value.(*ast.StructLit); is || words == "" {
				continue // its fields have expressions of their own
			}
			for _, text := range expressions(field.Value) {
				pairs = append(pairs,
					"it must match "+text, "it must be "+words,
					"it must be =~"+text, "it must be "+words,
					"it must be !~"+text, "it must be "+words,
					"=~"+text+" or number", words,
					"=~"+text, words,
					"!~"+text, words)
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// length is how the schema bounds a text whose form it also demands.
var length = regexp.MustCompile(` & strings\.MaxRunes\([0-9]+\)`)

// plain returns a message in plain words.
func (s *known) plain(message string) string {
	if out := s.words().Replace(message); out != message {
		return length.ReplaceAllString(out, "")
	}
	return message
}

// firstSentence returns the first sentence of the comment on a field, as a part of one.
func firstSentence(field *ast.Field) string {
	var text strings.Builder
	for _, group := range ast.Comments(field) {
		if group.Doc {
			text.WriteString(strings.Join(strings.Fields(group.Text()), " "))
		}
	}
	sentence, _, _ := strings.Cut(text.String()+" ", ". ")
	if sentence == "" {
		return ""
	}
	return strings.ToLower(sentence[:1]) + sentence[1:]
}

// expressions returns the regular expressions that a value is held to, as they are written.
func expressions(x ast.Expr) (out []string) {
	ast.Walk(x, func(n ast.Node) bool {
		if u, ok := n.(*ast.UnaryExpr); ok && (u.Op == token.MAT || u.Op == token.NMAT) {
			if lit, ok := u.X.(*ast.BasicLit); ok {
				out = append(out, lit.Value)
			}
		}
		return true
	}, nil)
	return out
}
