package eval

import (
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// contributions returns the parts that CUE unified into a value, each with the
// field that it stands in as its source.
func contributions(v cue.Value) []cue.Value {
	var out []cue.Value
	var visit func(v cue.Value, depth int)
	visit = func(v cue.Value, depth int) {
		op, args := v.Expr()
		if op == cue.AndOp && depth < 50 {
			for _, a := range args {
				visit(a, depth+1)
			}
			return
		}
		if v.Source() != nil {
			out = append(out, v)
		}
	}
	visit(v, 0)
	return out
}

// isPattern reports whether a part of a document comes from a pattern, or from
// another field that constrains without declaring.
func isPattern(c cue.Value) bool {
	f, ok := c.Source().(*ast.Field)
	if !ok {
		return false
	}
	_, pattern := f.Label.(*ast.ListLit)
	return pattern || f.Constraint != 0
}

// contribution returns where the directory's own files declare a document.
func (e *evaluation) contribution(v cue.Value) diag.Position {
	var own []diag.Position
	for _, c := range contributions(v) {
		if at := syntax.Position(c.Source().Pos()); e.own[at.File] && !isPattern(c) {
			own = append(own, at)
		}
	}
	if len(own) == 0 {
		return diag.Position{}
	}
	return slices.MinFunc(own, diag.Position.Compare)
}

// ownProduces reports whether the directory's own files may yield documents
// that are not written out.
func (e *evaluation) ownProduces() bool {
	return slices.ContainsFunc(e.inputs, func(in syntax.Input) bool { return in.Own && in.File.Produces })
}

// What stands in a directory's instance comes from its own files and from those
// above. CUE unifies them and forgets which is which, so three things are found
// out here: who declares a document, whether the directory changed what the
// patterns above it demand, and whether one of these patterns carries a default.

// inherited returns the documents that the directories above yield by
// themselves, where these can yield any that are not written out.
func (e *evaluation) inherited() map[Identity]bool {
	if !e.produces {
		return nil
	}
	out := map[Identity]bool{}
	base := e.instantiate(e.aboveInputs())
	if base.problems != nil {
		return out
	}
	for k := range kinds {
		m := base.value.LookupPath(cue.MakePath(cue.Str(document.KindNames()[k])))
		if !m.Exists() {
			continue
		}
		if kinds[k].Singleton {
			out[Identity{k, ""}] = true
			continue
		}
		if it, err := m.Fields(); err == nil {
			for it.Next() {
				out[Identity{k, it.Selector().Unquoted()}] = true
			}
		}
	}
	return out
}

func (e *evaluation) aboveInputs() []syntax.Input {
	return slices.DeleteFunc(slices.Clone(e.inputs), func(in syntax.Input) bool { return in.Own })
}

// claim decides whether the directory declares a document of its instance.
func (e *evaluation) claim(id Identity, v cue.Value, inherited map[Identity]bool, values map[Identity]cue.Value) {
	_, declared := e.declared[id]
	_, above := e.above[id]
	switch {
	case declared:
		values[id] = v
	case above || inherited[id]:
		if !e.ownProduces() {
			return
		}
		if at := e.contribution(v); !at.IsZero() {
			// It is compared with the other directories' documents later on.
			e.Failed = append(e.Failed, Failed{Kind: id.Kind, Key: id.Key, Pos: at})
		}
	case !e.produces:
		values[id] = v
	default:
		if at := e.contribution(v); !at.IsZero() {
			values[id] = v
			return
		}
		at := diag.Position{}
		for _, c := range contributions(v) {
			if p := syntax.Position(c.Source().Pos()); !p.IsZero() && !isPattern(c) {
				at = p
				break
			}
		}
		e.Diagnostics = append(e.Diagnostics, diag.New(diag.InheritedDocument, at,
			"what stands here makes the document out of those that %s declares", e.dir.Name()).About(id.Title()))
	}
}

// collect finds the documents that the directory declares.
func (e *evaluation) collect() map[Identity]cue.Value {
	values := map[Identity]cue.Value{}
	inherited := e.inherited()
	for k := range kinds {
		m := e.value.LookupPath(cue.MakePath(cue.Str(document.KindNames()[k])))
		if !m.Exists() && m.Err() == nil {
			continue
		}
		if kinds[k].Singleton {
			if m.Exists() {
				e.claim(Identity{k, ""}, m, inherited, values)
			}
			continue
		}
		it, err := m.Fields()
		if err != nil {
			continue // reported with the directory
		}
		for it.Next() {
			e.claim(Identity{k, it.Selector().Unquoted()}, it.Value(), inherited, values)
		}
	}
	return values
}
