package docs_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
)

// areas names what the hundreds of a code stand for.
var areas = []struct{ prefix, title string }{
	{"TEN01", "Source and load"},
	{"TEN02", "Resolve"},
	{"TEN03", "Check"},
	{"TEN04", "Place"},
	{"TEN05", "Policy"},
	{"TEN06", "Lower"},
	{"TEN07", "Render"},
	{"TEN08", "Output directory"},
	{"TEN09", "Plan"},
	{"TEN10", "Cost"},
	{"TEN11", "Implicit resources"},
	{"TEN12", "API sets"},
}

// catalogue returns the page that shows entries.
func catalogue(entries []diag.Entry) string {
	b := &strings.Builder{}
	b.WriteString(`# Diagnostics

This page is generated from the compiler. Every diagnostic has a permanent code; the number of a retired one is not used again. An **error** holds what it concerns at its last good document, and the run exits 1; a **warning** changes nothing in the output; a **note** explains what the compiler decided. ` + "`tenantry explain CODE`" + ` prints the same text.
`)
	for _, area := range areas {
		heading := false
		for _, e := range entries {
			if !strings.HasPrefix(string(e.Code), area.prefix) {
				continue
			}
			if !heading {
				fmt.Fprintf(b, "\n## %s\n", area.title)
				heading = true
			}
			fmt.Fprintf(b, "\n### %s: %s\n\n*%s*\n", e.Code, markdownText(e.Title), e.Severity)
			for _, block := range e.Blocks() {
				fmt.Fprintln(b)
				writeBlock(b, block)
			}
		}
	}
	return b.String()
}

func writeBlock(w io.Writer, block diag.Block) {
	switch {
	case !block.Verbatim:
		fmt.Fprintln(w, markdownText(strings.Join(block.Lines, " ")))
	case strings.HasPrefix(block.Lines[0], "- "):
		for _, l := range block.Lines {
			fmt.Fprintln(w, markdownText(l))
		}
	default:
		fmt.Fprintf(w, "```\n%s\n```\n", strings.Join(block.Lines, "\n"))
	}
}

// markdownText escapes what Markdown would read as markup, except between
// backquotes, which mean code there as they do in an explanation.
func markdownText(s string) string {
	escape := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, `<`, `\<`, `[`, `\[`, `]`, `\]`, `#`, `\#`, `&`, `\&`)
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 { // an odd backquote encloses nothing
		return strings.ReplaceAll(escape.Replace(s), "`", "\\`")
	}
	for i := 0; i < len(parts); i += 2 {
		parts[i] = escape.Replace(parts[i])
	}
	return strings.Join(parts, "`")
}

// TestDiagnostics holds the catalogue equal to the compiler's.
func TestDiagnostics(t *testing.T) {
	page := catalogue(diag.Entries())
	if got, want := strings.Count(page, "\n### TEN"), len(diag.Entries()); got != want {
		t.Errorf("the page shows %d entries of %d", got, want)
	}
	testkit.Golden(t, "diagnostics.md", page)
}

func TestCatalogue(t *testing.T) {
	entries := []diag.Entry{
		{Code: "TEN0201", Severity: diag.Error, Title: "A name does not exist", Explain: "Nothing is called that. References are by name, see `tenantry vet`; a*b and <c> are text.\n\nFor example:\n\n  class: \"standard\"\n\n- one\n- two_three\n"},
		{Code: "TEN0202", Severity: diag.Warning, Title: "A label is [free]", Explain: "Short."},
		{Code: "TEN0801", Severity: diag.Note, Title: "A file is left alone", Explain: "It is not ours."},
	}
	_, got, _ := strings.Cut(catalogue(entries), "same text.\n")
	want := strings.ReplaceAll(`
## Resolve

### TEN0201: A name does not exist

*error*

Nothing is called that. References are by name, see 'tenantry vet'; a\*b and \<c> are text.

For example:

'''
  class: "standard"
'''

- one
- two\_three

### TEN0202: A label is \[free\]

*warning*

Short.

## Output directory

### TEN0801: A file is left alone

*note*

It is not ours.
`, "'", "`")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
