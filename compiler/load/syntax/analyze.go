package syntax

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
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

// restKey is the key of the rest in Refers.
const restKey = -1

// kinds are the kinds of documents; a kind's index stands for it in bit sets.
var kinds = document.Kinds()

// analyzeCUE reads one CUE file.
func analyzeCUE(path string, data []byte, version string) *Analysis {
	a := &Analysis{}
	if at, deep := tooDeep(path, data); deep {
		a.Problems = append(a.Problems, diag.New(diag.TooComplex, at, "the file nests too deeply here"))
		return a
	}
	f, err := parser.ParseFile(path, data, parser.Version(version))
	if err != nil {
		for _, e := range errors.Errors(err) {
			a.Problems = append(a.Problems, syntaxProblem(path, e))
		}
		if f != nil {
			a.Package = f.PackageName()
		}
		return a
	}
	astutil.Resolve(f, func(token.Pos, string, ...any) {})
	a.Package = f.PackageName()
	a.readAttributes(f)
	r := &reader{Analysis: a, data: data, file: f, explicitOpen: hasExperiment(f, "explicitopen")}
	r.imports()
	r.decls(f.Decls)
	r.settle()
	return a
}

func syntaxProblem(path string, err errors.Error) diag.Diagnostic {
	at := Position(err.Position())
	if at.IsZero() {
		at = diag.Position{File: path}
	}
	format, args := err.Msg()
	return diag.New(diag.SyntaxError, at, "%s", sprintf(format, args))
}

// reader fills an analysis from a syntax tree.
type reader struct {
	*Analysis
	data         []byte
	file         *ast.File
	explicitOpen bool
	// letUses are the names of imports and lets that a top-level let refers to.
	letUses map[string][]string
	uses    map[string]Users
}

func (r *reader) imports() {
	r.uses = map[string]Users{}
	r.letUses = map[string][]string{}
	r.Refers = map[int]Users{}
	for _, d := range r.file.Decls {
		decl, ok := d.(*ast.ImportDecl)
		if !ok {
			continue
		}
		for _, spec := range decl.Specs {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue
			}
			name := ast.ParseImportPath(path).Qualifier
			if spec.Name != nil {
				name = spec.Name.Name
			}
			where := spanOf(spec, r.data)
			if !decl.Lparen.IsValid() {
				where = spanOf(decl, r.data)
			}
			r.Imports = append(r.Imports, local{Name: name, Path: path, Pos: Position(spec.Path.Pos()), span: where})
		}
	}
}

// decls sorts the top level into plain documents and the rest.
func (r *reader) decls(decls []ast.Decl) {
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.ImportDecl, *ast.Package, *ast.CommentGroup, *ast.Attribute:
		case *ast.LetClause:
			r.Lets = append(r.Lets, local{Name: d.Ident.Name, Pos: Position(d.Pos()), span: spanOf(d, r.data)})
			r.walkLet(d)
		case *ast.EmbedDecl:
			if r.isSchema(d.Expr) {
				r.Embeds = append(r.Embeds, spanOf(d, r.data))
				continue
			}
			r.Produces, r.Splices = true, true
			if !r.explicitOpen {
				r.Opens = true
			}
			r.walk(d.Expr, restKey)
		case *ast.Comprehension:
			r.Produces, r.Splices = true, true
			r.walk(d, restKey)
		case *ast.Field:
			r.field(d)
		default:
			r.walk(d, restKey)
		}
	}
}

// isSchema reports whether an expression is the schema's #Tenancy.
func (r *reader) isSchema(x ast.Expr) bool {
	sel, ok := x.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	label, ok := sel.Sel.(*ast.Ident)
	return ok && label.Name == "#Tenancy" && slices.ContainsFunc(r.Imports, func(i local) bool {
		return i.Name == id.Name && i.Path == schema.ImportPath
	})
}

func (r *reader) field(d *ast.Field) {
	name, static := StaticLabel(d.Label)
	kind := -1
	if static {
		kind = document.KindIndex(name)
		if _, ident := d.Label.(*ast.Ident); ident && isPrivate(name) {
			kind = -1
		} else if ident && slices.Contains(predeclared, name) {
			// All files of the package would see it in place of CUE's own, in the
			// patterns of the directories above too.
			r.Problems = append(r.Problems, diag.New(diag.FieldNotAllowed, Position(d.Label.Pos()), "a field at the top level must not hide what %q means in CUE", name))
		}
	}
	if kind < 0 || d.Alias != nil {
		if !static || kind >= 0 {
			r.Produces = true
		}
		r.walk(d, restKey)
		return
	}
	if kinds[kind].Singleton {
		if d.Constraint != token.ILLEGAL {
			r.walk(d, restKey)
			return
		}
		r.Documents = append(r.Documents, plainDocument{kind, "", Position(d.Label.Pos())})
		r.Spans = append(r.Spans, plainSpan{kind, spanOf(d, r.data)})
		r.walk(d, kind)
		return
	}
	r.documents(kind, d)
}

// documents reads one map of documents.
func (r *reader) documents(kind int, d *ast.Field) {
	lit, ok := d.Value.(*ast.StructLit)
	if !ok {
		r.Produces = true
		r.walk(d, restKey)
		return
	}
	all := true
	var spans []plainSpan
	for _, e := range lit.Elts {
		f, ok := e.(*ast.Field)
		if !ok {
			all = false
			switch e := e.(type) {
			case *ast.Ellipsis, *ast.LetClause, *ast.CommentGroup:
			case *ast.EmbedDecl:
				r.Produces = true
				if !r.explicitOpen {
					r.Opens = true
				}
				_ = e
			default:
				r.Produces = true
			}
			r.walk(e, restKey)
			continue
		}
		key, static := StaticLabel(f.Label)
		plain := static && f.Alias == nil && !isPrivate(key) || isString(f.Label)
		if !plain || f.Constraint != token.ILLEGAL || d.Constraint != token.ILLEGAL {
			all = false
			_, pattern := f.Label.(*ast.ListLit)
			if f.Constraint == token.ILLEGAL && !pattern {
				r.Produces = true
			}
			r.walk(f, restKey)
			continue
		}
		r.Documents = append(r.Documents, plainDocument{kind, key, Position(f.Label.Pos())})
		spans = append(spans, plainSpan{kind, spanOf(f, r.data)})
		r.walk(f, kind)
	}
	switch {
	case all && len(spans) > 0:
		r.Spans = append(r.Spans, plainSpan{kind, spanOf(d, r.data)})
	default:
		r.Spans = append(r.Spans, spans...)
	}
}

// isPrivate reports whether a label is a hidden field or a definition.
func isPrivate(name string) bool { return strings.HasPrefix(name, "_") || strings.HasPrefix(name, "#") }

// predeclared are the identifiers that CUE declares.
var predeclared = []string{
	"and", "bool", "bytes", "close", "div", "error", "float", "float32", "float64", "int", "int128", "int16", "int32", "int64", "int8",
	"len", "matchIf", "matchN", "mod", "number", "or", "quo", "rem", "rune", "self", "string", "uint", "uint128", "uint16", "uint32", "uint64", "uint8",
}

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

// walkLet notes what a top-level let clause uses; who uses that is settled once
// it is known who uses the let.
func (r *reader) walkLet(d *ast.LetClause) {
	before := r.uses
	r.uses = map[string]Users{}
	r.walk(d.Expr, restKey)
	for name := range r.uses {
		r.letUses[d.Ident.Name] = append(r.letUses[d.Ident.Name], name)
	}
	r.uses = before
}

// settle carries the users of lets over to what these use.
func (r *reader) settle() {
	for range len(r.Lets) + 1 {
		for _, l := range r.Lets {
			for _, name := range r.letUses[l.Name] {
				r.uses[name] |= r.uses[l.Name]
			}
		}
	}
	for i := range r.Lets {
		r.Lets[i].Users = r.uses[r.Lets[i].Name]
	}
	for i := range r.Imports {
		r.Imports[i].Users = r.uses[r.Imports[i].Name]
	}
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
