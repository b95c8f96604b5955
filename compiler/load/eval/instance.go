// Package eval evaluates the documents of a tenancy repo: CUE unifies the files of a
// directory with those of the directories above it, and what comes out is bound to
// Go values, held to the schema in this binary and compared with what the
// directories above say by themselves.
package eval

import (
	"fmt"
	"strings"
	"sync"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Evaluator evaluates the directories of a repo. It is safe for concurrent use.
type Evaluator struct {
	repo        *syntax.Repo
	schema      []schema.File
	shapes      []shape
	constraints string
	// words say in plain words what the schema's regular expressions are for.
	words func() *strings.Replacer
}

// New returns an evaluator of a repo, with the files of the schema.
func New(repo *syntax.Repo, files []schema.File) (*Evaluator, error) {
	shapes, err := readShapes(files)
	if err != nil {
		return nil, schemaError(err)
	}
	return &Evaluator{repo: repo, schema: files, shapes: shapes, constraints: constraints(shapes), words: sync.OnceValue(func() *strings.Replacer { return readWords(files) })}, nil
}

// With returns an evaluator of another repo, under the same schema.
func (e *Evaluator) With(repo *syntax.Repo) *Evaluator {
	next := *e
	next.repo = repo
	return &next
}

// perBuilder is how many directories one CUE context serves. A context keeps
// about 30 KB for each document, the schema takes some milliseconds to compile.
const perBuilder = 12

// Builder builds instances that share the schema and libraries. It serves a few
// directories and is then dropped, since a CUE context never forgets a value.
// It is not safe for concurrent use.
type Builder struct {
	*Evaluator
	known   *known
	ctx     *cue.Context
	build   *build.Context
	schema  *build.Instance
	libs    map[*syntax.Library]*build.Instance
	served  int
	strings map[string]string
}

// Next returns a builder for one more directory: b, as long as it may be used, or a
// new one. The present one may be nil.
func (e *Evaluator) Next(b *Builder) (*Builder, error) {
	if b == nil || b.served >= perBuilder {
		next, err := e.newBuilder()
		if err != nil {
			return nil, schemaError(err)
		}
		b = next
	}
	b.served++
	return b, nil
}

func schemaError(err error) error { return fmt.Errorf("the embedded schema: %w", err) }

func (e *Evaluator) newBuilder() (*Builder, error) {
	b := &Builder{Evaluator: e, ctx: cuecontext.New(), build: build.NewContext(), libs: map[*syntax.Library]*build.Instance{}, strings: map[string]string{}}
	b.schema = b.build.NewInstance("", b.load)
	for _, f := range e.schema {
		tree, err := parser.ParseFile(syntax.SchemaFiles+f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		if err := b.schema.AddSyntax(tree); err != nil {
			return nil, err
		}
	}
	b.schema.ImportPath = schema.ImportPath
	b.known = &known{values: b.ctx.BuildInstance(b.schema), shapes: e.shapes, words: e.words}
	return b, b.known.values.Err()
}

// load resolves an import of an instance; the loader has checked it before.
func (b *Builder) load(_ token.Pos, path string) *build.Instance {
	if path == schema.ImportPath || path == schema.ImportPath+":v1alpha1" {
		return b.schema
	}
	lib := b.repo.Library(path)
	if lib == nil {
		return nil
	}
	if inst := b.libs[lib]; inst != nil {
		return inst
	}
	inst := b.build.NewInstance("", b.load)
	b.libs[lib] = inst
	inst.ImportPath = path
	for _, f := range lib.Files {
		tree, err := f.Parse(b.repo.Language())
		if err != nil {
			inst.ReportError(errors.Promote(err, "syntax error"))
			return inst
		}
		if inst.AddSyntax(tree) != nil {
			return inst
		}
	}
	if err := inst.Complete(); err == nil && inst.ResolutionErr != nil {
		inst.ReportError(inst.ResolutionErr)
	}
	return inst
}

// instance is an evaluated instance and the syntax of its own files.
type instance struct {
	value cue.Value
	trees []*ast.File
	// problems are set where nothing could be evaluated.
	problems []diag.Diagnostic
}

// instantiate builds and evaluates an instance, with extra syntax added.
func (b *Builder) instantiate(in []syntax.Input, extra ...*ast.File) instance {
	var out instance
	inst := b.build.NewInstance("", b.load)
	fail := func(err error) instance {
		e := explainer{known: b.known, own: ownNames(in)}
		out.problems = e.directory(err)
		return out
	}
	constraints, err := parser.ParseFile(syntax.OwnFiles+"schema.cue", b.constraints)
	if err != nil {
		return fail(err)
	}
	trees := []*ast.File{constraints}
	for _, i := range in {
		tree, err := i.Parse(b.repo.Language())
		if err != nil {
			return fail(err)
		}
		if i.Own {
			out.trees = append(out.trees, tree)
		}
		trees = append(trees, tree)
	}
	for _, tree := range append(trees, extra...) {
		if err := inst.AddSyntax(tree); err != nil {
			return fail(err)
		}
	}
	if inst.Err != nil {
		return fail(inst.Err)
	}
	out.value = b.ctx.BuildInstance(inst)
	if inst.Err != nil {
		return fail(inst.Err)
	}
	return out
}

func ownNames(in []syntax.Input) map[string]bool {
	names := map[string]bool{}
	for _, i := range in {
		if i.Own {
			names[i.File.Path] = true
		}
	}
	return names
}
