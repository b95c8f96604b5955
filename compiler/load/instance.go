package load

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// shape is what #Tenancy says of one kind.
type shape struct {
	// definition is the document's own, "#LogicalCluster".
	definition string
	// key is the definition of its keys, "#Path"; empty for a singleton.
	key string
}

// shapes reads the shape of each kind, by its index, from the schema.
func shapes() ([]shape, error) {
	out := make([]shape, len(kinds))
	for _, f := range schema.Files() {
		tree, err := parser.ParseFile(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, d := range tree.Decls {
			def, ok := d.(*ast.Field)
			if !ok {
				continue
			}
			lit, ok := def.Value.(*ast.StructLit)
			if name, _, _ := ast.LabelName(def.Label); !ok || name != "#Tenancy" {
				continue
			}
			for _, e := range lit.Elts {
				field, ok := e.(*ast.Field)
				if !ok {
					continue
				}
				name, _ := staticLabel(field.Label)
				if k := kindIndex(name); k >= 0 {
					out[k] = shapeOf(field.Value)
				}
			}
		}
	}
	for k, s := range out {
		if s.definition == "" || s.key == "" && !kinds[k].Singleton {
			return nil, fmt.Errorf("the schema's #Tenancy does not declare %s", kindNames[k])
		}
	}
	return out, nil
}

func shapeOf(x ast.Expr) (s shape) {
	if id, ok := x.(*ast.Ident); ok {
		return shape{definition: id.Name}
	}
	if lit, ok := x.(*ast.StructLit); ok && len(lit.Elts) == 1 {
		if f, ok := lit.Elts[0].(*ast.Field); ok {
			if l, ok := f.Label.(*ast.ListLit); ok && len(l.Elts) == 1 {
				if id, ok := l.Elts[0].(*ast.Ident); ok {
					s.key = id.Name
				}
			}
			if id, ok := f.Value.(*ast.Ident); ok {
				s.definition = id.Name
			}
		}
	}
	return s
}

// constraints is the file that the compiler adds to every instance: each map of
// documents is held to the schema, whether or not the repo embeds it, and
// whatever else it embeds. That the top level holds nothing but these maps is
// checked apart: an embedding could open the whole of it.
func constraints(shapes []shape) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\nimport schema %q\n\n", tenancyPackage, schema.ImportPath)
	for k, s := range shapes {
		if kinds[k].Singleton {
			fmt.Fprintf(&b, "%s?: schema.%s\n", kindNames[k], s.definition)
		} else {
			fmt.Fprintf(&b, "%s?: [string]: schema.%s\n", kindNames[k], s.definition)
		}
	}
	return b.String()
}

// builder builds instances that share the schema and libraries. It serves a few
// directories and is then dropped, since a CUE context never forgets a value.
// It is not safe for concurrent use.
type builder struct {
	l      *Loader
	ctx    *cue.Context
	build  *build.Context
	schema *build.Instance
	values cue.Value // of the schema
	libs   map[*library]*build.Instance
	served int
	intern map[string]string
}

func (l *Loader) newBuilder() (*builder, error) {
	b := &builder{l: l, ctx: cuecontext.New(), build: build.NewContext(), libs: map[*library]*build.Instance{}, intern: map[string]string{}}
	b.schema = b.build.NewInstance("", b.load)
	for _, f := range schema.Files() {
		tree, err := parser.ParseFile(schemaFiles+f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		if err := b.schema.AddSyntax(tree); err != nil {
			return nil, err
		}
	}
	b.schema.ImportPath = schema.ImportPath
	b.values = b.ctx.BuildInstance(b.schema)
	return b, b.values.Err()
}

// load resolves an import of an instance; the loader has checked it before.
func (b *builder) load(_ token.Pos, path string) *build.Instance {
	if path == schemaImport || path == schemaImport+":v1alpha1" {
		return b.schema
	}
	lib := b.l.libraries[path]
	if lib == nil {
		return nil
	}
	if inst := b.libs[lib]; inst != nil {
		return inst
	}
	inst := b.build.NewInstance("", b.load)
	b.libs[lib] = inst
	inst.ImportPath = path
	for _, f := range lib.files {
		tree, err := parser.ParseFile(f.Path, f.Data, parser.Version(b.l.module.language))
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

// input is one file of an instance.
type input struct {
	file *file
	text []byte
	own  bool
}

// inputs returns the files of a directory's instance: all of those above, as
// far as the directory depends on them, and its own.
func (l *Loader) inputs(d *directory) []input {
	kept := d.refers()
	var in []input
	for _, up := range d.above {
		for _, f := range up.files {
			if f.IsData {
				if f.kinds()&kept != 0 {
					in = append(in, input{file: f, text: f.Data})
				}
				continue
			}
			in = append(in, input{file: f, text: l.variant(f, kept&f.kinds())})
		}
	}
	for _, f := range d.files {
		if f.IsData {
			in = append(in, input{file: f, text: f.Data, own: true})
			continue
		}
		in = append(in, input{file: f, text: l.variant(f, everything), own: true})
	}
	return in
}

// instance is an evaluated instance and the syntax of its own files.
type instance struct {
	value cue.Value
	trees []*ast.File
	// problems are set where nothing could be evaluated.
	problems []diag.Diagnostic
}

// instantiate builds and evaluates an instance, with extra syntax added.
func (b *builder) instantiate(in []input, extra ...*ast.File) instance {
	var out instance
	inst := b.build.NewInstance("", b.load)
	fail := func(err error) instance {
		e := explainer{b: b, own: ownNames(in)}
		out.problems = e.directory(err)
		return out
	}
	constraints, err := parser.ParseFile(ownFiles+"schema.cue", b.l.constraints)
	if err != nil {
		return fail(err)
	}
	trees := []*ast.File{constraints}
	for _, i := range in {
		tree, err := parseFile(i.file, i.text, b.l.module.language)
		if err != nil {
			return fail(err)
		}
		if i.own {
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

func ownNames(in []input) map[string]bool {
	names := map[string]bool{}
	for _, i := range in {
		if i.own {
			names[i.file.Path] = true
		}
	}
	return names
}
