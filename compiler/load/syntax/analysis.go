package syntax

import (
	"bytes"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
)

// TenancyPackage is the package of all files that declare documents.
const TenancyPackage = "tenancy"

// Users says which parts of a file need something: one bit for each kind of
// document, in the order of document.Kinds, and one for the rest of the file.
type Users uint32

// rest stands for all of a file that is not a plain document: patterns, hidden
// fields, definitions, comprehensions.
const rest Users = 1 << 31

// everything stands for the whole file.
const everything Users = 1<<32 - 1

// span is a range of bytes in a file.
type span struct{ Start, End int }

// plainDocument is a document whose key is written out at the top level of a
// file. What it says cannot matter to a directory below unless that refers to
// its kind, so it is left out there.
type plainDocument struct {
	Kind int
	Key  string
	Pos  diag.Position
}

type plainSpan struct {
	Kind int
	span
}

// local is an import or a top-level let clause: CUE refuses those that nothing
// uses, so they are left out together with the documents that use them.
type local struct {
	Name, Path string
	Pos        diag.Position
	Users      Users
	span
}

// NamedPlace is a name and where it is declared.
type NamedPlace struct {
	Name string
	Pos  diag.Position
}

// Analysis is what the syntax of one file tells without evaluating it.
type Analysis struct {
	Package   string
	Imports   []local
	Lets      []local
	Documents []plainDocument
	Spans     []plainSpan
	// Embeds are the canonical embeddings of the schema; the compiler adds its own.
	Embeds []span
	// Refers holds, for each kind and for the rest, the kinds that it refers to.
	Refers map[int]Users
	// Whole are references of the rest to all documents of a kind.
	Whole []NamedPlace
	// Names are hidden fields and definitions, which other files can refer to or
	// unify with: those at the top level, and those in documents and patterns.
	Names []NamedPlace
	// Mentions are the names that the file refers to, sorted.
	Mentions []string
	// Shapes are the kinds of which the file has more than plain documents: patterns,
	// comprehensions and other values.
	Shapes Users
	// Limit is where the first pattern for documents stands; zero for none.
	Limit diag.Position
	// Produces: the rest may yield documents that are not written out.
	Produces bool
	// Splices: the top level may declare names that are not written out.
	Splices bool
	// Marker: the rest holds a default marker.
	Marker bool
	// Opens: an embedding may open a struct that the schema closes.
	Opens bool
	// Tool: the file belongs to `cue cmd`, not to the tenancy.
	Tool bool
	// IsData: a YAML or JSON file of documents.
	IsData bool
	// Problems stop the file from being evaluated.
	Problems []diag.Diagnostic
}

// kinds returns the kinds of the file's plain documents.
func (a *Analysis) kinds() Users {
	var u Users
	for _, d := range a.Documents {
		u |= 1 << d.Kind
	}
	return u
}

// Mention reports whether something in the file refers to documents of a kind.
func (a *Analysis) Mention(kind int) bool {
	for _, refers := range a.Refers {
		if refers&(1<<kind) != 0 {
			return true
		}
	}
	return false
}

// restKey is the key of the rest in Refers.
const restKey = -1

// kinds are the kinds of documents; a kind's index stands for it in bit sets.
var kinds = document.Kinds()

// isPrivate reports whether a label is a hidden field or a definition.
func isPrivate(name string) bool { return strings.HasPrefix(name, "_") || strings.HasPrefix(name, "#") }

func isString(l ast.Label) bool {
	lit, ok := l.(*ast.BasicLit)
	return ok && lit.Kind == token.STRING
}

// StaticLabel returns the name of a field whose label is written out.
func StaticLabel(l ast.Label) (name string, ok bool) {
	switch l.(type) {
	case *ast.Ident, *ast.BasicLit:
		name, _, err := ast.LabelName(l)
		return name, err == nil
	}
	return "", false
}

// spanOf returns the bytes of a node and of the comma behind it.
func spanOf(n ast.Node, data []byte) span {
	s := span{n.Pos().Offset(), min(n.End().Offset(), len(data))}
	tail := data[s.End:]
	if trimmed := bytes.TrimLeft(tail, " \t"); len(trimmed) > 0 && trimmed[0] == ',' {
		s.End += len(tail) - len(trimmed) + 1
	}
	return s
}
