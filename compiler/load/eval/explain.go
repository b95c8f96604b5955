package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue/errors"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// explainer turns CUE's errors into diagnostics in the terms of documents.
type explainer struct {
	known *known
	own   map[string]bool
	// place finds where a field of a document stands, by its full path.
	place func(path []string) diag.Position
}

// problem is a diagnostic and the path of what it is about.
type problem struct {
	path []string
	diag.Diagnostic
}

// directory explains errors that leave nothing of a directory.
func (e *explainer) directory(err error) []diag.Diagnostic {
	fallback := diag.Position{}
	if len(e.own) > 0 {
		fallback.File = slices.Min(slices.Collect(maps.Keys(e.own)))
	}
	var out []diag.Diagnostic
	for _, p := range e.explain(err) {
		if len(p.path) > 0 {
			p.Message = document.FieldPath(p.path) + ": " + p.Message
		}
		if p.Position.IsZero() {
			p.Position = fallback
		}
		out = append(out, p.Diagnostic)
	}
	return diag.Sort(out)
}

// explain explains all errors of a value.
func (e *explainer) explain(err error) []problem {
	var out []problem
	all := errors.Errors(err)
	for i := 0; i < len(all); i++ {
		path := cleanPath(all[i].Path())
		if format, _ := all[i].Msg(); strings.Contains(format, "errors in empty disjunction") {
			// What follows are the reasons against each alternative.
			end := i + 1
			for end < len(all) && slices.Equal(cleanPath(all[end].Path()), path) {
				end++
			}
			out = append(out, e.disjunction(path, all[i:end]))
			i = end - 1
			continue
		}
		out = append(out, e.one(path, all[i]))
	}
	return out
}

// one explains a single error.
func (e *explainer) one(path []string, err errors.Error) problem {
	at, related, limited, schema := e.positions(path, err)
	format, args := err.Msg()
	code, message := diag.ValueConflict, strings.TrimSpace(fmt.Sprintf(format, args...))
	see := "and here"
	switch {
	case strings.HasPrefix(format, "field not allowed"):
		return e.notAllowed(path, at)
	case strings.HasPrefix(format, "field is required but not present"):
		// CUE points to the requirement; the document is where something is missing.
		code, message, related = diag.FieldMissing, "the field is required and missing", nil
		at = e.nearest(path)
	case strings.HasPrefix(format, "invalid value") && len(args) == 2:
		code, message, see = diag.InvalidValue, outOfBound(args), "it is demanded here"
		if limited {
			code, see = diag.AncestorLimit, "the limit stands here"
		}
	case strings.HasPrefix(format, "conflicting values") && len(args) >= 2:
		message = fmt.Sprintf("%s conflicts with %s", brief(args[0]), brief(args[1]))
		switch {
		case limited:
			code, see = diag.AncestorLimit, "the limit stands here"
		case schema && len(related) == 0:
			code = diag.InvalidValue
			have, want := concreteFirst(brief(args[0]), brief(args[1]))
			message = fmt.Sprintf("%s is not allowed: want %s", have, want)
		}
	default:
		code, message = classify(format, message)
	}
	d := diag.New(code, at, "%s", limitText(e.known.plain(message)))
	for _, p := range related {
		d = d.See(p, "%s", see)
	}
	return problem{path, d}
}

// classify finds the code of an error, and a better message where there is one, by
// the format that CUE gives errors of its kind.
func classify(format, message string) (diag.Code, string) {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(format, s) })
	}
	begins := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(s string) bool { return strings.HasPrefix(format, s) })
	}
	switch {
	case has("structural cycle", "cycle error", "cycle with", "cyclic"):
		return diag.CycleFound, "the value contains itself"
	case begins("reference") && has("not found"):
		return diag.UnresolvedReference, message
	case has("imported but not defined"), begins("builtin package", "import failed", "package"):
		return diag.UnresolvedImport, message
	case begins("imported and not used", "unreferenced"):
		return diag.SyntaxError, message
	case begins("undefined field"):
		return diag.UnresolvedReference, strings.Replace(message, "undefined field:", "there is no field", 1)
	case has("incomplete", "non-concrete", "unresolved disjunction", "cannot reference optional", "ambiguous default", "cannot range over"):
		for _, prefix := range []string{"incomplete value ", "incomplete bool: "} {
			if value, ok := strings.CutPrefix(message, prefix); ok {
				message = "the value is not settled: it is still " + value
			}
		}
		return diag.IncompleteValue, message
	}
	return diag.ValueConflict, message
}

// brief names a value of a conflict; a whole struct says nothing to a reader.
func brief(x any) string {
	s := fmt.Sprint(x)
	if strings.HasPrefix(s, "{") {
		return "a struct"
	}
	return s
}

// limitText bounds a message, and takes out how CUE marks hidden names.
func limitText(s string) string {
	const most = 400
	s = strings.ReplaceAll(s, "(:"+syntax.TenancyPackage+")", "")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func outOfBound(args []any) string {
	bound := fmt.Sprint(args[1])
	if pattern, ok := strings.CutPrefix(bound, "=~"); ok {
		return fmt.Sprintf("%v is not allowed: it must match %s", args[0], pattern)
	}
	return fmt.Sprintf("%v is not allowed: it must be %s", args[0], bound)
}

// concreteFirst orders two sides of a conflict: the value, then what is wanted.
func concreteFirst(a, b string) (have, want string) {
	concrete := func(s string) bool {
		return s != "" && strings.ContainsRune("\"'0123456789-[{", rune(s[0])) || s == "true" || s == "false" || s == "null"
	}
	if concrete(a) || !concrete(b) {
		return a, b
	}
	return b, a
}

// disjunction explains a value that is none of several alternatives.
func (e *explainer) disjunction(path []string, errs []errors.Error) problem {
	at, related, limited, _ := e.positions(path, errs...)
	have, want := alternatives(errs[1:])
	code, see := diag.InvalidValue, "and here"
	if limited {
		code, see = diag.AncestorLimit, "the limit stands here"
	}
	message := "none of the alternatives that are allowed here"
	if have != "" && len(want) > 0 {
		message = fmt.Sprintf("%s is not allowed: want %s", have, strings.Join(want, " or "))
	}
	d := diag.New(code, at, "%s", limitText(e.known.plain(message)))
	if hint := diag.DidYouMean(syntax.Unquote(have), unquoteAll(want)); hint != "" {
		d.Suggestion = hint
	}
	for _, p := range related {
		d = d.See(p, "%s", see)
	}
	return problem{path, d}
}

// alternatives returns the value that the reasons against each alternative are
// about, and the alternatives.
func alternatives(reasons []errors.Error) (have string, want []string) {
	counts := map[string]int{}
	var order []string
	for _, err := range reasons {
		if _, args := err.Msg(); len(args) >= 2 {
			for _, a := range args[:2] {
				s := fmt.Sprint(a)
				if counts[s] == 0 {
					order = append(order, s)
				}
				counts[s]++
			}
		}
	}
	// What every alternative conflicts with is the value.
	for _, s := range order {
		if counts[s] > counts[have] || counts[s] == counts[have] && concreteAlone(s) {
			have = s
		}
	}
	for _, s := range order {
		if s != have {
			want = append(want, s)
		}
	}
	slices.Sort(want)
	if !strings.HasPrefix(have, `"`) && slices.ContainsFunc(want, func(s string) bool { return !strings.HasPrefix(s, "=~") }) {
		// How a text would have to look is of no interest to who wrote a number.
		want = slices.DeleteFunc(want, func(s string) bool { return strings.HasPrefix(s, "=~") })
	}
	return have, want
}

func concreteAlone(s string) bool {
	have, _ := concreteFirst("string", s)
	return have == s
}

// notAllowed explains a field that the schema does not have.
func (e *explainer) notAllowed(path []string, at diag.Position) problem {
	if at.IsZero() {
		at = e.nearest(path)
	}
	name := ""
	if len(path) > 0 {
		name = path[len(path)-1]
	}
	d := diag.New(diag.FieldNotAllowed, at, "there is no field %q here", name)
	if hint := diag.DidYouMean(name, e.known.fieldNames(path)); hint != "" {
		d.Suggestion = hint
	}
	return problem{path, d}
}

// positions sorts the places of errors: the main one, in the directory's own
// files where there is one, and the others; whether a directory above is among
// them, and whether the schema is.
func (e *explainer) positions(path []string, errs ...errors.Error) (at diag.Position, related []diag.Position, limited, schema bool) {
	var own, above []diag.Position
	for _, err := range errs {
		for _, p := range errors.Positions(err) {
			if syntax.InSchema(p) {
				schema = true
			}
			switch at := syntax.Position(p); {
			case at.IsZero():
			case e.own[at.File]:
				own = append(own, at)
			default:
				above = append(above, at)
			}
		}
	}
	slices.SortFunc(own, diag.Position.Compare)
	slices.SortFunc(above, diag.Position.Compare)
	own, above = slices.Compact(own), slices.Compact(above)
	limited = len(above) > 0
	if e.place != nil {
		at = e.place(path)
	}
	if i := slices.Index(own, at); i >= 0 {
		own = slices.Delete(own, i, i+1)
	} else if n := len(own); n > 0 {
		at, own = own[n-1], own[:n-1]
	}
	related = append(above, own...)
	if at.IsZero() && len(related) > 0 {
		at, related = related[0], related[1:]
	}
	const most = 8
	return at, related[:min(len(related), most)], limited, schema
}

// nearest returns the place of the nearest part of a path that has one.
func (e *explainer) nearest(path []string) diag.Position {
	for n := len(path); n > 0 && e.place != nil; n-- {
		if at := e.place(path[:n]); !at.IsZero() {
			return at
		}
	}
	return diag.Position{}
}

// cleanPath unquotes the selectors of an error's path.
func cleanPath(path []string) []string {
	out := make([]string, len(path))
	for i, s := range path {
		out[i] = syntax.Unquote(s)
	}
	return out
}

func unquoteAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = syntax.Unquote(s)
	}
	return out
}
