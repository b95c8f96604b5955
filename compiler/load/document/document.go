// Package document holds the documents of a tenancy repo as Go values, each with
// what is known of it besides what it says: where it is declared, where each of its
// fields is, and whether it is held.
//
// It has the registry of the kinds of documents. A kind is a row there; whatever is
// done with documents of all kinds follows from the rows.
package document

import (
	"cmp"
	"encoding/json"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Document is a document and what is known of it.
type Document[T any] struct {
	Meta
	Spec T
}

// About returns what is known of the document.
func (d *Document[T]) About() *Meta { return &d.Meta }

// Any is a *Document of whichever kind.
type Any interface{ About() *Meta }

// Meta is what is known of a document besides what it says.
type Meta struct {
	Kind schema.Kind
	// Key identifies the document, together with Dir where the kind is local;
	// empty for settings.
	Key string
	// Dir is the declaring directory, "" being the root.
	Dir string
	// Pos is where the document is declared.
	Pos diag.Position
	// Places are those of the document's fields.
	Places Places
	// Text is the document as JSON; empty if it is held.
	Text json.RawMessage
	// Held: the document is as it was last good, not as the repo now has it.
	Held bool
	// Refused: the document is held, and today's patterns do not admit it.
	Refused bool
}

// At returns the place of a field, else of its nearest parent that has one, else
// of the document.
func (m *Meta) At(path ...string) diag.Position {
	var room [128]byte
	for n := len(path); n > 0; n-- {
		if pos, ok := m.Places.At(appendPath(room[:0], path[:n])); ok {
			return pos
		}
	}
	return m.Pos
}

// Stands returns the place of a field, and whether it is known: that of a value from a text
// that was put back is not.
func (m *Meta) Stands(path ...string) (diag.Position, bool) {
	var room [128]byte
	return m.Places.At(appendPath(room[:0], path))
}

// String names the document: `logicalClusters "acme/payments/prod"`.
func (m *Meta) String() string { return Title(m.Kind, m.Key) }

// ID returns the ID of the document.
func (m *Meta) ID() ID { return ID{m.Kind, m.Key, m.Dir} }

// ID names a document: its kind, its key and the directory that declares it.
type ID struct {
	Kind     schema.Kind
	Key, Dir string
}

// Identity returns the ID without the directory, unless the directory is part of
// what identifies a document of the kind: a document that moves to another
// directory keeps its identity.
func (id ID) Identity() ID {
	if k := KindOf(id.Kind); k == nil || !k.Local {
		id.Dir = ""
	}
	return id
}

// Compare orders by kind, key and directory.
func (id ID) Compare(other ID) int {
	return cmp.Or(strings.Compare(string(id.Kind), string(other.Kind)), strings.Compare(id.Key, other.Key), strings.Compare(id.Dir, other.Dir))
}

// Title names a document for people: `logicalClusters "acme/payments/prod"`.
func Title(kind schema.Kind, key string) string {
	if key == "" {
		return string(kind)
	}
	return string(kind) + " " + literal.String.Quote(key)
}

// FieldPath joins the elements of a path, quoting as CUE does.
func FieldPath(path []string) string { return string(appendPath(nil, path)) }

func appendPath(dst []byte, path []string) []byte {
	for i, s := range path {
		if i > 0 {
			dst = append(dst, '.')
		}
		if isPlain(s) || ast.IsValidIdent(s) || s != "" && strings.Trim(s, "0123456789") == "" {
			dst = append(dst, s...)
		} else {
			dst = literal.String.Append(dst, s)
		}
	}
	return dst
}

// isPlain reports whether s consists of letters, as most fields do.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}
