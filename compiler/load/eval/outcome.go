package eval

import (
	"encoding/json"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// Outcome is what one directory declares. It is a function of the files that
// the directory's instance is made of, and nothing else.
type Outcome struct {
	Documents []Document
	// Failed are documents that are declared and could not be had.
	Failed      []Failed
	Diagnostics []diag.Diagnostic
	// Dead: nothing of the directory could be evaluated.
	Dead bool
}

// Document is one that a directory declares.
type Document struct {
	Kind   int
	Key    string
	Pos    diag.Position
	Places document.Places
	Spec   any
	// Text is Spec as JSON.
	Text json.RawMessage
	// Former: the document is declared in a file as it was before.
	Former bool
}

// Failed is a document that a directory declares and that could not be had.
type Failed struct {
	Kind int
	Key  string
	Pos  diag.Position
	// Former: the document is declared in a file as it was before.
	Former bool
}

// today lets all positions be those of files as they are today.
func (o Outcome) today() Outcome {
	for i := range o.Diagnostics {
		d := &o.Diagnostics[i]
		d.Position = syntax.Today(d.Position)
		for n := range d.Related {
			d.Related[n].Position = syntax.Today(d.Related[n].Position)
		}
	}
	for i := range o.Documents {
		d := &o.Documents[i]
		d.Former = strings.HasPrefix(d.Pos.File, syntax.FormerFiles)
		d.Pos = syntax.Today(d.Pos)
	}
	for i := range o.Failed {
		f := &o.Failed[i]
		f.Former = strings.HasPrefix(f.Pos.File, syntax.FormerFiles)
		f.Pos = syntax.Today(f.Pos)
	}
	return o
}
