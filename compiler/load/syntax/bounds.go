package syntax

import (
	"strings"

	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/internal/diag"
)

const (
	// maxNesting bounds brackets and field shorthands within each other. The
	// parser and the evaluator recurse, and a stack that overflows ends the
	// process.
	maxNesting = 150
	// maxChain bounds operators within each other: a disjunction of thousands of
	// names is fine, a million additions are not.
	maxChain = 5000
)

// level is what stands within one pair of brackets.
type level struct {
	nest, chain   int
	interpolation bool
}

// resumes reports whether the token ends an interpolation, and the string goes on with
// another.
func (l *level) resumes(tok token.Token, s *scanner.Scanner) bool {
	return tok == token.RPAREN && l.interpolation && strings.HasSuffix(s.ResumeInterpolation(), "(")
}

// tooDeep scans the tokens of a CUE or JSON file for nesting that would need an
// unbounded stack to parse.
func tooDeep(path string, data []byte) (diag.Position, bool) {
	var s scanner.Scanner
	s.Init(token.NewFile(path, -1, len(data)), data, func(token.Pos, string, []any) {}, 0)
	stack := []level{{}}
	nest, chain := 0, 0
	interpolation := false
	for {
		pos, tok, lit := s.Scan()
		top := &stack[len(stack)-1]
		switch tok {
		case token.EOF:
			return diag.Position{}, false
		case token.INTERPOLATION:
			interpolation = strings.HasSuffix(lit, "(")
			top.chain++
			chain++
			continue
		case token.LBRACE, token.LBRACK, token.LPAREN:
			top.chain++
			chain++
			nest++
			stack = append(stack, level{interpolation: tok == token.LPAREN && interpolation})
		case token.RBRACE, token.RBRACK, token.RPAREN:
			if len(stack) == 1 {
				break
			}
			nest -= top.nest + 1
			chain -= top.chain
			stack = stack[:len(stack)-1]
			if top.resumes(tok, &s) {
				interpolation = true
				continue
			}
		case token.COMMA:
			nest -= top.nest
			chain -= top.chain
			top.nest, top.chain = 0, 0
		case token.COLON:
			top.nest++
			nest++
		case token.IDENT, token.STRING, token.INT, token.FLOAT, token.TRUE, token.FALSE, token.NULL, token.BOTTOM, token.COMMENT, token.ATTRIBUTE:
		default:
			top.chain++
			chain++
		}
		interpolation = false
		if nest > maxNesting || chain > maxChain {
			return Position(pos), true
		}
	}
}
