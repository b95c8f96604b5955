package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

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
	debug.SetMemoryLimit(1700 << 20)
	go func() { // beside the reading of the source
		adviseHugePages(256 << 20)
		first := new([16]byte) // collected with the first collection from here on
		runtime.AddCleanup(first, func(struct{}) {
			debug.SetMemoryLimit(1850 << 20)
			debug.SetGCPercent(800)
		}, struct{}{})
	}()
}
