package diag

import "sync"

// List collects diagnostics from passes that run in parallel. Its zero value
// is empty and ready for use.
type List struct {
	mu  sync.Mutex
	all []Diagnostic
}

// Add adds diagnostics. It may be called from several goroutines.
func (l *List) Add(ds ...Diagnostic) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, ds...)
}

// All returns a copy of what was added, in the order of Sort and without
// duplicates. It does not depend on the order of the calls to Add.
func (l *List) All() []Diagnostic {
	l.mu.Lock()
	defer l.mu.Unlock()
	return ordered(l.all)
}
