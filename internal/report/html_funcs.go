package report

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/fields"
	"github.com/tenantry/tenantry/internal/printer"
)

var pageFuncs = template.FuncMap{
	"tone": tone, "minus": minus, "sides": sidesOf, "plural": printer.Count, "value": pageValue, "lines": pageLines, "prose": prose,
	"parts": pageParts, "kind": kindOf, "bar": newPageBar, "join": func(list []string) string { return strings.Join(list, ", ") },
}

// minus writes a leading hyphen as the sign that it stands for.
func minus(s string) string {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return "−" + rest
	}
	return s
}

// tone is the class by which the style colours a sign.
func tone(sign string) string {
	switch sign {
	case "+":
		return "add"
	case "-":
		return "del"
	case "!":
		return "alert"
	}
	return "chg"
}

// prose writes a sentence in which backquotes enclose what is to be typed.
func prose(s string) template.HTML {
	var b strings.Builder
	for i, text := range strings.Split(s, "`") {
		if text = html.EscapeString(text); i%2 == 1 {
			text = "<code>" + text + "</code>"
		}
		b.WriteString(text)
	}
	return template.HTML(b.String())
}

// sides are those on which any of some fields is set.
type sides struct{ Before, After bool }

func sidesOf(list Fields) sides {
	return sides{
		Before: slices.ContainsFunc(list, func(f Field) bool { return f.Before != nil }),
		After:  slices.ContainsFunc(list, func(f Field) bool { return f.After != nil }),
	}
}

// pageValue writes a value. One that would fill the page is cut, which it says.
func pageValue(v any) string {
	const most = 4000
	s := fields.Text(v)
	if runes := []rune(s); len(runes) > most {
		return fmt.Sprintf("%s… and %d more characters", string(runes[:most]), len(runes)-most)
	}
	return s
}

// pageLines writes names below each other. They are one text, which costs a page
// next to nothing even if there are ten thousand.
func pageLines(names []string) string {
	out := make([]string, len(names))
	for i := range names {
		out[i] = diag.Visible(names[i])
	}
	return strings.Join(out, "\n")
}

// pageParts are the contents of the parts that a page shows.
func pageParts(parts []Part) (out []Content) {
	for i := range parts {
		if parts[i].Only.has(Page) {
			out = append(out, parts[i].Content)
		}
	}
	return out
}

// kindOf names the kind of a content.
func kindOf(c Content) string { return strings.TrimPrefix(fmt.Sprintf("%T", c), "report.") }

// pageBar is a bar in percent of its bound, or of the greatest of its amounts.
type pageBar struct {
	Bound, Stays, Differs float64
	Grows, Over           bool
}

func newPageBar(b *Bar) pageBar {
	share := func(v float64) float64 {
		if most := max(b.Before, b.After, b.Bound); most > 0 {
			return math.Round(v/most*1e4) / 100
		}
		return 0
	}
	low, high := share(min(b.Before, b.After)), share(max(b.Before, b.After))
	return pageBar{Bound: share(b.Bound), Stays: low, Differs: math.Round((high-low)*100) / 100, Grows: b.After >= b.Before, Over: b.Over}
}

// sourceLine is the line at a position; empty where it is not known.
func (r *Report) sourceLine(at diag.Position) string {
	if r.Sources == nil || at.Line < 1 {
		return ""
	}
	data, ok := r.Sources(at.File)
	if !ok {
		return ""
	}
	var line []byte
	for range at.Line {
		line, data, _ = bytes.Cut(data, []byte("\n"))
	}
	return strings.TrimRight(string(line), "\r")
}
