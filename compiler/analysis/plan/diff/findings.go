package diff

import (
	"github.com/tenantry/tenantry/internal/diag"
)

// newFindings returns what only the side after says, and how many errors both
// say. Where a document stands does not tell one from another: it may have gone
// to another file.
func newFindings(before, after []diag.Diagnostic) (fresh []diag.Diagnostic, standing int) {
	type said struct {
		code              diag.Code
		severity          diag.Severity
		document, message string
		file              string // of what speaks of no document
	}
	identity := func(d diag.Diagnostic) said {
		s := said{d.Code, d.Severity, d.Document, d.Message, ""}
		if d.Document == "" {
			s.file = d.Position.File
		}
		return s
	}
	known := map[said]int{}
	for _, d := range before {
		known[identity(d)]++
	}
	for _, d := range after {
		if id := identity(d); known[id] > 0 {
			known[id]--
			if d.Severity == diag.Error {
				standing++
			}
			continue
		}
		fresh = append(fresh, d)
	}
	return fresh, standing
}
