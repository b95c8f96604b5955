package eval

import (
	"encoding/json"

	"github.com/tenantry/tenantry/compiler/load/document"
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
}

// Failed is a document that a directory declares and that could not be had.
type Failed struct {
	Kind int
	Key  string
	Pos  diag.Position
}
