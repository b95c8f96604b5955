// Package parallel spreads what is done for many things over the processors.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// size is how many of n things a processor takes at a time: few where there are few,
// since they may be large, and never so many that one processor is left alone at the
// end.
func size(n int) int { return min(max(n/64, 1), 64) }

// Each calls do for 0 to n-1 and returns when all calls have.
func Each(n int, do func(i int)) {
	Chunks(n, func(_, from, to int) {
		for i := from; i < to; i++ {
			do(i)
		}
	})
}

// Chunks calls do for each chunk of 0 to n-1, with its number and its range, and
// returns when all calls have.
func Chunks(n int, do func(chunk, from, to int)) {
	chunks, size := Count(n), size(n)
	var next atomic.Int64
	work := func() {
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
}

// Count returns the number of chunks of 0 to n-1.
func Count(n int) int { return (n + size(n) - 1) / size(n) }
