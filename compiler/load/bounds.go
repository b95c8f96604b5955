package load

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/compiler/load/eval"
)

// within evaluates within the bounds of one directory.
type within struct {
	*View
	// builder is that of the last evaluation, nil where it is at work still.
	builder *eval.Builder
	// slow counts what exceeded the bounds by itself.
	slow int
}

// patience is how much may exceed the bounds by itself, where it exceeds them together with
// others, before others are not tried by themselves any more.
const patience = 5

// evaluateEach evaluates inputs together, and where the bounds do not suffice for that, each by
// itself. What can't be evaluated in time is nil.
func evaluateEach[In, Out any](ctx context.Context, w *within, all []In, evaluate func(*eval.Builder, []In) []Out) ([]*Out, error) {
	out := make([]*Out, len(all))
	found, err := evaluateTogether(ctx, w, all, evaluate)
	if err != nil {
		return nil, err
	}
	for i := range found {
		out[i] = &found[i]
	}
	for i := 0; found == nil && len(all) > 1 && i < len(all) && w.slow < patience; i++ {
		one, err := evaluateTogether(ctx, w, all[i:i+1], evaluate)
		switch {
		case err != nil:
			return nil, err
		case one == nil:
			w.slow++
		default:
			out[i] = &one[0]
		}
	}
	return out, nil
}

// evaluateTogether returns nil where the bounds do not suffice.
func evaluateTogether[In, Out any](ctx context.Context, w *within, some []In, evaluate func(*eval.Builder, []In) []Out) ([]Out, error) {
	b, err := w.evaluator.Next(w.builder)
	if err != nil {
		return nil, err
	}
	found := bounded(ctx, w.options.Timeout, func() []Out { return evaluate(b, some) })
	if w.builder = b; found == nil {
		w.builder = nil
	}
	return found, ctx.Err()
}

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
