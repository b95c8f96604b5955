package tenancy

import (
	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/pins"
)

// Finding is a diagnostic of a pass after loading, with the documents that it
// holds.
type Finding struct {
	diag.Diagnostic
	// Concerns are the documents that an error holds at their last good version;
	// empty where it holds nobody.
	Concerns []pins.DocumentID
}
