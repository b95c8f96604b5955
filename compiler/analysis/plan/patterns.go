package plan

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// pattern is what the files of one directory demand of documents whose key a label
// matches: `logicalClusters: [=~"^acme/"]: …`.
type pattern struct {
	dir, kind string
	label     ast.Expr
	demands   []ast.Expr // all hold
	imports   []*ast.ImportSpec
	pos       diag.Position
}

type patternID struct{ dir, kind, label string }

func (id patternID) String() string {
	name := id.kind
	if id.label != "" {
		name += ": [" + id.label + "]"
	}
	if id.dir != "" {
		name = id.dir + " " + name
	}
	return name
}

// patterns compares the patterns of the directories whose files differ, and those
// below where something that these may refer to differs.
func (l *limits) patterns() {
	dirs := map[string]bool{}
	var shared []string // directories whose names patterns below may refer to
	for _, file := range l.source.files {
		if !strings.HasSuffix(file, ".cue") {
			continue
		}
		dir := directoryOf(file)
		dirs[dir] = true
		if !slices.Contains(shared, dir) && !(plainOnly(l.source.before, file) && plainOnly(l.source.after, file)) {
			if tenancy.Reach(dir) == "" { // the root, or a package that any directory may import
				dir = ""
			}
			shared = append(shared, dir)
		}
	}
	for _, tree := range []*source.Tree{l.source.before, l.source.after} {
		if len(shared) == 0 {
			break
		}
		for _, f := range tree.Files() {
			dir := directoryOf(f.Path)
			if strings.HasSuffix(f.Path, ".cue") && !dirs[dir] && mayDemand.Match(f.Data) &&
				slices.ContainsFunc(shared, func(above string) bool { return above == "" || within(dir, above) }) {
				dirs[dir] = true
			}
		}
	}
	before, after := map[patternID]*pattern{}, map[patternID]*pattern{}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		readPatterns(l.source.before, dir, before)
		readPatterns(l.source.after, dir, after)
	}
	ids := slices.Collect(maps.Keys(merged(before, after)))
	slices.SortFunc(ids, func(a, b patternID) int { return strings.Compare(a.String(), b.String()) })
	for _, id := range ids {
		was, is := before[id], after[id]
		if id.label == "" && (was == nil || is == nil) && !l.yields(was, is) {
			continue // what it refers to are documents
		}
		effect, what := loosens, "it is removed"
		switch {
		case was == nil:
			effect, what = tightens, "it is added"
		case is != nil:
			if effect, what = l.demand(was, is), "what it demands changes"; effect == "" {
				continue
			}
		}
		at, removed := is, false
		if is == nil {
			at, removed = was, true
		}
		file, line := l.source.cause(at.pos, id.dir, removed)
		d := l.add(limitPattern, id.String(), effect, what, []Cause{{File: file, Line: line, Removed: removed && !l.stands(file)}})
		d.LogicalClusters = l.matched(at)
		switch one := l.limit(limitPattern, id.String()); {
		case was == nil:
			one.Change = Added
		case is == nil:
			one.Change = Removed
		}
	}
}

// mayDemand finds what a pattern, or a reference to patterns, is written with.
var mayDemand = regexp.MustCompile(`\]\s*:|&|(?m:^\s*[a-zA-Z]+:\s*[#_a-zA-Z])`)

func directoryOf(file string) string {
	if dir := path.Dir(file); dir != "." {
		return dir
	}
	return ""
}

// plainOnly reports whether a file holds nothing but documents that are written
// out, so that no pattern elsewhere can follow from it by a name of its own.
func plainOnly(t *source.Tree, name string) bool {
	f, ok := t.File(name)
	if !ok {
		return true
	}
	file, err := parser.ParseFile(name, f.Data)
	if err != nil || file.PackageName() != packageName {
		return false
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.Package, *ast.ImportDecl, *ast.CommentGroup, *ast.Attribute:
		case *ast.Field:
			name, _, err := ast.LabelName(d.Label)
			if err != nil || !isKind(name) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// packageName is the package of all files that declare documents.
const packageName = "tenancy"

func isKind(name string) bool { return document.KindOf(schema.Kind(name)) != nil }

// cueFiles parses the files of a directory itself; one with an error is left out:
// what it says is held by the compiler.
func cueFiles(t *source.Tree, dir string) []*ast.File {
	var out []*ast.File
	for _, f := range t.Under(dir) {
		if directoryOf(f.Path) != dir || !strings.HasSuffix(f.Path, ".cue") {
			continue
		}
		file, err := parser.ParseFile(f.Path, f.Data)
		if err == nil && file.PackageName() == packageName {
			out = append(out, file)
		}
	}
	return out
}

// readPatterns finds the patterns of a directory's own files.
func readPatterns(t *source.Tree, dir string, into map[patternID]*pattern) {
	for _, file := range cueFiles(t, dir) {
		add := func(kind string, label, demand ast.Expr) {
			id := patternID{dir, kind, ""}
			at := demand.Pos()
			if label != nil {
				if text, err := format.Node(label); err == nil {
					id.label = strings.Join(strings.Fields(string(text)), " ")
				}
				at = label.Pos()
			}
			p := into[id]
			if p == nil {
				p = &pattern{dir: dir, kind: kind, label: label, pos: diag.Position{File: at.Filename(), Line: at.Line(), Column: at.Column()}}
				into[id] = p
			}
			p.demands = append(p.demands, demand)
			for _, d := range file.Decls {
				if imports, ok := d.(*ast.ImportDecl); ok {
					p.imports = append(p.imports, imports.Specs...)
				}
			}
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.Field:
				if kind, _, err := ast.LabelName(d.Label); err == nil && isKind(kind) && schema.Kind(kind) != schema.KindSettings {
					eachPattern(d.Value, func(label, demand ast.Expr) { add(kind, label, demand) })
				}
			case *ast.Comprehension:
				if demand := (&ast.StructLit{Elts: []ast.Decl{d}}); holdsPattern(demand) {
					add("comprehension", nil, demand)
				}
			}
		}
	}
}

// eachPattern calls f for each pattern of a map of documents, and without a label
// for what may yield patterns elsewhere: references and comprehensions.
func eachPattern(e ast.Expr, f func(label, demand ast.Expr)) {
	switch e := e.(type) {
	case *ast.StructLit:
		for _, d := range e.Elts {
			switch d := d.(type) {
			case *ast.Field:
				if list, ok := d.Label.(*ast.ListLit); ok && len(list.Elts) == 1 {
					label := list.Elts[0]
					if alias, ok := label.(*ast.Alias); ok {
						label = alias.Expr
					}
					f(label, d.Value)
				}
			case *ast.EmbedDecl:
				eachPattern(d.Expr, f)
			case *ast.Comprehension:
				if demand := (&ast.StructLit{Elts: []ast.Decl{d}}); holdsPattern(demand) {
					f(nil, demand)
				}
			}
		}
	case *ast.BinaryExpr:
		if e.Op == token.AND {
			eachPattern(e.X, f)
			eachPattern(e.Y, f)
			return
		}
		f(nil, e)
	case *ast.ParenExpr:
		eachPattern(e.X, f)
	default:
		f(nil, e)
	}
}

// holdsPattern reports whether a pattern stands anywhere in a node.
func holdsPattern(n ast.Node) (found bool) {
	ast.Walk(n, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok {
			if _, ok := field.Label.(*ast.ListLit); ok {
				found = true
			}
		}
		return !found
	}, nil)
	return found
}

// written returns a node in one canonical layout, without comments.
func written(n ast.Node) string {
	text, err := format.Node(n, format.Simplify())
	if err != nil {
		return fmt.Sprintf("%T", n)
	}
	var s scanner.Scanner
	s.Init(token.NewFile("", -1, len(text)), text, nil, 0)
	var out []string
	for {
		_, t, literal := s.Scan()
		if t == token.EOF {
			break
		}
		if t == token.COMMA {
			literal = ","
		} else if literal == "" {
			literal = t.String()
		}
		if last := len(out) - 1; last >= 0 && out[last] == "," && (t == token.COMMA || t == token.RBRACE || t == token.RBRACK || t == token.RPAREN) {
			out = out[:last]
		}
		out = append(out, literal)
	}
	return strings.TrimSuffix(strings.Join(out, " "), " ,")
}

// yields reports whether what has no label of its own may yield patterns. One of
// the two is nil.
func (l *limits) yields(was, is *pattern) bool {
	tree, p := l.source.after, is
	if is == nil {
		tree, p = l.source.before, was
	}
	c := l.closure(tree, p, p.leaves())
	return c.patterns || len(c.local) > 0
}

// demand compares what a pattern demands; "" where it is the same. That it demands
// more is shown field by field: what stands there as before cannot loosen, and of
// the rest CUE's own order of values tells, where it is simple enough for that.
func (l *limits) demand(was, is *pattern) string {
	then, now := l.closure(l.source.before, was, was.leaves()), l.closure(l.source.after, is, is.leaves())
	if was.label == nil && !then.patterns && !now.patterns && len(then.local)+len(now.local) == 0 {
		return "" // what it refers to are documents
	}
	same := func(x leaf) bool { // whether it means the same on both sides
		b, a := l.closure(l.source.before, was, []leaf{x}), l.closure(l.source.after, is, []leaf{x})
		return b.text == a.text && !l.follows(b) && !l.follows(a)
	}
	before, after := rest(was.leaves(), is.leaves(), same)
	switch {
	case len(before) == 0 && len(after) == 0:
		return ""
	case len(before) == 0:
		return tightens
	}
	then, now = l.closure(l.source.before, was, before), l.closure(l.source.after, is, after)
	if !then.simple || !now.simple {
		return mayLoosen
	}
	ctx := cuecontext.New()
	b, a := then.value(ctx, before), now.value(ctx, after)
	if b.Err() != nil || a.Err() != nil || b.Subsume(a, cue.Raw()) != nil {
		return mayLoosen
	}
	if a.Subsume(b, cue.Raw()) == nil {
		return ""
	}
	return tightens
}

// leaf is what a pattern demands of one field.
type leaf struct {
	path []*ast.Field // without values
	expr ast.Expr
	id   string // of its path and text
}

// leaves takes what a pattern demands apart: it is the conjunction of its leaves.
func (p *pattern) leaves() []leaf {
	var out []leaf
	var add func(path []*ast.Field, e ast.Expr)
	add = func(path []*ast.Field, e ast.Expr) {
		if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.AND {
			add(path, b.X)
			add(path, b.Y)
			return
		}
		if s, ok := e.(*ast.StructLit); ok && len(s.Elts) > 0 && !slices.ContainsFunc(s.Elts, func(d ast.Decl) bool {
			f, ok := d.(*ast.Field)
			return !ok || f.Alias != nil || len(f.Attrs) > 0 || !plainLabel(f.Label)
		}) {
			for _, d := range s.Elts {
				f := d.(*ast.Field)
				add(append(slices.Clip(path), &ast.Field{Label: f.Label, Constraint: f.Constraint}), f.Value)
			}
			return
		}
		x := leaf{path: path, expr: e}
		for _, f := range path {
			x.id += written(f.Label) + f.Constraint.String() + ": "
		}
		x.id += written(e)
		out = append(out, x)
	}
	for _, d := range p.demands {
		add(nil, d)
	}
	return out
}

func plainLabel(label ast.Label) bool {
	switch label.(type) {
	case *ast.Ident, *ast.BasicLit:
		return true
	}
	return false
}

// rest returns the leaves of each side that the other does not have, or that mean
// something else there.
func rest(before, after []leaf, same func(leaf) bool) (b, a []leaf) {
	has := func(list []leaf, x leaf) bool {
		return slices.ContainsFunc(list, func(y leaf) bool { return y.id == x.id })
	}
	for _, x := range before {
		if !has(after, x) || !same(x) {
			b = append(b, x)
		}
	}
	for _, x := range after {
		if !has(before, x) || !same(x) {
			a = append(a, x)
		}
	}
	return b, a
}

// closure is what a pattern refers to in its directory and in those above.
type closure struct {
	decls map[string][]ast.Decl // by name
	names []string              // sorted
	text  string
	// simple: neither the pattern nor what it refers to holds anything that CUE's
	// order of values overlooks: open lists, comprehensions, calls.
	simple bool
	// patterns: it holds patterns itself.
	patterns bool
	// kinds of documents, and packages of the repo, that it refers to.
	kinds []string
	local []string
}

func (l *limits) closure(t *source.Tree, p *pattern, of []leaf) *closure {
	declared := map[string][]ast.Decl{}
	for dir := p.dir; ; dir = directoryOf(dir) {
		for _, file := range cueFiles(t, dir) {
			for _, d := range file.Decls {
				switch d := d.(type) {
				case *ast.Field:
					if name, _, err := ast.LabelName(d.Label); err == nil {
						declared[name] = append(declared[name], d)
					}
				case *ast.LetClause:
					declared[d.Ident.Name] = append(declared[d.Ident.Name], d)
				}
			}
		}
		if dir == "" {
			break
		}
	}
	c := &closure{decls: map[string][]ast.Decl{}, simple: true}
	imported := map[string]string{}
	for _, spec := range p.imports {
		name := strings.Trim(spec.Path.Value, `"`)
		short := ast.ParseImportPath(name).Qualifier
		if spec.Name != nil {
			short = spec.Name.Name
		}
		imported[short] = name
	}
	var visit func(n ast.Node)
	visit = func(n ast.Node) {
		ast.Walk(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Comprehension, *ast.CallExpr, *ast.Ellipsis, *ast.Interpolation:
				c.simple = false
			case *ast.Field:
				visit(n.Value)
				if list, ok := n.Label.(*ast.ListLit); ok {
					c.patterns = true
					visit(list)
				}
				return false
			case *ast.SelectorExpr:
				visit(n.X)
				return false
			case *ast.Ident:
				switch path := imported[n.Name]; {
				case path != "" && strings.Contains(path, "."):
					c.simple = false
					c.local = append(c.local, path)
				case path != "":
					c.simple = false
				case isKind(n.Name):
					c.simple = false
					c.kinds = append(c.kinds, n.Name)
				case declared[n.Name] != nil && c.decls[n.Name] == nil:
					c.decls[n.Name] = declared[n.Name]
					for _, d := range declared[n.Name] {
						switch d := d.(type) {
						case *ast.Field:
							visit(d.Value)
						case *ast.LetClause:
							visit(d.Expr)
						}
					}
				}
			}
			return true
		}, nil)
	}
	for _, x := range of {
		visit(x.expr)
	}
	if p.label != nil {
		visit(p.label)
	}
	c.names = slices.Sorted(maps.Keys(c.decls))
	var b strings.Builder
	for _, name := range c.names {
		var list []string
		for _, d := range c.decls[name] {
			list = append(list, written(d))
		}
		slices.Sort(list)
		b.WriteString(strings.Join(list, "\n") + "\n")
	}
	c.text = b.String()
	return c
}

// follows reports whether something that the pattern refers to beyond its own
// names differs: documents of a kind, or the files of a package.
func (l *limits) follows(c *closure) bool {
	for id := range l.changed {
		if slices.Contains(c.kinds, id.kind) {
			return true
		}
	}
	return len(c.local) > 0 && slices.ContainsFunc(l.source.files, func(file string) bool {
		dir := directoryOf(file)
		return strings.HasSuffix(file, ".cue") && slices.ContainsFunc(c.local, func(path string) bool {
			return strings.HasSuffix("/"+path, "/"+dir) || strings.HasPrefix(file, "cue.mod/")
		})
	})
}

// value evaluates leaves, apart from everything else.
func (c *closure) value(ctx *cue.Context, of []leaf) cue.Value {
	const name = "demanded"
	file := &ast.File{}
	for _, n := range c.names {
		file.Decls = append(file.Decls, c.decls[n]...)
	}
	for _, x := range of {
		value := x.expr
		for _, f := range slices.Backward(x.path) {
			value = ast.NewStruct(&ast.Field{Label: f.Label, Constraint: f.Constraint, Value: value})
		}
		file.Decls = append(file.Decls, &ast.Field{Label: ast.NewIdent(name), Value: value})
	}
	text, err := format.Node(file)
	if err != nil {
		return cue.Value{}
	}
	parsed, err := parser.ParseFile("", text)
	if err != nil {
		return cue.Value{}
	}
	astutil.Resolve(parsed, func(token.Pos, string, ...any) {})
	return ctx.BuildFile(parsed).LookupPath(cue.MakePath(cue.Str(name)))
}

// matched returns the logical clusters whose keys the label of a pattern matches,
// after the change; none where the pattern is for documents of another kind.
func (l *limits) matched(p *pattern) []string {
	if schema.Kind(p.kind) != schema.KindLogicalClusters || p.label == nil {
		return nil
	}
	ctx := cuecontext.New()
	label := ctx.BuildExpr(p.label)
	if label.Err() != nil {
		return nil
	}
	var out []string
	scope := tenancy.Reach(p.dir)
	for _, lc := range l.after.Tenancy.LogicalClusters {
		if scope != "" && !within(lc.Key, scope) {
			continue
		}
		if label.Unify(ctx.Encode(lc.Key)).Err() == nil {
			out = append(out, lc.Key)
		}
	}
	return out
}
