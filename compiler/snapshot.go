package compiler

import (
	"context"
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
)

// Snapshot is the files of a tenancy repo at one moment: those of a revision, or those
// on disk.
type Snapshot struct {
	*source.Tree
	// Diagnostics are about files that are not part of it.
	Diagnostics []diag.Diagnostic
}

// takeSnapshot reads the source, without the directories that are excluded.
func takeSnapshot(ctx context.Context, o *Options, exclude []string, clock *clock) (*Snapshot, error) {
	defer clock.start(stageSource)()
	tree, found, err := source.Open(ctx, o.Dir, source.Options{Revision: o.Revision, Exclude: exclude})
	if err != nil {
		return nil, err
	}
	if o.Opened != nil {
		o.Opened(tree)
	}
	for _, d := range found {
		if d.Code == diag.TreeTooLarge { // what was not read would seem to be gone
			return nil, fmt.Errorf("%s: %s (%s)", d.Code, d.Message, d.Position)
		}
	}
	return &Snapshot{Tree: tree, Diagnostics: found}, nil
}

// unread are the files that could not be read. Those that nobody reads are not among them:
// by their names they are no part of their directories.
func (s *Snapshot) unread() []diag.Diagnostic {
	return slices.DeleteFunc(slices.Clone(s.Diagnostics), func(d diag.Diagnostic) bool { return d.Severity != diag.Error || d.Code == diag.UnreadFile })
}

// text returns the content of a file, for messages that show it.
func (s *Snapshot) text(file string) ([]byte, bool) {
	f, ok := s.File(file)
	return f.Data, ok
}
