package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// What the tool prints comes from repos that many people write, and goes to
// the terminal of whoever reviews them. So nothing in it may move the cursor,
// change colours, reverse the direction of text or hide: whatever has no
// visible form of its own is shown as an escape.

// visible returns the character as it is shown. A character that takes a place
// of its own, or combines with the one before it, is shown as it is.
func visible(r rune, size int, raw byte) string {
	switch {
	case r == utf8.RuneError && size <= 1:
		return fmt.Sprintf(`\x%02x`, raw)
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case unicode.IsGraphic(r):
		return string(r)
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	}
	return fmt.Sprintf(`\u{%x}`, r)
}

// Visible returns the text as it may be shown to whoever reviews it: everything
// is escaped that has no visible form, line ends among it.
func Visible(s string) string { return oneLine(s) }

// oneLine returns the text with everything escaped that has no visible form,
// line ends among it.
func oneLine(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(visible(r, size, s[i]))
		i += size
	}
	return b.String()
}

// plain reports whether the text is printable ASCII, the common case.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// textLines splits text at its line ends and escapes each line.
func textLines(s string) []string {
	lines := strings.Split(strings.TrimRight(s, "\r\n"), "\n")
	for i, l := range lines {
		lines[i] = oneLine(strings.ReplaceAll(strings.TrimSuffix(l, "\r"), "\t", "    "))
	}
	return lines
}

// columns returns how many columns of a terminal a shown character takes.
func columns(r rune) int {
	switch {
	case r < utf8.RuneSelf:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me), r >= 0x1160 && r <= 0x11ff: // the latter: Hangul vowels and finals join the initial
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// displayWidth returns how many columns the text, free of control characters, takes.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// wrap breaks text at its spaces into lines of at most limit columns. A word
// longer than that gets a line of its own.
func wrap(text string, limit int) []string {
	var lines []string
	var line strings.Builder
	used := 0
	for word := range strings.FieldsSeq(text) {
		w := displayWidth(word)
		if used > 0 && used+1+w > limit {
			lines = append(lines, line.String())
			line.Reset()
			used = 0
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		line.WriteString(word)
		used += w
	}
	if used > 0 {
		lines = append(lines, line.String())
	}
	return lines
}

// tabWidth is the distance of tab stops in source lines that are shown.
const tabWidth = 4

// cell is one character of a source line as it is shown.
type cell struct {
	text string
	cols int
}

// excerpt returns a source line as it is shown in at most limit columns, and
// the column, from 0, at which the caret for the given byte column stands. A
// line that is too long is cut around the caret. Without a column, the caret
// is -1.
func excerpt(line []byte, column, limit int) (shown string, caret int) {
	limit = max(limit, 20)
	at := min(max(column-1, 0), len(line))

	// Only what may be shown is looked at, since lines of machine-written files
	// can be huge. No visible text takes more bytes than this allows for.
	start, end := max(at-8*limit, 0), min(at+8*limit, len(line))
	for start > 0 && start > at-8*limit-utf8.UTFMax && !utf8.RuneStart(line[start]) {
		start--
	}
	cells, target := cellsOf(line[start:end], at-start)

	total := 0
	for _, c := range cells {
		total += c.cols
	}
	first, last := 0, len(cells)
	cutLeft, cutRight := start > 0, end < len(line)
	if total+1 > limit || cutLeft || cutRight {
		first, last = window(cells, target, limit-3) // two for the ellipses, one for a caret after the end
		cutLeft, cutRight = cutLeft || first > 0, cutRight || last < len(cells)
	}

	shown, caret = draw(cells[first:last], target-first, cutLeft, cutRight)
	if column < 1 {
		caret = -1
	}
	return shown, caret
}

// draw returns cells as text, with an ellipsis where the line was cut, and the column
// of the target.
func draw(cells []cell, target int, cutLeft, cutRight bool) (shown string, caret int) {
	var b strings.Builder
	caret = -1
	used := 0
	if cutLeft {
		b.WriteString("…")
		used = 1
	}
	for i, c := range cells {
		if i == target {
			caret = used
		}
		b.WriteString(c.text)
		used += c.cols
	}
	if target >= len(cells) {
		caret = used
	}
	if cutRight {
		b.WriteString("…")
	}
	return strings.TrimRight(b.String(), " "), caret
}

// cellsOf returns the characters of a line and the index of the one that byte
// offset at lies in; their number when it lies behind all.
func cellsOf(line []byte, at int) (cells []cell, target int) {
	target = -1
	col := 0
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		if target < 0 && at < i+size {
			target = len(cells)
		}
		c := cell{text: visible(r, size, line[i])}
		if r == '\t' {
			c.text = strings.Repeat(" ", tabWidth-col%tabWidth)
		}
		c.cols = displayWidth(c.text)
		cells = append(cells, c)
		col += c.cols
		i += size
	}
	if target < 0 {
		target = len(cells)
	}
	return cells, target
}

// window returns the range of cells around target that fits into limit
// columns: a third of the room before it, the rest after it, and what the one
// side does not need for the other.
func window(cells []cell, target, limit int) (first, last int) {
	first, last = target, target
	used := 0
	grow := func(room int, left bool) {
		for used <= room {
			if left && first > 0 && used+cells[first-1].cols <= room {
				first--
				used += cells[first].cols
			} else if !left && last < len(cells) && used+cells[last].cols <= room {
				used += cells[last].cols
				last++
			} else {
				return
			}
		}
	}
	grow(limit/3, true)
	grow(limit, false)
	grow(limit, true)
	return first, last
}
