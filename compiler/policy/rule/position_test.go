package rule

import (
	"strings"
	"testing"

	"cuelang.org/go/cue/literal"
	"github.com/google/cel-go/common"
	"pgregory.net/rapid"

	"github.com/tenantry/tenantry/internal/diag"
)

// A place of an expression is found in the file whatever literal it stands in:
// the file has there what the expression has.
func TestWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching(`[a-zé"\\ ]{0,8}[a-z]`), 1, 4).Draw(t, "lines")
		n := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
		runes := []rune(lines[n])
		column := rapid.IntRange(0, len(runes)-1).Draw(t, "column")
		if r := runes[column]; r == '"' || r == '\\' {
			t.Skip("written as an escape")
		}
		text := strings.Join(lines, "\n")
		form := literal.String
		indent := ""
		if rapid.Bool().Draw(t, "several lines") {
			indent = "\t\t"
			form = literal.String.WithTabIndent(2).WithOptionalTabIndent(2)
			if len(lines) == 1 {
				form = literal.String.WithTabIndent(2)
			}
		}
		prefix := indent + "expression: "
		file := "package x\n\n" + prefix + form.Quote(text) + "\n"
		sources := func(string) ([]byte, bool) { return []byte(file), true }
		start := diag.Position{File: "x.cue", Line: 3, Column: len(prefix) + 1}
		at := within(sources, start, text, common.NewLocation(n+1, column))
		all := strings.Split(file, "\n")
		if at.Line < 1 || at.Line > len(all) || at.Column < 1 || at.Column > len(all[at.Line-1]) {
			t.Fatalf("%v is no place of\n%s", at, file)
		}
		if !strings.HasPrefix(all[at.Line-1][at.Column-1:], string(runes[column])) {
			t.Fatalf("%d:%d of %q is %c, found %q at %v in\n%s", n+1, column, text, runes[column], all[at.Line-1][at.Column-1:], at, file)
		}
	})
}
