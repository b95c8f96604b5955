package compiler

import (
	"sync"
	"time"
)

// Timing is how long a stage or a check took.
type Timing struct {
	Name string
	Took time.Duration
}

// clock measures stages and checks. It may be used by several goroutines.
type clock struct {
	mu   sync.Mutex
	took map[string]time.Duration
}

func newClock() *clock { return &clock{took: map[string]time.Duration{}} }

// start begins to measure; the function that it returns ends that.
func (c *clock) start(name string) (end func()) {
	began := time.Now()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.took[name] += time.Since(began)
	}
}
