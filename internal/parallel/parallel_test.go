package parallel_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/tenantry/tenantry/internal/parallel"
)

var sizes = []int{0, 1, 63, 64, 65, 1000, 100_000}

func TestEachIsDoneOnce(t *testing.T) {
	for _, n := range sizes {
		done := make([]atomic.Int32, n)
		parallel.Each(n, func(i int) { done[i].Add(1) })
		for i := range done {
			if got := done[i].Load(); got != 1 {
				t.Fatalf("of %d: %d is done %d times", n, i, got)
			}
		}
	}
}

// Chunk by chunk, the ranges are all numbers in order, and so is what is gathered.
func TestOrder(t *testing.T) {
	for _, n := range sizes {
		want := make([]int, n)
		for i := range want {
			want[i] = i
		}
		chunks := make([][]int, parallel.Count(n))
		parallel.Chunks(n, func(chunk, from, to int) { chunks[chunk] = append(chunks[chunk], want[from:to]...) })
		if !slices.Equal(want, slices.Concat(chunks...)) {
			t.Errorf("of %d: the chunks are not in order", n)
		}
		if got := parallel.Gather(n, func(i int, out *[]int) { *out = append(*out, i) }); !slices.Equal(want, got) {
			t.Errorf("of %d: what was gathered is not in order", n)
		}
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	for _, at := range []int{0, 500, 999} {
		func() {
			defer func() {
				if r := recover(); r != at {
					t.Errorf("recovered %v, want %d", r, at)
				}
			}()
			parallel.Each(1000, func(i int) {
				if i == at {
					panic(i)
				}
			})
		}()
	}
}
