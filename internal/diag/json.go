package diag

import (
	"bufio"
	"encoding/json"
)

func writeJSON(r Report, w *bufio.Writer, _ WriteOptions) error {
	doc := struct {
		Diagnostics []Diagnostic `json:"diagnostics"`
		Held        []string     `json:"held"`
		Summary     summary      `json:"summary"`
	}{r.Diagnostics, r.Held, r.summary()}
	// Readers may iterate without asking whether a list is there.
	if doc.Diagnostics == nil {
		doc.Diagnostics = []Diagnostic{}
	}
	if doc.Held == nil {
		doc.Held = []string{}
	}
	return encodeJSON(w, doc)
}

func encodeJSON(w *bufio.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
