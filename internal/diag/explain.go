package diag

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Write writes the entry as `tenantry explain CODE` prints it: code, severity
// and title, then the explanation in lines of at most width columns; 0 stands
// for 80. The error is that of w.
func (e Entry) Write(w io.Writer, width int) error {
	if width <= 0 {
		width = 80
	}
	b := bufio.NewWriter(w)
	head := fmt.Sprintf("%s (%s)", e.Code, e.Severity)
	if e.Title != "" {
		head += ": " + e.Title
	}
	for _, l := range wrap(head, width) {
		fmt.Fprintln(b, l)
	}
	for _, block := range blocksOf(e.Explain) {
		fmt.Fprintln(b)
		lines := block.lines
		if !block.verbatim {
			lines = wrap(strings.Join(lines, " "), width)
		}
		for _, l := range lines {
			fmt.Fprintln(b, l)
		}
	}
	return b.Flush()
}

// WriteEntry writes the entry of a code, whatever case its letters have; see
// Entry.Write. That there is none is an error, which names the one that was meant.
func WriteEntry(w io.Writer, code string, width int) error {
	name := strings.ToUpper(code)
	var codes []string
	for _, e := range Entries() {
		if string(e.Code) == name {
			return e.Write(w, width)
		}
		codes = append(codes, string(e.Code))
	}
	return fmt.Errorf("there is no diagnostic %q%s", code, Hint(name, codes))
}

// WriteEntries writes a line for each entry.
func WriteEntries(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, e := range Entries() {
		fmt.Fprintf(b, "%s  %-7s  %s\n", e.Code, e.Severity, e.Title)
	}
	return b.Flush()
}

// block is a paragraph, or lines that keep their form.
type block struct {
	lines    []string
	verbatim bool
}

// blocksOf cuts an explanation at its empty lines. A block that has an
// indented or a list line is an example or a list, and keeps its form.
func blocksOf(text string) []block {
	var blocks []block
	var current block
	for l := range strings.SplitSeq(strings.Trim(text, "\n")+"\n\n", "\n") {
		l = strings.TrimRight(l, " \t\r")
		if l == "" {
			if current.lines != nil {
				blocks = append(blocks, current)
			}
			current = block{}
			continue
		}
		current.lines = append(current.lines, l)
		current.verbatim = current.verbatim || l[0] == ' ' || l[0] == '\t' || strings.HasPrefix(l, "- ")
	}
	return blocks
}

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

// WriteMarkdown writes the catalogue of all entries as a Markdown page. The
// error is that of w.
func WriteMarkdown(w io.Writer) error { return writeMarkdown(w, Entries()) }

func writeMarkdown(w io.Writer, entries []Entry) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, `# Diagnostics

This page is generated from the compiler. Every diagnostic has a permanent code; the number of a retired one is not used again. An **error** holds what it concerns at its last good document, and the run exits 1; a **warning** changes nothing in the output; a **note** explains what the compiler decided. `+"`tenantry explain CODE`"+` prints the same text.
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
			for _, block := range blocksOf(e.Explain) {
				fmt.Fprintln(b)
				writeMarkdownBlock(b, block)
			}
		}
	}
	return b.Flush()
}

func writeMarkdownBlock(w io.Writer, block block) {
	switch {
	case !block.verbatim:
		fmt.Fprintln(w, markdownText(strings.Join(block.lines, " ")))
	case strings.HasPrefix(block.lines[0], "- "):
		for _, l := range block.lines {
			fmt.Fprintln(w, markdownText(l))
		}
	default:
		fmt.Fprintf(w, "```\n%s\n```\n", strings.Join(block.lines, "\n"))
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
