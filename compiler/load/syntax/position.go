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
	// FormerFiles begins the names of files as they were before. Positions in them are
	// kept while a directory is evaluated, and leave with Today.
	FormerFiles = "\x00former/"
)

// formerImports begins the paths under which former texts import what has changed since.
const formerImports = "tenantry.dev/former/"

// repoPath returns the path in the repo of a file as it is or as it was before.
func repoPath(path string) string { return strings.TrimPrefix(path, FormerFiles) }

// Today returns a position as it may be shown: of a file as it was before, only the name
// means something today.
func Today(at diag.Position) diag.Position {
	if name, former := strings.CutPrefix(at.File, FormerFiles); former {
		return diag.Position{File: name}
	}
	return at
}

// Position returns where something stands in the tenancy repo: nowhere, if it
// comes from the schema or from the compiler.
func Position(p token.Pos) diag.Position {
	if !p.IsValid() || p.File() == nil {
		return diag.Position{}
	}
	at := p.Position()
	if strings.HasPrefix(at.Filename, "\x00") && !strings.HasPrefix(at.Filename, FormerFiles) {
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
