package diag

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
)

// ANSI codes of the text format: bold in the severity's colour, and two plain ones.
const (
	colorError   = "\x1b[1;31m"
	colorWarning = "\x1b[1;33m"
	colorNote    = "\x1b[1;36m"
	colorHelp    = "\x1b[32m"
	colorFaint   = "\x1b[2m"
	colorReset   = "\x1b[0m"
)

func severityColor(s Severity) string {
	switch s {
	case Warning:
		return colorWarning
	case Note:
		return colorNote
	}
	return colorError
}

type textWriter struct {
	*bufio.Writer
	sources *sourceLines
	color   bool
	width   int
}

func writeText(r Report, w *bufio.Writer, o WriteOptions) error {
	t := textWriter{Writer: w, sources: newSourceLines(r.Sources), color: o.Color, width: o.Width}
	if t.width <= 0 {
		t.width = 100
	}
	for _, d := range r.Diagnostics {
		t.diagnostic(d)
	}
	line := r.summary().String()
	if held := r.heldLine(); held != "" {
		line += "; " + held
	}
	_, err := fmt.Fprintln(t, oneLine(line))
	return err // a bufio.Writer keeps its first error, so the last write tells of all
}

func (t textWriter) paint(color, s string) string {
	if !t.color || s == "" {
		return s
	}
	return color + s + colorReset
}

func (t textWriter) diagnostic(d Diagnostic) {
	head := oneLine(strings.TrimSpace(string(d.level()) + " " + string(d.Code)))
	lines := textLines(d.Message)
	fmt.Fprintf(t, "%s: %s\n", t.paint(severityColor(d.level()), head), lines[0])
	t.more(lines[1:])
	if d.Document != "" {
		fmt.Fprintf(t, "  %s %s\n", t.paint(colorFaint, "in"), oneLine(d.Document))
	}
	t.place(d.Position, "", severityColor(d.level()))
	for _, rel := range d.Related {
		t.place(rel.Position, rel.Message, colorNote)
	}
	if d.Suggestion != "" {
		lines := textLines(d.Suggestion)
		fmt.Fprintf(t, "  %s %s\n", t.paint(colorHelp, "help:"), lines[0])
		t.more(lines[1:])
	}
	fmt.Fprintln(t)
}

// more writes the further lines of a text. The bar keeps them apart from lines
// that the tool itself begins: a runner of GitHub Actions obeys any line of a
// log that starts, after blanks, with "::".
func (t textWriter) more(lines []string) {
	for _, l := range lines {
		fmt.Fprintf(t, "  %s\n", strings.TrimRight(t.paint(colorFaint, "|")+" "+l, " "))
	}
}

// place writes a position, what is to be said of it, and its source line.
func (t textWriter) place(p Position, message, color string) {
	if p.IsZero() && message == "" {
		return
	}
	// A position may be unknown and still have something said of it.
	where := strings.TrimRight("--> "+oneLine(p.String()), " ")
	lines := textLines(message)
	if message != "" {
		where += ": " + lines[0]
	}
	fmt.Fprintf(t, "  %s%s\n", t.paint(colorFaint, where[:3]), where[3:])
	t.more(lines[1:])

	source, ok := t.sources.line(p)
	if !ok {
		return
	}
	number := strconv.Itoa(p.Line)
	gutter := 4 + max(len(number), 3) + 3
	shown, caret := excerpt(source, p.Column, t.width-gutter)
	line := t.paint(colorFaint, fmt.Sprintf("    %3s |", number))
	if shown != "" {
		line += " " + shown
	}
	fmt.Fprintln(t, line)
	if caret >= 0 {
		bar := t.paint(colorFaint, strings.Repeat(" ", gutter-2)+"|")
		fmt.Fprintf(t, "%s %s%s\n", bar, strings.Repeat(" ", caret), t.paint(color, "^"))
	}
}
