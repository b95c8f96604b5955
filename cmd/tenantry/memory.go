package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/tenantry/tenantry/compiler/source"
)

// The heap up to which nothing is collected: what any machine has to spare, and more
// for a large source, since what is made of it lives until the run ends.
const (
	least, most = 384 << 20, 1700 << 20
	perByte     = 88 // of source; about what the run in which nothing is evaluated needs
)

// untilCollected says whether the first collection is still to come. Only then may the
// limit for it be raised.
var untilCollected struct {
	sync.Mutex
	waiting bool
}

// tuneMemory trades memory for time: a run is short, most of what it allocates
// lives until its end, and collecting it again and again is what a small repo
// would wait for. So the first collection waits until the heap has grown to what
// any machine has to spare, and those after it come seldom, until the limit.
// GOGC and GOMEMLIMIT, where they are set, hold.
func tuneMemory() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(least)
	untilCollected.waiting = true
	go func() { // beside the reading of the source
		adviseHugePages(256 << 20)
		first := new([16]byte) // collected with the first collection from here on
		runtime.AddCleanup(first, func(struct{}) {
			untilCollected.Lock()
			defer untilCollected.Unlock()
			untilCollected.waiting = false
			debug.SetMemoryLimit(1850 << 20)
			debug.SetGCPercent(800)
		}, struct{}{})
	}()
}

// expect lets the first collection wait for what the source will be made into.
func expect(tree *source.Tree) {
	bytes := int64(0)
	for _, f := range tree.Files() {
		bytes += int64(len(f.Data))
	}
	untilCollected.Lock()
	defer untilCollected.Unlock()
	if untilCollected.waiting {
		debug.SetMemoryLimit(max(least, min(bytes*perByte, most)))
	}
}
