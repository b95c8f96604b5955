package load

import (
	"encoding/json"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
)

func init() {
	for _, k := range kinds {
		store.Register(k.New())
	}
}

// storedOutcome is an outcome as the cache holds it.
type storedOutcome struct {
	Documents   []storedDocument
	Failed      []eval.Failed
	Diagnostics []diag.Diagnostic
	Dead        bool
}

type storedDocument struct {
	Kind  int
	Key   string
	Pos   diag.Position
	Files []string // of the places
	Table []byte   // of the places
	Spec  any      // a pointer to the document of the kind
	Text  json.RawMessage
	// Former: see eval.Document.
	Former bool
}

func storedForm(o eval.Outcome) storedOutcome {
	out := storedOutcome{Documents: make([]storedDocument, len(o.Documents)), Failed: o.Failed, Diagnostics: o.Diagnostics, Dead: o.Dead}
	for i, d := range o.Documents {
		files, table := d.Places.Raw()
		out.Documents[i] = storedDocument{d.Kind, d.Key, d.Pos, files, table, d.Spec, d.Text, d.Former}
	}
	return out
}

func (o storedOutcome) outcome() eval.Outcome {
	out := eval.Outcome{Documents: make([]eval.Document, len(o.Documents)), Failed: o.Failed, Diagnostics: o.Diagnostics, Dead: o.Dead}
	for i, d := range o.Documents {
		out.Documents[i] = eval.Document{Kind: d.Kind, Key: d.Key, Pos: d.Pos, Places: document.PlacesOf(d.Files, d.Table), Spec: d.Spec, Text: d.Text, Former: d.Former}
	}
	return out
}
