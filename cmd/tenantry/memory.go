package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/tenantry/tenantry/compiler/source"
)

// Sizes of the heap, in bytes.
const (
	// firstHeap is collected first: what any machine has to spare.
	firstHeap = 384 << 20
	// firstHeapMost bounds what a large source makes of it.
	firstHeapMost = 1700 << 20
	// heapPerByte of source is about what a run needs in which nothing is evaluated.
	heapPerByte = 88
	// fullHeap is when collections stop being seldom. It is above firstHeapMost.
	fullHeap = 1850 << 20
)

// untilCollected says whether the first collection is still to come. Only then may the
// limit for it be raised.
var untilCollected struct {
	sync.Mutex
	waiting bool
}

// tuneMemory trades memory for time: a run is short, most of what it allocates
// lives until its end, and collecting it again and again is what a small repo
// would wait for. So the first collection waits, once the source is known for what
// will be made of it (expectHeap), and those after it come seldom. GOGC and
// GOMEMLIMIT, where they are set, hold.
func tuneMemory() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(firstHeap)
	untilCollected.waiting = true
	go func() { // beside the reading of the source
		adviseHugePages(256 << 20)
		first := new([16]byte) // collected with the first collection from here on
		runtime.AddCleanup(first, func(struct{}) {
			untilCollected.Lock()
			defer untilCollected.Unlock()
			untilCollected.waiting = false
			debug.SetMemoryLimit(fullHeap)
			debug.SetGCPercent(800)
		}, struct{}{})
	}()
}

// expectHeap lets the first collection wait for what will be made of the source.
func expectHeap(tree *source.Tree) {
	bytes := int64(0)
	for _, f := range tree.Files() {
		bytes += int64(len(f.Data))
	}
	untilCollected.Lock()
	defer untilCollected.Unlock()
	if untilCollected.waiting {
		debug.SetMemoryLimit(max(firstHeap, min(bytes*heapPerByte, firstHeapMost)))
	}
}
