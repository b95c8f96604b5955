package syntax

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/internal/diag"
)

// Files that are no part of the tenancy repo have names that no path can have,
// since a diagnostic must not point to them.
const (
	SchemaFiles = "\x00schema/"
	OwnFiles    = "\x00tenantry/"
)

// Position returns where something stands in the tenancy repo: nowhere, if it
// comes from the schema or from the compiler.
func Position(p token.Pos) diag.Position {
	if !p.IsValid() || p.File() == nil {
		return diag.Position{}
	}
	at := p.Position()
	if strings.HasPrefix(at.Filename, "\x00") {
		return diag.Position{}
	}
	return diag.Position{File: at.Filename, Line: at.Line, Column: at.Column}
}

// InSchema reports whether a position is in the schema.
func InSchema(p token.Pos) bool { return strings.HasPrefix(p.Filename(), SchemaFiles) }

// FirstLine returns the first line of a text.
func FirstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// Unquote returns what a string means that CUE quotes, and any other as it is.
func Unquote(s string) string {
	if strings.HasPrefix(s, `"`) {
		if u, err := literal.Unquote(s); err == nil {
			return u
		}
	}
	return s
}

func sprintf(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
