package diag

import (
	"bufio"

	"github.com/tenantry/tenantry/internal/printer"
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
	return printer.JSON(w, doc)
}
