package compiler

import (
	"encoding/json"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// identity drops the directory where it is no part of a document's identity, so
// that a document keeps it when it moves.
func identity(d pins.DocumentID) pins.DocumentID {
	if !isLocal(d.Kind) {
		d.Dir = ""
	}
	return d
}

// isLocal reports whether the directory is part of what identifies a document.
func isLocal(kind string) bool {
	k := document.KindOf(schema.Kind(kind))
	return k != nil && k.Local
}

// takeTexts returns every document as JSON, by the name that the pins have for
// it, and takes it out of the document: nobody needs it twice.
func takeTexts(d *document.Documents) map[pins.DocumentID]json.RawMessage {
	out := make(map[pins.DocumentID]json.RawMessage, d.Len())
	for m := range d.All() {
		out[tenancy.ID(m)] = m.Text
		m.Text = nil
	}
	return out
}
