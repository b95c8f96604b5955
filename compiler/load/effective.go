package load

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/internal/store"
)

// Effective is what a logical cluster comes to.
type Effective struct {
	Key, Dir string
	// Inherits reports whether any of what is looked at is not the document's own, which CUE
	// has judged.
	Inherits func(reads Reads) bool
	// Fields returns the fields that are asked for, and Spellings other ways to write
	// amounts of the quota; see eval.Effective.
	Fields    func(reads Reads) map[string]any
	Spellings func() map[string][]any
}

// Reads tells which fields of a document, and which entries of those that are maps, are looked
// at. Others need not be there.
type Reads interface {
	Reads(field string) bool
	ReadsKey(key string) bool
}

// Broken is a limit that a logical cluster breaks by what it comes to.
type Broken struct {
	// Path of the field in the document.
	Path    []string
	Message string
	// Limit is where the limit is, and Dir the directory that has it.
	Limit diag.Position
	Dir   string
	// Unjudged: the patterns could not be evaluated in time, so that it is not known whether
	// any limit is broken. Path and Message are empty, and Limit points to the patterns.
	Unjudged bool
}

// BrokenLimits holds logical clusters, as they come out, against the patterns of the directories
// above them and their own, and returns which each breaks. Logical clusters that the patterns
// cannot tell apart are evaluated once.
func (v *View) BrokenLimits(ctx context.Context, all []Effective) ([][]Broken, error) {
	byPath := make(map[string]*syntax.Directory, len(v.repo.Directories))
	for _, d := range v.repo.Directories {
		byPath[d.Path] = d
	}
	reached := map[string]*reach{} // by directory
	groups := map[string]*limited{}
	var order []*limited
	for i, e := range all {
		r := reached[e.Dir]
		if r == nil {
			r = v.reach(byPath[e.Dir])
			reached[e.Dir] = r
		}
		if len(r.chain) == 0 {
			continue
		}
		g := groups[r.dir]
		if g == nil {
			g = &limited{reach: r, patterns: v.repo.PatternsOf(r.chain), known: map[string]int{}}
			groups[r.dir] = g
			order = append(order, g)
		}
		if !e.Inherits(g.patterns) {
			continue
		}
		if err := g.add(i, e); err != nil {
			return nil, err
		}
	}
	order = slices.DeleteFunc(order, func(g *limited) bool { return len(g.effective) == 0 })
	failed := make([]error, len(order))
	parallel.Each(len(order), func(i int) { failed[i] = v.limits(ctx, order[i]) })
	out := make([][]Broken, len(all))
	for _, g := range order {
		for k, of := range g.of {
			for _, i := range of {
				out[i] = g.broken[k]
			}
		}
	}
	return out, errors.Join(failed...)
}

// reach is which patterns reach the documents of a directory. Equal directories have equal
// chains.
type reach struct {
	chain []*syntax.Directory
	dir   string
}

// reach returns the directories from the root to the last one that has patterns for the
// documents of a directory, as far as they can be evaluated. Where the directory itself makes
// documents that are not written out, its patterns can't be told from these, and CUE's verdict
// on the documents is all that is known of them.
func (v *View) reach(d *syntax.Directory) *reach {
	r := &reach{}
	if d == nil {
		return r
	}
	last := 0
	for _, up := range append(append([]*syntax.Directory{}, d.Above...), d) {
		if v.isDead(up) || up == d && d.Produces() {
			continue
		}
		r.chain = append(r.chain, up)
		if up.HasPatterns(up != d) {
			last = len(r.chain)
		}
	}
	r.chain = r.chain[:last]
	if last == 0 {
		return r
	}
	r.dir = r.chain[last-1].Path
	if r.chain[last-1] != d {
		r.dir = path.Join(r.dir, "*") // whose documents are those of some directory below
	}
	return r
}

// limited are logical clusters that the same patterns reach.
type limited struct {
	*reach
	patterns *syntax.Patterns
	// effective are those that the patterns tell apart, and of the indexes of the logical
	// clusters that each stands for.
	effective []eval.Effective
	of        [][]int
	known     map[string]int
	ids       []string // of effective
	broken    [][]Broken
}

func (g *limited) add(i int, e Effective) error {
	fields := e.Fields(g.patterns)
	text, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	id := g.patterns.Signature(e.Key) + "\x00" + string(text)
	k, ok := g.known[id]
	if !ok {
		k = len(g.effective)
		g.known[id] = k
		g.ids = append(g.ids, id)
		g.effective = append(g.effective, eval.Effective{Key: e.Key, Fields: fields, Spellings: e.Spellings()})
		g.of = append(g.of, nil)
	}
	g.of[k] = append(g.of[k], i)
	return nil
}

// limits evaluates a group, unless that was done before.
func (v *View) limits(ctx context.Context, g *limited) error {
	h := v.addInputs(store.NewKey(v.options.Build, "limits"), v.repo, v.repo.Patterns(g.chain, g.dir)).String(g.dir)
	for i, id := range g.ids {
		h.String(g.effective[i].Key).String(id)
	}
	key := h.Key()
	var ok bool
	if g.broken, ok = recall[[][]Broken](&v.options.Evaluated.limits, key); ok {
		return nil
	}
	if !v.options.Cache.Disabled() && v.options.Cache.Load(key, &g.broken) && len(g.broken) == len(g.effective) {
		v.options.Evaluated.limits.Store(key, g.broken)
		return nil
	}
	found, err := v.evaluateLimits(ctx, g)
	if err != nil {
		return err
	}
	g.broken = make([][]Broken, len(g.effective))
	judged := true
	for i, all := range found {
		if all == nil {
			judged = false
			g.broken[i] = []Broken{v.unjudged(g)}
			continue
		}
		g.broken[i] = v.place(g, *all)
	}
	if judged { // else it says something of this run
		v.options.Evaluated.limits.Store(key, g.broken)
		v.options.Cache.Save(key, &g.broken)
	}
	return nil
}

// together is how many logical clusters are evaluated within the bounds of one directory.
const together = 50

// evaluateLimits evaluates a group, some at a time. What can't be evaluated in time is nil.
func (v *View) evaluateLimits(ctx context.Context, g *limited) (out []*[]eval.Broken, err error) {
	patterns := eval.Patterns{Chain: g.chain, Dir: g.dir, Single: g.patterns.Whole}
	w := within{View: v}
	for some := range slices.Chunk(g.effective, together) {
		found, err := evaluateEach(ctx, &w, some, func(b *eval.Builder, some []eval.Effective) [][]eval.Broken { return b.Limits(patterns, some) })
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// unjudged is what is known where the patterns of a group cannot be evaluated in time.
func (v *View) unjudged(g *limited) Broken {
	last := g.chain[len(g.chain)-1]
	out := Broken{Dir: last.Path, Unjudged: true}
	if i := slices.IndexFunc(last.Files, func(f *syntax.File) bool { return f.HasPatterns(true) }); i >= 0 {
		out.Limit.File = last.Files[i].Path
	}
	return out
}

// place finds the directories of limits. Of what is said of one field, that counts of which
// the limit is known.
func (v *View) place(g *limited, all []eval.Broken) (out []Broken) {
	known := map[string]bool{}
	for _, one := range all {
		made := Broken{Path: one.Path, Message: one.Message}
		made.Limit, made.Dir = v.limit(g, one.Limits)
		known[document.FieldPath(one.Path)] = known[document.FieldPath(one.Path)] || !made.Limit.IsZero()
		out = append(out, made)
	}
	return slices.DeleteFunc(out, func(b Broken) bool { return b.Limit.IsZero() && known[document.FieldPath(b.Path)] })
}

// limit returns which of some positions is the limit's, and the directory that has it: the
// nearest to the root of those that patterns, or what they import, are in. Where that is not
// known, it is the nearest to the root that has any.
func (v *View) limit(g *limited, positions []diag.Position) (at diag.Position, dir string) {
	dir = g.chain[len(g.chain)-1].Path
	for _, d := range slices.Backward(g.chain) {
		if d.HasPatterns(true) {
			dir = d.Path
		}
	}
	in := func(files []*syntax.File) bool {
		for _, p := range positions { // the innermost is on the last line, where alternatives follow each other
			if slices.ContainsFunc(files, func(f *syntax.File) bool { return f.Path == p.File }) && (p.Line > at.Line || p.Line == at.Line && p.Column < at.Column) {
				at = p
			}
		}
		return !at.IsZero()
	}
	for _, d := range g.chain {
		if in(d.Files) {
			return at, d.Path
		}
	}
	for _, d := range g.chain {
		for _, f := range d.Files {
			for _, lib := range v.repo.Libraries(f) {
				if in(lib.Files) {
					return at, d.Path
				}
			}
		}
	}
	return at, dir
}
