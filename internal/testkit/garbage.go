package testkit

import (
	"os"
	"runtime/debug"
)

// Tests that compile leave much garbage and live shortly: collecting it with every
// doubling of the heap takes a fifth of their processor time.
func init() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}
