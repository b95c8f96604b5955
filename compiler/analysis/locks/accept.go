package locks

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/printer"
)

// Acceptance says how changes are accepted.
type Acceptance struct {
	// Dir is the tenancy repo.
	Dir string
	// MaxReach refuses what changes anything for more logical clusters; -1 refuses
	// nothing. Yes accepts that all the same.
	MaxReach int
	Yes      bool
	// Log is told what is accepted or refused, and why.
	Log io.Writer
	// Invalid is called for a document in error, which is refused.
	Invalid func() error
}

// Accept records changes, all of them or none, and reports whether they were accepted.
func (a Acceptance) Accept(r *compiler.Result, changes []*implicit.Change) (accepted bool, err error) {
	accepted = true
	for _, change := range changes {
		change.Compare(r.Tenancy, r.Implicit)
		ok, err := a.may(change)
		if err != nil {
			return false, err
		}
		accepted = accepted && ok
	}
	if !accepted {
		return false, nil
	}
	for _, change := range changes {
		if err := a.record(change); err != nil {
			return false, err
		}
	}
	return true, nil
}

// may reports whether a change may be accepted.
func (a Acceptance) may(change *implicit.Change) (bool, error) {
	switch n := change.Touched(); {
	case change.Invalid:
		if err := a.Invalid(); err != nil {
			return false, err
		}
		fmt.Fprintf(a.Log, "%s is in error and cannot be accepted\n", change.Ref())
		return false, nil
	case a.MaxReach >= 0 && n > a.MaxReach && !a.Yes:
		describe(a.Log, change)
		fmt.Fprintf(a.Log, "%s changes something for %s, more than --max-reach %d; --yes accepts it all the same\n",
			change.Ref(), printer.Count(n, "logical cluster"), a.MaxReach)
		return false, nil
	}
	return true, nil
}

// record writes the lock of a change, or removes it.
func (a Acceptance) record(change *implicit.Change) error {
	file := implicit.LockFile(change.Dir, change.Key)
	path := filepath.Join(a.Dir, filepath.FromSlash(file))
	lock := change.Next()
	switch {
	case lock == nil && change.Lock == nil:
		fmt.Fprintf(a.Log, "%s is not locked: there is nothing to accept\n", change.Ref())
		return nil
	case lock == nil:
		if err := os.Remove(path); err != nil {
			return err
		}
		fmt.Fprintf(a.Log, "accepted %s: %s; %s removed\n", change.Ref(), change.Summary(), file)
		return nil
	}
	if err := outdir.WriteFile(path, lock.Encode()); err != nil {
		return err
	}
	fmt.Fprintf(a.Log, "accepted %s, which reaches %s: %s; %s written\n", change.Ref(), printer.Count(len(lock.Reach), "logical cluster"), change.Summary(), file)
	return nil
}
