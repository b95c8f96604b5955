package compiler

import (
	"sync"
	"time"
)

// Timing is how long a stage or a check took, in all rounds together.
type Timing struct {
	Stage string
	// Check is empty for the stage itself.
	Check string
	Took  time.Duration
}

// clock measures stages and checks. It may be used by several goroutines.
type clock struct {
	mu   sync.Mutex
	took map[[2]string]time.Duration
}

func newClock() *clock { return &clock{took: map[[2]string]time.Duration{}} }

// start begins to measure a stage; the function that it returns ends that.
func (c *clock) start(stage string) (end func()) { return c.startCheck(stage, "") }

// startCheck begins to measure a check after a stage.
func (c *clock) startCheck(stage, check string) (end func()) {
	began := time.Now()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.took[[2]string{stage, check}] += time.Since(began)
	}
}

// read returns what was measured.
func (c *clock) read(stage, check string) (took time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	took, ok = c.took[[2]string{stage, check}]
	return took, ok
}
