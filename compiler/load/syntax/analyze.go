package syntax

import (
	"maps"
	"slices"
	"strconv"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

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
			r.Produces, r.Splices, r.Shapes = true, true, everything
			if !r.explicitOpen {
				r.Opens = true
			}
			r.walk(d.Expr, restKey)
		case *ast.Comprehension:
			r.Produces, r.Splices, r.Shapes = true, true, everything
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
			r.Shapes = everything
		}
		r.walk(d, restKey)
		return
	}
	if kinds[kind].Singleton {
		if d.Constraint != token.ILLEGAL {
			r.Shapes |= 1 << kind
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
		r.Shapes |= 1 << kind
		r.walk(d, restKey)
		return
	}
	all := true
	var spans []plainSpan
	for _, e := range lit.Elts {
		f, ok := e.(*ast.Field)
		if !ok {
			all = false
			r.Shapes |= 1 << kind
			r.besides(e)
			continue
		}
		key, static := StaticLabel(f.Label)
		plain := static && f.Alias == nil && !isPrivate(key) || isString(f.Label)
		if !plain || f.Constraint != token.ILLEGAL || d.Constraint != token.ILLEGAL {
			all = false
			r.shape(kind, f)
			continue
		}
		r.Documents = append(r.Documents, plainDocument{kind, key, Position(f.Label.Pos())})
		spans = append(spans, plainSpan{kind, spanOf(f, r.data)})
		r.walk(f, kind)
	}
	if all && len(spans) > 0 {
		spans = []plainSpan{{kind, spanOf(d, r.data)}}
	}
	r.Spans = append(r.Spans, spans...)
}

// shape reads a field in a map of documents that is no plain document.
func (r *reader) shape(kind int, f *ast.Field) {
	r.Shapes |= 1 << kind
	_, pattern := f.Label.(*ast.ListLit)
	if f.Constraint == token.ILLEGAL && !pattern {
		r.Produces = true
	}
	if pattern && r.Limit.IsZero() {
		r.Limit = Position(f.Label.Pos())
	}
	r.walk(f, restKey)
}

// besides reads what is no field in a map of documents.
func (r *reader) besides(e ast.Decl) {
	switch e.(type) {
	case *ast.Ellipsis, *ast.LetClause, *ast.CommentGroup:
	case *ast.EmbedDecl:
		r.Produces = true
		if !r.explicitOpen {
			r.Opens = true
		}
	default:
		r.Produces = true
	}
	r.walk(e, restKey)
}

// predeclared are the identifiers that CUE declares.
var predeclared = []string{
	"and", "bool", "bytes", "close", "div", "error", "float", "float32", "float64", "int", "int128", "int16", "int32", "int64", "int8",
	"len", "matchIf", "matchN", "mod", "number", "or", "quo", "rem", "rune", "self", "string", "uint", "uint128", "uint16", "uint32", "uint64", "uint8",
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
	mentions := map[string]bool{}
	for name := range r.uses {
		mentions[name] = true
	}
	for _, names := range r.letUses {
		for _, name := range names {
			mentions[name] = true
		}
	}
	r.Mentions = slices.Sorted(maps.Keys(mentions))
}
