package docs_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/schema"
)

// generatedBelow divides the language page: what stands above is written by
// hand, what stands below comes from the schema.
const generatedBelow = "<!-- Below this line, the page is generated from the comments of the schema. -->\n"

// TestLanguage holds the reference of the language equal to the schema.
func TestLanguage(t *testing.T) {
	page, err := os.ReadFile("language.md")
	if err != nil {
		t.Fatal(err)
	}
	above, _, ok := strings.Cut(string(page), generatedBelow)
	if !ok {
		t.Fatalf("language.md has no line %q", generatedBelow)
	}
	reference, err := languageReference()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "language.md", above+generatedBelow+reference)
}

// definition is one definition of the schema.
type definition struct {
	name    string // without #
	comment string
	value   ast.Expr
}

// reference writes the schema as a page.
type reference struct {
	out         strings.Builder
	definitions map[string]*definition
	defaults    map[string]ast.Expr // by definition
	uses        map[string]int      // how many fields refer to a definition
	order       []string
}

// defaultsOf says which definition each part of #Defaults is about.
var defaultsOf = map[string]string{
	"settings": "Settings", "physicalCluster": "PhysicalCluster", "apiSet": "APISet",
	"apiVersion": "APIVersion", "logicalCluster": "LogicalCluster", "source": "Source",
}

// slug is what a heading is linked by.
func slug(heading string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(heading) {
		switch {
		case c == ' ' || c == '-':
			b.WriteByte('-')
		case c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c):
			b.WriteRune(c)
		}
	}
	return b.String()
}

func languageReference() (string, error) {
	r := &reference{definitions: map[string]*definition{}, defaults: map[string]ast.Expr{}, uses: map[string]int{}}
	for _, f := range schema.Files() {
		file, err := parser.ParseFile(f.Name, f.Data, parser.ParseComments)
		if err != nil {
			return "", err
		}
		for _, d := range file.Decls {
			if field, ok := d.(*ast.Field); ok {
				name := strings.TrimPrefix(labelName(field.Label), "#")
				r.definitions[name] = &definition{name: name, comment: commentOf(field), value: field.Value}
			}
		}
	}
	r.reach("Tenancy")
	for _, d := range fieldsOf(r.definitions["Defaults"].value) {
		about, ok := defaultsOf[labelName(d.Label)]
		if !ok {
			return "", fmt.Errorf("#Defaults has %s, and nobody knows of which definition", labelName(d.Label))
		}
		r.setDefaults(about, d.Value)
	}
	for name := range r.definitions {
		if !slices.Contains(r.order, name) && name != "Defaults" {
			return "", fmt.Errorf("#%s is part of no document", name)
		}
	}
	// Documents and their parts first, then the values that they are made of.
	for _, structs := range []bool{true, false} {
		for _, name := range r.order {
			if _, is := r.definitions[name].value.(*ast.StructLit); is == structs {
				r.section(r.definitions[name])
			}
		}
	}
	return r.out.String(), nil
}

// reach orders definitions as a reader meets them, from the top down.
func (r *reference) reach(name string) {
	if slices.Contains(r.order, name) {
		return
	}
	r.order = append(r.order, name)
	ast.Walk(r.definitions[name].value, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			name, ok := strings.CutPrefix(id.Name, "#")
			if ok = ok && r.definitions[name] != nil; ok { // a field can be a definition, too
				r.uses[id.Name]++
				r.reach(name)
			}
		}
		return true
	}, nil)
}

// setDefaults gives a definition its defaults, and hands them on to those that
// it embeds and those that one field alone refers to.
func (r *reference) setDefaults(name string, value ast.Expr) {
	r.defaults[name] = value
	body, ok := r.definitions[name].value.(*ast.StructLit)
	if !ok {
		return
	}
	for _, decl := range body.Elts {
		switch decl := decl.(type) {
		case *ast.EmbedDecl:
			if id, ok := decl.Expr.(*ast.Ident); ok {
				r.setDefaults(strings.TrimPrefix(id.Name, "#"), value)
			}
		case *ast.Field:
			id, ok := decl.Value.(*ast.Ident)
			part := lookup(value, labelName(decl.Label))
			if ok && part != nil && r.uses[id.Name] == 1 {
				r.setDefaults(strings.TrimPrefix(id.Name, "#"), part)
			}
		}
	}
}

func (r *reference) section(d *definition) {
	fmt.Fprintf(&r.out, "\n### %s\n", d.name)
	if d.comment != "" {
		fmt.Fprintf(&r.out, "\n%s\n", d.comment)
	}
	if s, ok := d.value.(*ast.StructLit); ok {
		r.out.WriteString("\n")
		r.fields(s, "", r.defaults[d.name])
		return
	}
	fmt.Fprintf(&r.out, "\nIt is %s.\n", r.typeOf(d.value))
}

// fields writes one line for each field, nested ones with their path.
func (r *reference) fields(s *ast.StructLit, prefix string, defaults ast.Expr) {
	for _, decl := range s.Elts {
		switch decl := decl.(type) {
		case *ast.EmbedDecl:
			if prefix == "" {
				fmt.Fprintf(&r.out, "- and the fields of %s\n", r.typeOf(decl.Expr))
			} else {
				fmt.Fprintf(&r.out, "- **`%s`** and each of the fields of %s\n", prefix, r.typeOf(decl.Expr))
			}
		case *ast.Field:
			r.field(decl, prefix, defaults)
		}
	}
}

func (r *reference) field(f *ast.Field, prefix string, defaults ast.Expr) {
	name := prefix + labelName(f.Label)
	value := lookup(defaults, labelName(f.Label))
	nested, isStruct := f.Value.(*ast.StructLit)
	if pattern, ok := f.Label.(*ast.ListLit); ok {
		fmt.Fprintf(&r.out, "- each key is %s; each value is %s%s\n", r.typeOf(pattern.Elts[0]), r.typeOf(f.Value), sentence(commentOf(f)))
		return
	}
	fmt.Fprintf(&r.out, "- **`%s`**", name)
	if f.Constraint == token.NOT {
		r.out.WriteString(", required")
	}
	if !isStruct || len(nested.Elts) == 0 || isMap(nested) || isOpen(nested) {
		text := r.typeOf(f.Value)
		if id, ok := f.Value.(*ast.Ident); ok && id.Name == "_" && strings.HasPrefix(name, "#") {
			text = "a CUE schema"
		}
		fmt.Fprintf(&r.out, ": %s", text)
	}
	if literal := r.literalOf(value, f.Value); literal != "" {
		fmt.Fprintf(&r.out, "; default `%s`", literal)
	}
	r.out.WriteString(".")
	if c := commentOf(f); c != "" {
		fmt.Fprintf(&r.out, " %s", c)
	}
	r.out.WriteString("\n")
	if isStruct && !isMap(nested) {
		r.fields(nested, name+".", value)
	}
}

func sentence(comment string) string {
	if comment == "" {
		return "."
	}
	return ". " + comment
}

// typeOf says in words what a value may be.
func (r *reference) typeOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		if name, ok := strings.CutPrefix(e.Name, "#"); ok {
			return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
		}
		switch e.Name {
		case "string":
			return "text"
		case "int":
			return "a whole number"
		case "number":
			return "a number"
		case "bool":
			return "`true` or `false`"
		case "_":
			return "anything"
		}
	case *ast.BasicLit:
		return "`" + e.Value + "`"
	case *ast.ParenExpr:
		return r.typeOf(e.X)
	case *ast.UnaryExpr:
		return r.bound(e)
	case *ast.CallExpr:
		if cueText(e.Fun) == "strings.MaxRunes" {
			return "at most " + cueText(e.Args[0]) + " characters"
		}
	case *ast.BinaryExpr:
		left, right := r.typeOf(e.X), r.typeOf(e.Y)
		if e.Op == token.OR {
			return left + " or " + right
		}
		if e.Op == token.AND {
			return left + ", " + right
		}
	case *ast.ListLit:
		return r.list(e)
	case *ast.StructLit:
		switch {
		case isOpen(e):
			return "any fields"
		case isMap(e):
			f := e.Elts[0].(*ast.Field)
			return fmt.Sprintf("a map from %s to %s", r.typeOf(f.Label.(*ast.ListLit).Elts[0]), r.typeOf(f.Value))
		}
		return "fields"
	}
	return "`" + cueText(e) + "`"
}

func (r *reference) bound(e *ast.UnaryExpr) string {
	switch e.Op {
	case token.MAT:
		pattern, err := strconv.Unquote(cueText(e.X))
		if err != nil {
			pattern = cueText(e.X)
		}
		return "text that matches `" + pattern + "`"
	case token.GEQ:
		return "at least " + cueText(e.X)
	case token.GTR:
		return "more than " + cueText(e.X)
	case token.LEQ:
		return "at most " + cueText(e.X)
	case token.LSS:
		return "less than " + cueText(e.X)
	case token.NEQ:
		if cueText(e.X) == `""` {
			return "not empty"
		}
		return "not `" + cueText(e.X) + "`"
	}
	return "`" + cueText(e) + "`"
}

func (r *reference) list(l *ast.ListLit) string {
	last, ok := l.Elts[len(l.Elts)-1].(*ast.Ellipsis)
	if !ok {
		return "`" + cueText(l) + "`"
	}
	text := "a list"
	if len(l.Elts) > 1 {
		text = "a list of at least one"
	}
	return text + ", each " + r.typeOf(last.Type)
}

func labelName(l ast.Label) string {
	name, _, err := ast.LabelName(l)
	if err != nil {
		return ""
	}
	return name
}

func commentOf(f *ast.Field) string {
	var lines []string
	for _, g := range ast.Comments(f) {
		if !g.Doc {
			continue
		}
		for _, c := range g.List {
			lines = append(lines, strings.TrimSpace(strings.TrimPrefix(c.Text, "//")))
		}
	}
	return strings.Join(lines, " ")
}

func fieldsOf(e ast.Expr) []*ast.Field {
	s, ok := e.(*ast.StructLit)
	if !ok {
		return nil
	}
	var out []*ast.Field
	for _, d := range s.Elts {
		if f, ok := d.(*ast.Field); ok {
			out = append(out, f)
		}
	}
	return out
}

func lookup(e ast.Expr, name string) ast.Expr {
	for _, f := range fieldsOf(e) {
		if labelName(f.Label) == name {
			return f.Value
		}
	}
	return nil
}

// literalOf returns a default as it would be written in one line. The default
// of a struct stands with its fields, where these have lines of their own.
func (r *reference) literalOf(value, of ast.Expr) string {
	switch value := value.(type) {
	case *ast.BasicLit, *ast.ListLit:
		return cueText(value)
	case *ast.StructLit:
		id, named := of.(*ast.Ident)
		body, literal := of.(*ast.StructLit)
		if named && r.uses[id.Name] > 1 || literal && isMap(body) {
			var fields []string
			for _, f := range fieldsOf(value) {
				fields = append(fields, cueText(f.Label)+": "+cueText(f.Value))
			}
			return "{" + strings.Join(fields, ", ") + "}"
		}
	}
	return ""
}

func isMap(s *ast.StructLit) bool {
	if len(s.Elts) != 1 {
		return false
	}
	f, ok := s.Elts[0].(*ast.Field)
	if !ok {
		return false
	}
	_, ok = f.Label.(*ast.ListLit)
	return ok
}

func isOpen(s *ast.StructLit) bool {
	if len(s.Elts) != 1 {
		return false
	}
	_, ok := s.Elts[0].(*ast.Ellipsis)
	return ok
}

func cueText(n ast.Node) string {
	data, err := format.Node(n)
	if err != nil {
		return fmt.Sprint(n)
	}
	return strings.Join(strings.Fields(string(data)), " ")
}
