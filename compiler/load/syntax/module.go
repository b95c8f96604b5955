package syntax

import (
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/parser"

	"github.com/tenantry/tenantry/internal/diag"
)

// defaultLanguage is the language version where the module names none.
const defaultLanguage = "v0.17.0"

// module is what cue.mod/module.cue says.
type module struct {
	path     string
	language string
	text     []byte
	problems []diag.Diagnostic
}

const moduleFile = "cue.mod/module.cue"

func readModule(text []byte) module {
	m := module{language: defaultLanguage, text: text}
	fail := func(at diag.Position, format string, args ...any) {
		m.problems = append(m.problems, diag.New(diag.ModuleFile, at, format, args...))
	}
	if at, deep := tooDeep(moduleFile, text); deep {
		fail(at, "the file nests too deeply here")
		return m
	}
	f, err := parser.ParseFile(moduleFile, text)
	if err != nil {
		fail(diag.Position{File: moduleFile}, "%s", FirstLine(err.Error()))
		return m
	}
	for _, d := range f.Decls {
		if s, _, ok := textField(d, "module"); ok {
			m.path, _, _ = strings.Cut(s, "@")
		}
		if field, ok := d.(*ast.Field); ok {
			lang, ok := field.Value.(*ast.StructLit)
			if name, _, _ := ast.LabelName(field.Label); !ok || name != "language" {
				continue
			}
			for _, e := range lang.Elts {
				if s, at, ok := textField(e, "version"); ok {
					if !validVersion(s) {
						fail(at, "language.version: %q is not a version such as %q", s, defaultLanguage)
						continue
					}
					m.language = s
				}
			}
		}
	}
	if m.path == "" {
		fail(diag.Position{File: moduleFile}, `the module has no name: add a line such as module: "acme.example/tenancy"`)
	}
	return m
}

// textField returns the text of a declaration that is a field of that name and has one.
func textField(d ast.Decl, want string) (string, diag.Position, bool) {
	field, ok := d.(*ast.Field)
	if !ok {
		return "", diag.Position{}, false
	}
	if name, _, err := ast.LabelName(field.Label); err != nil || name != want {
		return "", diag.Position{}, false
	}
	lit, ok := field.Value.(*ast.BasicLit)
	if !ok {
		return "", diag.Position{}, false
	}
	s, err := literal.Unquote(lit.Value)
	return s, Position(lit.Pos()), err == nil
}

// validVersion reports whether s is a semantic version as CUE writes it.
func validVersion(s string) bool {
	rest, ok := strings.CutPrefix(s, "v")
	core, _, _ := strings.Cut(rest, "-")
	parts := strings.Split(core, ".")
	return ok && len(parts) == 3 && !slices.ContainsFunc(parts, func(p string) bool {
		return p == "" || len(p) > 9 || strings.Trim(p, "0123456789") != "" || len(p) > 1 && p[0] == '0'
	}) && !strings.ContainsAny(rest, " +\n") && !strings.HasSuffix(rest, "-")
}
