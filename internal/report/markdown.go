package report

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

// MarkdownLimit is how many characters a comment on a pull request may have.
const MarkdownLimit = 65536

// WriteMarkdown writes the report for a pull request: a summary, then sections to
// unfold. It never takes more than MarkdownLimit bytes: where it would, the least
// important sections are cut short first, and each says so.
func (r *Report) WriteMarkdown(w io.Writer) error {
	folds := make([]fold, len(r.Sections))
	for i := range r.Sections {
		folds[i] = r.fold(&r.Sections[i])
	}
	head := r.markdownHead()
	room := MarkdownLimit - len(head)
	sizes := make([]int, len(folds))
	total := 0
	for i := range folds {
		sizes[i] = len(folds[i].write(len(folds[i].lines)))
		total += sizes[i]
	}
	shown := make([]int, len(folds))
	for i := len(folds) - 1; i >= 0; i-- {
		f := &folds[i]
		shown[i] = len(f.lines)
		if total <= room {
			continue
		}
		total -= sizes[i]
		// As many lines as there is room for, found by halving.
		low, high := 0, len(f.lines)
		for low < high {
			if middle := (low + high + 1) / 2; total+len(f.write(middle)) <= room {
				low = middle
			} else {
				high = middle - 1
			}
		}
		shown[i] = low
		total += len(f.write(low))
	}
	var b strings.Builder
	b.WriteString(head)
	for i := range folds {
		b.WriteString(folds[i].write(shown[i]))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fold is a section that unfolds. Its lines are shown as they are.
type fold struct {
	command, title string
	open           bool
	lines          []string
}

// write returns the section with its first n lines.
func (f *fold) write(n int) string {
	if len(f.lines) == 0 {
		return ""
	}
	open := ""
	if f.open {
		open = " open"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details%s><summary><b>%s</b></summary>\n\n", open, f.title)
	if n > 0 {
		body := strings.Join(f.lines[:n], "\n")
		fence := strings.Repeat("`", max(3, longestRun(body)+1))
		fmt.Fprintf(&b, "%sdiff\n%s\n%s\n", fence, body, fence)
	}
	if hidden := len(f.lines) - n; hidden > 0 {
		fmt.Fprintf(&b, "\n**%s left out, since a comment holds %d characters.** `%s --detail` shows them.\n", printer.Count(hidden, "line"), MarkdownLimit, f.command)
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// marker begins the page, so that a later report on the same directory finds the
// comment that it replaces. One git repository may hold several.
func (r *Report) marker() string {
	if r.Directory == "" {
		return "<!-- " + r.Command + " -->"
	}
	// Two hyphens would end the comment.
	return "<!-- " + r.Command + " of " + strings.ReplaceAll((&url.URL{Path: r.Directory}).EscapedPath(), "--", "-%2D") + " -->"
}

func (r *Report) markdownHead() string {
	var b strings.Builder
	title := r.Command
	if r.Directory != "" {
		title += " of " + code(r.Directory)
	}
	fmt.Fprintf(&b, "%s\n## %s\n\n%s → %s, as of %s\n\n", r.marker(), title, code(r.Before.Name), code(r.After.Name), r.AsOf)
	if r.Empty {
		for _, line := range r.Summary {
			fmt.Fprintf(&b, "%s\n\n", line)
		}
		return b.String()
	}
	b.WriteString("| | |\n| --- | --- |\n")
	for _, line := range r.Summary {
		name, rest, found := strings.Cut(line, ": ")
		if !found {
			name, rest = "", line
		}
		fmt.Fprintf(&b, "| %s | %s |\n", name, rest)
	}
	return b.String()
}

// code writes a name so that nothing in it is taken for markup.
func code(s string) string {
	s = diag.Visible(s)
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fold writes a section in lines, of which a viewer of differences colours those
// that begin with a sign.
func (r *Report) fold(s *Section) fold {
	f := fold{command: r.Command, title: s.Fold, open: s.Open}
	for i := range s.Lists {
		l := &s.Lists[i]
		if l.Headed {
			f.add("@@ %s: %s @@", l.Title, l.Note)
		}
		for j := range l.Items {
			if l.Items[j].Only.has(Markdown) {
				f.item(&l.Items[j], l.Ordered)
			}
		}
	}
	return f
}

func (f *fold) add(format string, args ...any) {
	f.lines = append(f.lines, strings.TrimRight(diag.Visible(fmt.Sprintf(format, args...)), " "))
}

// coloured is the sign by which a viewer of differences colours a line.
func coloured(sign string) string {
	switch sign {
	case "+", "-", "!", " ":
		return sign
	}
	return "!"
}

func (f *fold) item(it *Item, ordered bool) {
	switch sign := coloured(it.Sign); {
	case it.Finding != nil:
		f.finding(it.Finding)
	case it.Sum:
		f.add("  %s   %s", it.Title, it.What)
	case it.Level != nil && it.Line == "":
		f.add("%s %s   %s   %s", sign, it.Title, it.Level.Numbers, it.Level.Bar)
	case ordered:
		f.add("%s %d. %s", sign, it.Step, it.Line)
	case it.Line != "":
		f.add("%s %s", sign, it.Line)
	default:
		f.add("%s %s   %s", sign, it.Title, it.What)
	}
	if len(it.Marks) > 0 {
		f.add("!   sensitive   %s", strings.Join(it.Marks, ", "))
	}
	for i := range it.Parts {
		if p := &it.Parts[i]; p.Only.has(Markdown) {
			f.part(p.Content)
		}
	}
}

func (f *fold) finding(d *diag.Diagnostic) {
	sign := "!"
	if d.Severity == diag.Error {
		sign = "-"
	}
	f.add("%s %s %s %s", sign, d.Severity, d.Code, d.Message)
	f.add("    %s   %s", d.Position, d.Document)
	if d.Suggestion != "" {
		f.add("    %s", d.Suggestion)
	}
}

func (f *fold) part(c Content) {
	switch c := c.(type) {
	case Causes:
		for _, cause := range c {
			f.add("    because of  %s", cause)
		}
	case Note:
		f.add("    %s", labelled(c.Label, c.Text))
	case Fields:
		for _, field := range c {
			sign, text := field.line()
			f.add("%s   %s", coloured(sign), text)
		}
	case Names:
		for _, name := range c.List {
			f.add("    %s", labelled(c.Label, name))
		}
	case Points:
		for i := range c.List {
			p := &c.List[i]
			// What neither adds nor takes away is in no colour.
			f.add("%-4s%s", strings.Replace(p.Sign, "~", " ", 1), labelled(c.Label, p.Text))
			for _, line := range below(p, Markdown) {
				f.add("%s", line)
			}
		}
	}
}
