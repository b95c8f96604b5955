package rule

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"
	"github.com/google/cel-go/common"

	"github.com/tenantry/tenantry/internal/diag"
)

// within returns where a place of an expression stands in the CUE file, whose
// string literal begins at pos. Where the expression is no plain literal there,
// it is the literal's own position.
func within(sources Sources, pos diag.Position, expression string, loc common.Location) diag.Position {
	data, ok := sources(pos.File)
	if !ok || pos.Line == 0 || pos.Column == 0 {
		return pos
	}
	start := 0
	for range pos.Line - 1 {
		n := bytes.IndexByte(data[start:], '\n')
		if n < 0 {
			return pos
		}
		start += n + 1
	}
	start += pos.Column - 1
	if start >= len(data) || !strings.HasSuffix(pos.File, ".cue") {
		return pos
	}
	var s scanner.Scanner
	s.Init(token.NewFile(pos.File, -1, len(data)-start), data[start:], nil, scanner.DontInsertCommas)
	_, tok, text := s.Scan()
	if tok != token.STRING {
		return pos
	}
	if value, err := literal.Unquote(text); err != nil || value != expression {
		return pos
	}
	return walkLiteral(pos, text, loc)
}

// walkLiteral goes through a string literal up to a line and column of its value.
func walkLiteral(pos diag.Position, text string, loc common.Location) diag.Position {
	hashes := len(text) - len(strings.TrimLeft(text, "#"))
	escape := `\` + strings.Repeat("#", hashes)
	i := hashes + 1
	indent := ""
	at := pos
	at.Column += i
	if strings.HasPrefix(text[hashes:], `"""`) {
		i = strings.IndexByte(text, '\n') + 1
		last := text[strings.LastIndexByte(text, '\n')+1:]
		indent = last[:len(last)-len(strings.TrimLeft(last, " \t"))]
		i += len(indent)
		at.Line, at.Column = pos.Line+1, 1+len(indent)
	}
	line, column := 1, 0
	for i < len(text) && (line < loc.Line() || line == loc.Line() && column < loc.Column()) {
		if strings.HasPrefix(text[i:], escape) {
			n := len(escape) + 1
			next := text[min(i+len(escape), len(text)-1)]
			switch next {
			case 'u':
				n += 4
			case 'U':
				n += 8
			}
			i, at.Column = i+n, at.Column+n
			if column++; next == 'n' {
				line, column = line+1, 0
			}
			continue
		}
		if text[i] == '\n' {
			i++
			at.Line, at.Column = at.Line+1, 1
			line, column = line+1, 0
			if strings.HasPrefix(text[i:], indent) {
				i, at.Column = i+len(indent), at.Column+len(indent)
			}
			continue
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		i, at.Column, column = i+n, at.Column+n, column+1
	}
	return at
}

// Sources returns the text of a file of the tenancy repo, to point into it.
type Sources func(file string) ([]byte, bool)
