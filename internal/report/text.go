package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/fields"
	"github.com/tenantry/tenantry/internal/printer"
)

// TextOptions say how a report is written to a terminal.
type TextOptions struct {
	// Detail shows every item, field and name; without it long lists are cut short,
	// and say so.
	Detail bool
	Color  bool
	// Width is that of the terminal in columns; 0 stands for 100.
	Width       int
	ToolVersion string
}

// WriteText writes the report for a terminal: the summary first, findings last.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	out := bufio.NewWriter(w)
	t := &textWriter{Writer: out, TextOptions: o, format: Brief}
	if o.Detail {
		t.format = Detailed
	}
	t.head(r)
	sections := slices.Clone(r.Sections)
	slices.SortStableFunc(sections, func(a, b Section) int { return cmp.Compare(a.Turn, b.Turn) })
	findings := diag.Report{Sources: r.Sources, Held: r.Held}
	for i := range sections {
		if found := findingsOf(&sections[i]); len(found) > 0 {
			findings.Diagnostics = append(findings.Diagnostics, found...)
			continue
		}
		t.section(&sections[i])
	}
	if err := out.Flush(); err != nil || len(findings.Diagnostics) == 0 {
		return err
	}
	fmt.Fprintln(w, "\nFINDINGS")
	return findings.Write(w, diag.Text, diag.WriteOptions{Color: o.Color, Width: o.Width, ToolVersion: o.ToolVersion})
}

// findingsOf returns the findings that a section is made of, which package diag
// writes.
func findingsOf(s *Section) (out []diag.Diagnostic) {
	for i := range s.Lists {
		for j := range s.Lists[i].Items {
			if d := s.Lists[i].Items[j].Finding; d != nil {
				out = append(out, *d)
			}
		}
	}
	return out
}

type textWriter struct {
	*bufio.Writer
	TextOptions
	format Formats
}

// limit is how many items of a list are shown. A list without a noun is never cut
// short.
func (t *textWriter) limit(n int, noun string) int {
	const few = 12
	if t.Detail || noun == "" {
		return n
	}
	return min(n, few)
}

// more says how many items of a list are not shown.
func (t *textWriter) more(n int, noun string) {
	if hidden := n - t.limit(n, noun); hidden > 0 {
		t.line("    and %s: --detail shows all", printer.Count(hidden, "more "+noun))
	}
}

// line writes a line. What comes from a repo can't move the cursor nor hide.
func (t *textWriter) line(format string, args ...any) {
	t.WriteString(diag.Visible(fmt.Sprintf(format, args...)))
	t.WriteByte('\n')
}

func (t *textWriter) bold(s string) {
	if s = diag.Visible(s); t.Color {
		s = "\x1b[1m" + s + "\x1b[0m"
	}
	t.WriteString(s)
}

// clip cuts a line that does not fit, unless everything is to be shown.
func (t *textWriter) clip(s string) string {
	const usual, least, margin = 100, 40, 4
	width := cmp.Or(t.Width, usual)
	runes := []rune(s)
	if limit := max(width-margin, least); !t.Detail && len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}

func (t *textWriter) head(r *Report) {
	t.line("%s   %s → %s   as of %s", r.Command, r.Before.Name, r.After.Name, r.AsOf)
	t.WriteByte('\n')
	for _, line := range r.Summary {
		t.line("  %s", line)
	}
}

func (t *textWriter) section(s *Section) {
	t.WriteByte('\n')
	title := strings.ToUpper(s.Title)
	if s.Unit != "" {
		title += ", " + s.Unit
	}
	t.bold(title)
	t.WriteByte('\n')
	if s.Intro != "" {
		t.line("  %s", s.Intro)
	}
	for i := range s.Lists {
		t.list(&s.Lists[i])
	}
	if s.Hint != "" && !t.Detail {
		t.line("  %s", s.Hint)
	}
}

func (t *textWriter) list(l *List) {
	if l.Headed {
		t.WriteString("  ")
		t.bold(l.Title)
		t.line(": %s", l.Note)
	}
	items := l.Items[:t.limit(len(l.Items), l.Noun)]
	if l.Aligned {
		t.aligned(items)
	} else {
		for i := range items {
			if items[i].Only.has(t.format) {
				t.item(&items[i], l.Ordered)
			}
		}
	}
	t.more(len(l.Items), l.Noun)
}

// aligned writes amounts below each other.
func (t *textWriter) aligned(items []Item) {
	titles, numbers := 0, 0
	for i := range items {
		titles = max(titles, utf8.RuneCountInString(items[i].Title))
		numbers = max(numbers, utf8.RuneCountInString(items[i].Level.Numbers))
	}
	for i := range items {
		l := items[i].Level
		line := fmt.Sprintf("  %-*s  %-*s  %s", titles, items[i].Title, numbers, l.Numbers, l.Bar)
		if l.Warning != "" {
			line += " ! " + l.Warning
		}
		t.line("%s", strings.TrimRight(line, " "))
	}
}

// String draws how much of its bound an amount takes; nothing where it has none.
func (b *Bar) String() string {
	const width = 10
	if b == nil {
		return ""
	}
	return strings.Repeat("█", b.Tenths) + strings.Repeat("░", width-b.Tenths)
}

func (t *textWriter) item(it *Item, ordered bool) {
	line := it.Line
	if it.Cut {
		line = t.clip(line)
	}
	switch {
	case it.Sum:
		t.line("  %s   %s", it.Title, it.What)
	case ordered:
		t.line("  %d. %s %s", it.Step, it.Sign, line)
	case line != "":
		t.line("%s %s", it.Sign, line)
	default:
		t.WriteString(diag.Visible(it.Sign) + " ")
		t.bold(it.Title)
		what := "   " + it.What
		if len(it.Marks) > 0 {
			what += "   ! " + strings.Join(it.Marks, ", ")
		}
		t.line("%s", what)
	}
	for i := range it.Parts {
		if p := &it.Parts[i]; p.Only.has(t.format) {
			t.part(p.Content)
		}
	}
}

func (t *textWriter) part(c Content) {
	switch c := c.(type) {
	case Causes:
		for _, cause := range c[:t.limit(len(c), "cause")] {
			t.line("    because of  %s", cause)
		}
		t.more(len(c), "cause")
	case Note:
		t.line("    %s", labelled(c.Label, c.Text))
	case Fields:
		for _, f := range c[:t.limit(len(c), "field")] {
			sign, text := f.line()
			t.line("    %s", t.clip(sign+" "+text))
		}
		t.more(len(c), "field")
	case Names:
		for _, name := range c.List[:t.limit(len(c.List), c.Noun)] {
			t.line("    %s", labelled(c.Label, name))
		}
		t.more(len(c.List), c.Noun)
	case Points:
		for i := range c.List[:t.limit(len(c.List), c.Noun)] {
			t.point(&c, &c.List[i])
		}
		t.more(len(c.List), c.Noun)
	}
}

func (t *textWriter) point(of *Points, p *Point) {
	text := p.Text
	if of.Cut {
		text = t.clip(text)
	}
	if p.Sign != "" {
		text = p.Sign + " " + text
	}
	t.line("    %s", labelled(of.Label, text))
	for _, line := range below(p, t.format) {
		t.line("%s", line)
	}
}

// below are the lines of what a point is about.
func below(p *Point, f Formats) (out []string) {
	for i := range p.Below {
		names, ok := p.Below[i].Content.(Names)
		if !ok || !p.Below[i].Only.has(f) {
			continue
		}
		for _, name := range names.List {
			if names.Label != "" {
				name = fmt.Sprintf("%-9s %s", names.Label, name)
			}
			out = append(out, "      "+name)
		}
	}
	return out
}

// labelled begins a line with a label, if there is one.
func labelled(label, text string) string {
	if label == "" {
		return text
	}
	return fmt.Sprintf("%-11s %s", label, text)
}

// line tells the field's change in a line: "~", "quota.cpu: 8 → 16".
func (f Field) line() (sign, text string) { return fields.Line(f.Path, f.Before, f.After) }
