package printer

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Table writes rows whose columns are aligned with spaces, three between them. It is
// written by End.
type Table struct{ tabs *tabwriter.Writer }

// NewTable begins a table on w with the titles of its columns, if there are any.
func NewTable(w io.Writer, titles ...string) *Table {
	t := &Table{tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)}
	if len(titles) > 0 {
		cells := make([]any, len(titles))
		for i, title := range titles {
			cells[i] = title
		}
		t.Row(cells...)
	}
	return t
}

// Row adds a row. It may have fewer cells than others.
func (t *Table) Row(cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			fmt.Fprint(t.tabs, "\t")
		}
		fmt.Fprint(t.tabs, cell)
	}
	fmt.Fprintln(t.tabs)
}

// End writes the table. The error is that of the writer below it.
func (t *Table) End() error { return t.tabs.Flush() }
