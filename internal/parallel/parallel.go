// Package parallel spreads what is done for many things over the processors.
package parallel

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Each calls do for each of 0 to n-1, on all processors, and returns when every call
// has.
func Each(n int, do func(i int)) {
	Chunks(n, func(_, from, to int) {
		for i := from; i < to; i++ {
			do(i)
		}
	})
}

// Gather is Each for calls that find something: it returns all that they add, in the
// order of the numbers, whichever processor found it.
func Gather[T any](n int, do func(i int, out *[]T)) []T {
	parts := make([][]T, Count(n))
	Chunks(n, func(chunk, from, to int) {
		for i := from; i < to; i++ {
			do(i, &parts[chunk])
		}
	})
	return slices.Concat(parts...)
}

// Chunks calls do, on all processors, for ranges that together are 0 to n-1, each from
// one number up to, and without, another, and returns when every call has. The chunks
// are numbered from 0 to Count(n)-1 in the order of their ranges, so that what each
// finds can be joined in order. Where a call panics, so does Chunks, once all have
// ended: a panic of another goroutine could not be recovered from.
func Chunks(n int, do func(chunk, from, to int)) {
	chunks, size := Count(n), chunkSize(n)
	var next atomic.Int64
	var panicked atomic.Pointer[any]
	work := func() {
		defer func() {
			if r := recover(); r != nil {
				panicked.Store(&r)
			}
		}()
		for {
			i := int(next.Add(1)) - 1
			if i >= chunks {
				return
			}
			do(i, i*size, min(n, (i+1)*size))
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), chunks) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	if r := panicked.Load(); r != nil {
		panic(*r)
	}
}

// Count returns the number of chunks of 0 to n-1.
func Count(n int) int { return (n + chunkSize(n) - 1) / chunkSize(n) }

// chunkSize is how many of n things a processor takes at a time: few where there are
// few, since they may be large, and never so many that one processor is left alone at
// the end.
func chunkSize(n int) int { return min(max(n/64, 1), 64) }
