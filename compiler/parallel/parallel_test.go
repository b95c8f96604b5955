package parallel_test

import (
	"sync/atomic"
	"testing"

	"github.com/tenantry/tenantry/compiler/parallel"
)

// Each thing is done once, and each chunk has a number of its own.
func TestAllIsDoneOnce(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 1000, 100_000} {
		done := make([]atomic.Int32, n)
		parallel.Each(n, func(i int) { done[i].Add(1) })
		chunks := make([]atomic.Int32, parallel.Count(n))
		parallel.Chunks(n, func(chunk, from, to int) {
			chunks[chunk].Add(1)
			for i := from; i < to; i++ {
				done[i].Add(1)
			}
		})
		for i := range done {
			if got := done[i].Load(); got != 2 {
				t.Fatalf("of %d: %d is done %d times by two calls", n, i, got)
			}
		}
		for i := range chunks {
			if got := chunks[i].Load(); got != 1 {
				t.Fatalf("of %d: chunk %d is done %d times", n, i, got)
			}
		}
	}
}
