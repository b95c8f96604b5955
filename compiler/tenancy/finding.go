package tenancy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// Finding is a diagnostic together with the documents that it is about.
type Finding struct {
	diag.Diagnostic
	// Concerns are the documents that an error holds at their last good version.
	// An error that concerns nobody holds nobody.
	Concerns []document.ID
	// Follows is the document that is missing or lacks something, by its kind and key, where
	// the finding is about a reference to it. If that document is in error itself, the
	// finding only follows from its error.
	Follows document.ID
}

// Findings gathers what is found.
type Findings []Finding

// Add reports a diagnostic that holds nobody.
func (f *Findings) Add(m *document.Meta, d diag.Diagnostic) {
	d.Document = m.String()
	*f = append(*f, Finding{Diagnostic: d})
}

// Fault reports an error of a document; see the function Fault.
func (f *Findings) Fault(m *document.Meta, d diag.Diagnostic, held string) {
	*f = append(*f, Fault(m, d, held))
}

// Following says what the last finding refers to; see Finding.Follows.
func (f Findings) Following(kind schema.Kind, key string) {
	f[len(f)-1].Follows = document.ID{Kind: kind, Key: key}
}

// Fault returns an error of a document as a finding that holds it. A document that
// is held already can't be held again: for it the error is a warning, and held
// says what becomes of the value that is not allowed.
func Fault(m *document.Meta, d diag.Diagnostic, held string) Finding {
	d.Document = m.String()
	if !m.Held {
		return Finding{Diagnostic: d, Concerns: []document.ID{m.ID()}}
	}
	d.Severity = diag.Warning
	d.Message += " (this last good version is in use, and " + held + ")"
	return Finding{Diagnostic: d}
}

// Sorted returns the findings ordered by place, code, document and message.
func (f Findings) Sorted() []Finding {
	slices.SortStableFunc(f, func(a, b Finding) int {
		return cmp.Or(a.Position.Compare(b.Position), strings.Compare(string(a.Code), string(b.Code)),
			strings.Compare(a.Document, b.Document), strings.Compare(a.Message, b.Message))
	})
	return f
}

// Gather calls find for 0 to n-1 on all processors, and adds what it finds in the order
// of the numbers.
func (f *Findings) Gather(n int, find func(i int, out *Findings)) {
	*f = append(*f, parallel.Gather(n, func(i int, out *[]Finding) { find(i, (*Findings)(out)) })...)
}
