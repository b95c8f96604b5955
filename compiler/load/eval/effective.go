package eval

import (
	"encoding/json"
	"slices"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Effective is what a logical cluster comes to, in the form of a document.
type Effective struct {
	Key string
	// Fields are those of the document, by name.
	Fields map[string]any
	// Spellings are other ways to write amounts of the quota, by their keys: what patterns
	// admit in one of them is admitted.
	Spellings map[string][]any
}

// Broken is a limit that an effective logical cluster breaks.
type Broken struct {
	// Path of the field in the document: "quota", "cpu".
	Path []string
	// Message says how: "64 is not allowed: it must be <=32".
	Message string
	// Limits are where the limit is, as far as that is known.
	Limits []diag.Position
}

// Patterns are the patterns that reach some documents.
type Patterns struct {
	// Chain are the directories that have them, each above the next.
	Chain []*syntax.Directory
	// Dir is the directory of the documents.
	Dir string
	// Single: patterns look at all documents, so that each is evaluated by itself.
	Single bool
}

// Limits evaluates the patterns with effective logical clusters in the place of documents,
// and returns which limits each breaks. What a document must say by itself is no matter here.
func (b *Builder) Limits(p Patterns, all []Effective) [][]Broken {
	out := make([][]Broken, len(all))
	size := len(all)
	if p.Single {
		size = 1
	}
	at := 0
	for some := range slices.Chunk(all, max(size, 1)) {
		for i, broken := range b.limits(p, some) {
			out[at+i] = b.respelled(p, some[i], broken)
		}
		at += len(some)
	}
	return out
}

var logicalClusters = document.KindIndex(string(schema.KindLogicalClusters))

// limits evaluates some effective logical clusters in one instance.
func (b *Builder) limits(p Patterns, all []Effective) [][]Broken {
	out := make([][]Broken, len(all))
	file := &ast.File{Filename: syntax.OwnFiles + "effective.json"}
	for _, e := range all {
		text, err := json.Marshal(e.Fields)
		if err != nil {
			continue
		}
		if d, err := dataField(Identity{logicalClusters, e.Key}, text); err == nil {
			file.Decls = append(file.Decls, d)
		}
	}
	inst := b.instantiate(b.repo.Patterns(p.Chain, p.Dir), file)
	if inst.problems != nil {
		return out // reported where the directories are evaluated
	}
	for i, e := range all {
		out[i] = b.broken(Identity{logicalClusters, e.Key}.in(inst.value))
	}
	return out
}

// broken returns the limits that a value breaks.
func (b *Builder) broken(v cue.Value) (out []Broken) {
	err := v.Validate(cue.Final())
	if err == nil {
		return nil
	}
	ex := explainer{known: b.known}
	for _, p := range ex.explain(err) {
		switch p.Code {
		case diag.AncestorLimit, diag.ValueConflict, diag.InvalidValue, diag.FieldNotAllowed:
		default:
			continue // CUE's verdict on the document says what is missing or not settled
		}
		_, _, rest, _ := documentOf(p.path)
		one := Broken{Path: rest, Message: p.Message}
		for _, at := range append([]diag.Position{p.Position}, related(p.Related)...) {
			if !at.IsZero() && !slices.Contains(one.Limits, at) {
				one.Limits = append(one.Limits, at)
			}
		}
		out = append(out, one)
	}
	return out
}

func related(all []diag.Related) (out []diag.Position) {
	for _, r := range all {
		out = append(out, r.Position)
	}
	return out
}

// respelled leaves out amounts that are admitted in another spelling.
func (b *Builder) respelled(p Patterns, e Effective, broken []Broken) []Broken {
	return slices.DeleteFunc(broken, func(one Broken) bool {
		if len(one.Path) != 2 || one.Path[0] != "quota" {
			return false
		}
		quota, _ := e.Fields["quota"].(map[string]any)
		return slices.ContainsFunc(e.Spellings[one.Path[1]], func(spelling any) bool {
			other := Effective{Key: e.Key, Fields: with(e.Fields, "quota", with(quota, one.Path[1], spelling))}
			return !slices.ContainsFunc(b.limits(p, []Effective{other})[0], func(o Broken) bool { return slices.Equal(o.Path, one.Path) })
		})
	})
}

// with returns a map with another value under a key.
func with(m map[string]any, key string, value any) map[string]any {
	out := make(map[string]any, len(m)+1)
	for k, v := range m {
		out[k] = v
	}
	out[key] = value
	return out
}
