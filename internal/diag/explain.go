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
	for _, block := range e.Blocks() {
		fmt.Fprintln(b)
		lines := block.Lines
		if !block.Verbatim {
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

// Block is a part of an explanation.
type Block struct {
	Lines []string
	// Verbatim: it is an example or a list, whose lines keep their form. Else the lines
	// are a paragraph.
	Verbatim bool
}

// Blocks returns the explanation cut at its empty lines. A block that has an
// indented or a list line is an example or a list.
func (e Entry) Blocks() []Block {
	var blocks []Block
	var current Block
	for l := range strings.SplitSeq(strings.Trim(e.Explain, "\n")+"\n\n", "\n") {
		l = strings.TrimRight(l, " \t\r")
		if l == "" {
			if current.Lines != nil {
				blocks = append(blocks, current)
			}
			current = Block{}
			continue
		}
		current.Lines = append(current.Lines, l)
		current.Verbatim = current.Verbatim || l[0] == ' ' || l[0] == '\t' || strings.HasPrefix(l, "- ")
	}
	return blocks
}
