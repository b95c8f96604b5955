// Package diag holds what the compiler has to say about a tenancy repo.
//
// A Diagnostic is a value: a permanent code, a severity, the places it speaks
// of and a message in the user's terms. Passes return diagnostics and never
// print them; the writers of this package (text, JSON, SARIF, GitHub
// annotations) are the only ones that decide how they look.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says what a diagnostic does to a run.
type Severity string

const (
	// Error holds what it concerns at its last good document; the run exits 1.
	Error Severity = "error"
	// Warning changes nothing in the output.
	Warning Severity = "warning"
	// Note is information that explains what the compiler decided.
	Note Severity = "note"
)

// Position is a place in a file of the tenancy repo.
type Position struct {
	// File is slash-separated and relative to the root of the tenancy repo.
	File string `json:"file"`
	// Line and Column count from 1; 0 means unknown. Column counts bytes.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// IsZero reports whether the position names no place at all.
func (p Position) IsZero() bool { return p == Position{} }

func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Compare orders positions by file, line and column.
func (p Position) Compare(q Position) int {
	return cmp.Or(strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Related is a further place that explains a diagnostic.
type Related struct {
	Position
	// Message says what the place has to do with it ("the limit stands here").
	Message string `json:"message,omitempty"`
}

// Diagnostic is one thing the compiler has to say.
type Diagnostic struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Document is the document concerned, as `logicalClusters "acme/payments/prod"`;
	// empty where none is.
	Document string `json:"document,omitempty"`
	Message  string `json:"message"`
	// Position is where the value stands that the message speaks of.
	Position Position `json:"position,omitzero"`
	// Related are the places that it conflicts with.
	Related []Related `json:"related,omitempty"`
	// Suggestion is what to do, where the compiler can tell.
	Suggestion string `json:"suggestion,omitempty"`
}

// New returns a diagnostic with the severity that the code's entry names.
func New(code Code, at Position, format string, args ...any) Diagnostic {
	return Diagnostic{Code: code, Severity: code.Entry().Severity, Position: at, Message: fmt.Sprintf(format, args...)}
}

// About returns the diagnostic with its document set.
func (d Diagnostic) About(document string) Diagnostic {
	d.Document = document
	return d
}

// See returns the diagnostic with a further place added; a zero position is left out.
func (d Diagnostic) See(at Position, format string, args ...any) Diagnostic {
	if !at.IsZero() {
		d.Related = append(slices.Clip(d.Related), Related{Position: at, Message: fmt.Sprintf(format, args...)})
	}
	return d
}

// Suggest returns the diagnostic with its suggestion set.
func (d Diagnostic) Suggest(format string, args ...any) Diagnostic {
	d.Suggestion = fmt.Sprintf(format, args...)
	return d
}

// Sort orders diagnostics by place, then code, document and message, and drops
// those that say the same thing at the same place, and those that say without a place what
// another one says of the document with it.
func Sort(ds []Diagnostic) []Diagnostic {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(a.Position.Compare(b.Position), strings.Compare(string(a.Code), string(b.Code)),
			strings.Compare(a.Document, b.Document), strings.Compare(a.Message, b.Message))
	})
	ds = slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		return a.Position == b.Position && a.Code == b.Code && a.Document == b.Document && a.Message == b.Message
	})
	type said struct {
		code              Code
		document, message string
	}
	placed := map[said]bool{}
	for i := range ds {
		if d := &ds[i]; d.Position.Line > 0 && d.Document != "" {
			placed[said{d.Code, d.Document, d.Message}] = true
		}
	}
	return slices.DeleteFunc(ds, func(d Diagnostic) bool {
		return d.Position.Line == 0 && placed[said{d.Code, d.Document, d.Message}]
	})
}

// HasErrors reports whether any of the diagnostics is an error.
func HasErrors(ds []Diagnostic) bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}
