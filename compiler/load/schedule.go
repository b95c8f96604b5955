package load

import (
	"context"
	"fmt"
	"maps"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
)

// run is one evaluation of all directories.
type run struct {
	*View
	ctx    context.Context
	cancel context.CancelCauseFunc
	total  int
	done   atomic.Int64
	cached atomic.Int64

	mu   sync.Mutex
	busy map[string]bool
}

// evaluateAll evaluates the directories that are not evaluated yet.
func (v *View) evaluateAll(ctx context.Context) (Stats, error) {
	var todo []*syntax.Directory
	for _, d := range v.repo.Directories {
		if _, known := v.outcomes[d]; !known && d.Dead(func(d *syntax.Directory) bool { return len(d.Problems) > 0 }) == nil {
			todo = append(todo, d)
		}
	}
	return v.evaluate(ctx, todo)
}

// evaluate evaluates directories, each after those of them that are above it.
func (v *View) evaluate(parent context.Context, todo []*syntax.Directory) (Stats, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	r := &run{View: v, ctx: ctx, cancel: cancel, total: len(todo), busy: map[string]bool{}}
	stop := r.watch()
	defer stop()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(v.options.Workers, max(len(todo), 1)) {
		workers.Go(func() {
			var b *eval.Builder
			for {
				i := int(next.Add(1)) - 1
				if i >= len(todo) || ctx.Err() != nil {
					return
				}
				b = r.directory(b, todo[i])
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return Stats{}, context.Cause(ctx)
	}
	return Stats{Directories: len(todo), Cached: int(r.cached.Load())}, nil
}

// directory finds the outcome of one directory, and returns the builder that the
// next one may use.
func (r *run) directory(b *eval.Builder, d *syntax.Directory) *eval.Builder {
	defer func() {
		if n := int(r.done.Add(1)); r.options.OnProgress != nil {
			r.options.OnProgress(n, r.total)
		}
	}()
	if d.Dead(r.isDead) != nil {
		return b // one above has failed by now, so nothing of this is wanted
	}
	in := r.repo.Inputs(d)
	key := r.key(r.repo, d, in)
	if o, ok := r.cachedOutcome(key); ok {
		r.cached.Add(1)
		r.store(d, o)
		return b
	}
	b, err := r.evaluator.Next(b)
	if err != nil {
		r.cancel(err)
		return nil
	}
	o, sound := r.attempt(b, d, in)
	if !sound {
		r.store(d, o)
		return nil
	}
	r.putOutcome(key, o)
	r.store(d, o)
	return b
}

func (r *run) isDead(d *syntax.Directory) bool {
	r.View.mu.Lock()
	defer r.View.mu.Unlock()
	return r.outcomes[d].Dead
}

func (r *run) store(d *syntax.Directory, o eval.Outcome) {
	r.View.mu.Lock()
	defer r.View.mu.Unlock()
	r.outcomes[d] = o
}

// attempt evaluates a directory within bounds. An outcome that is not sound says
// something of this run rather than of the directory, and the builder that it
// came from must not be used again.
func (r *run) attempt(b *eval.Builder, d *syntax.Directory, in []syntax.Input) (o eval.Outcome, sound bool) {
	type result struct {
		outcome eval.Outcome
		sound   bool
	}
	r.mark(d.Name(), true)
	defer r.mark(d.Name(), false)
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- result{outcome: failed(d, diag.EvaluatorFailed, "the CUE evaluator failed on %s: %v", d.Name(), syntax.FirstLine(fmt.Sprint(p)))}
			}
		}()
		done <- result{b.Evaluate(d, in), true}
	}()
	timer := time.NewTimer(r.options.Timeout)
	defer timer.Stop()
	select {
	case got := <-done:
		return got.outcome, got.sound
	case <-timer.C:
		return failed(d, diag.TooComplex, "evaluating %s took longer than %v", d.Name(), r.options.Timeout), false
	case <-r.ctx.Done():
		return eval.Outcome{Dead: true}, false
	}
}

// failed is the outcome of a directory of which nothing can be had.
func failed(d *syntax.Directory, code diag.Code, format string, args ...any) eval.Outcome {
	at := diag.Position{}
	if len(d.Files) > 0 {
		at.File = d.Files[0].Path
	}
	return eval.Outcome{Dead: true, Diagnostics: []diag.Diagnostic{diag.New(code, at, format, args...)}}
}

func (r *run) mark(name string, busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if busy {
		r.busy[name] = true
	} else {
		delete(r.busy, name)
	}
}

// watch ends the run before it takes the machine's memory.
func (r *run) watch() (stop func()) {
	ticker := time.NewTicker(100 * time.Millisecond)
	quit := make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				if size := heapSize(); size > r.options.MaxMemory {
					r.mu.Lock()
					names := slices.Sorted(maps.Keys(r.busy))
					r.mu.Unlock()
					if len(names) == 0 {
						continue // it is not evaluation that takes it
					}
					r.cancel(fmt.Errorf("evaluation takes %d MiB of memory, more than the %d MiB that are allowed; under evaluation: %s",
						size>>20, r.options.MaxMemory>>20, strings.Join(names, ", ")))
					return
				}
			case <-quit:
				return
			}
		}
	}()
	return func() { ticker.Stop(); close(quit) }
}

// heapSize returns the bytes of live and not yet collected objects.
func heapSize() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(s[0].Value.Uint64())
}
