package load

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
)

// Hold evaluates documents as they were last good in place of what the repo now
// says. Patterns of their directories, as far as these can be evaluated today,
// apply: they may add to a document, and where they refuse it the diagnostics
// say so and the document comes as it was. Load comes first.
//
// The order of the result is that of the argument.
func (l *Loader) Hold(ctx context.Context, pinned []eval.Pinned) ([]eval.Held, error) {
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	out := make([]eval.Held, len(pinned))
	byDir := map[string][]int{}
	var dirs []string
	for i, p := range pinned {
		if byDir[p.Dir] == nil {
			dirs = append(dirs, p.Dir)
		}
		byDir[p.Dir] = append(byDir[p.Dir], i)
	}
	slices.Sort(dirs)
	var b *eval.Builder
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next, err := l.evaluator.Next(b)
		if err != nil {
			return nil, err
		}
		some := make([]eval.Pinned, len(byDir[dir]))
		for i, n := range byDir[dir] {
			some[i] = pinned[n]
		}
		held, sound := l.holdDirectory(ctx, next, dir, some)
		for i, n := range byDir[dir] {
			out[n] = held[i]
		}
		if b = next; !sound {
			b = nil
		}
	}
	return out, nil
}

// holdDirectory holds the documents of one directory, within the same bounds as
// an evaluation. It reports whether the builder may be used again.
func (l *Loader) holdDirectory(ctx context.Context, b *eval.Builder, dir string, pinned []eval.Pinned) (held []eval.Held, sound bool) {
	done := make(chan []eval.Held, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- nil
			}
		}()
		done <- b.Hold(dir, l.chain(dir), pinned)
	}()
	timer := time.NewTimer(l.options.Timeout)
	defer timer.Stop()
	select {
	case held = <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
	if held != nil {
		return held, true
	}
	for _, p := range pinned {
		held = append(held, l.evaluator.Refused(p))
	}
	return held, false
}

// chain returns the directories whose patterns reach a directory, as far as they
// can be evaluated today, each above the next.
func (l *Loader) chain(dir string) (chain []*syntax.Directory) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.repo.Directories {
		if d.Path != "" && d.Path != dir && !strings.HasPrefix(dir, d.Path+"/") {
			continue
		}
		if len(d.Problems) == 0 && !l.outcomes[d].Dead {
			chain = append(chain, d)
		}
	}
	return chain
}
