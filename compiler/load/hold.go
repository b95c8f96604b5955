package load

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

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
	var b *eval.Builder
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b group) int {
		switch {
		case a.dir != b.dir || a.above == b.above:
			return strings.Compare(a.dir, b.dir)
		case a.above:
			return 1
		}
		return -1
	}) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next, err := v.evaluator.Next(b)
		if err != nil {
			return nil, err
		}
		some := make([]eval.Pinned, len(groups[g]))
		for i, n := range groups[g] {
			some[i] = pinned[n]
		}
		held, sound := v.holdDirectory(ctx, next, g.dir, v.chain(g.dir, g.above), some)
		for i, n := range groups[g] {
			out[n] = held[i]
		}
		if b = next; !sound {
			b = nil
		}
	}
	return out, nil
}

// holdDirectory holds the documents of one directory, within the same bounds as an
// evaluation; if these do not suffice, each document by itself. One that the patterns cannot
// be evaluated for in time stays as it was, and this is reported: nothing says that they do
// not admit it. It reports whether the builder may be used again.
func (v *View) holdDirectory(ctx context.Context, b *eval.Builder, dir string, chain []*syntax.Directory, pinned []eval.Pinned) (held []eval.Held, sound bool) {
	if held = bounded(ctx, v.options.Timeout, func() []eval.Held { return b.Hold(dir, chain, pinned) }); held != nil {
		return held, true
	}
	slow := 0
	for _, p := range pinned {
		var one []eval.Held
		if next, err := v.evaluator.Next(nil); err == nil && len(pinned) > 1 && slow < patience {
			if one = bounded(ctx, v.options.Timeout, func() []eval.Held { return next.Hold(dir, chain, []eval.Pinned{p}) }); one == nil {
				slow++
			}
		}
		if one == nil {
			one = []eval.Held{v.evaluator.Unjudged(p, diag.New(diag.TooComplex, diag.Position{},
				"the patterns of the directories above could not be evaluated in time for the document, which stays as it was"))}
		}
		held = append(held, one...)
	}
	return held, false
}

// patience is how many documents of a directory may exceed the bounds by themselves, where
// they exceed them together, before others are not tried any more.
const patience = 5

// bounded returns what evaluate does; nil where it takes too long, is called off or panics.
func bounded[T any](ctx context.Context, timeout time.Duration, evaluate func() []T) []T {
	done := make(chan []T, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- nil
			}
		}()
		done <- evaluate()
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case out := <-done:
		return out
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
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
