package load

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// Hold evaluates documents that are given as values in place of what the repo now
// says. Patterns, as far as these can be evaluated today, apply: they may add to a
// document, and where they refuse it the diagnostics say so and the document comes as
// it was.
//
// The order of the result is that of the argument.
func (v *View) Hold(ctx context.Context, pinned []eval.Pinned) ([]eval.Held, error) {
	type group struct {
		dir   string
		above bool
	}
	out := make([]eval.Held, len(pinned))
	groups := map[group][]int{}
	for i, p := range pinned {
		g := group{p.Dir, p.Above}
		groups[g] = append(groups[g], i)
	}
	w := within{View: v}
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b group) int {
		switch {
		case a.dir != b.dir || a.above == b.above:
			return strings.Compare(a.dir, b.dir)
		case a.above:
			return 1
		}
		return -1
	}) {
		some := make([]eval.Pinned, len(groups[g]))
		for i, n := range groups[g] {
			some[i] = pinned[n]
		}
		w.slow = 0
		held, err := v.holdDirectory(ctx, &w, g.dir, v.chain(g.dir, g.above), some)
		if err != nil {
			return nil, err
		}
		for i, n := range groups[g] {
			out[n] = held[i]
		}
	}
	return out, nil
}

// holdDirectory holds the documents of one directory. One that the patterns cannot be
// evaluated for in time stays as it was, and this is reported: nothing says that they do not
// admit it.
func (v *View) holdDirectory(ctx context.Context, w *within, dir string, chain []*syntax.Directory, pinned []eval.Pinned) ([]eval.Held, error) {
	found, err := evaluateEach(ctx, w, pinned, func(b *eval.Builder, some []eval.Pinned) []eval.Held { return b.Hold(dir, chain, some) })
	if err != nil {
		return nil, err
	}
	held := make([]eval.Held, len(pinned))
	for i, one := range found {
		if one != nil {
			held[i] = *one
			continue
		}
		held[i] = v.evaluator.Unjudged(pinned[i], diag.New(diag.TooComplex, diag.Position{},
			"the patterns of the directories above could not be evaluated in time for the document, which stays as it was"))
	}
	return held, nil
}

// Refused returns a document as it was, where what holds today does not admit it.
func (v *View) Refused(p eval.Pinned, why ...diag.Diagnostic) eval.Held {
	return v.evaluator.Refused(p, why...)
}

// chain returns the directories whose patterns reach a directory, as far as they
// can be evaluated today, each above the next; without the directory itself if only
// those above it are asked for.
func (v *View) chain(dir string, above bool) (chain []*syntax.Directory) {
	for _, d := range v.repo.Directories {
		if document.Within(dir, d.Path) && !(above && d.Path == dir) && !v.isDead(d) {
			chain = append(chain, d)
		}
	}
	return chain
}
