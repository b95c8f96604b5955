package load

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/internal/diag"
)

// Files that are no part of the tenancy repo have names that no path can have,
// since a diagnostic must not point to them.
const (
	schemaFiles = "\x00schema/"
	ownFiles    = "\x00tenantry/"
)

// position returns where something stands in the tenancy repo: nowhere, if it
// comes from the schema or from the compiler.
func position(p token.Pos) diag.Position {
	if !p.IsValid() || p.File() == nil {
		return diag.Position{}
	}
	at := p.Position()
	if strings.HasPrefix(at.Filename, "\x00") {
		return diag.Position{}
	}
	return diag.Position{File: at.Filename, Line: at.Line, Column: at.Column}
}

func inSchema(p token.Pos) bool { return strings.HasPrefix(p.Filename(), schemaFiles) }

func sprintf(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
