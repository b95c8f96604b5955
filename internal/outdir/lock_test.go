//go:build unix

package outdir

import (
	"testing"

	"golang.org/x/sys/unix"
)

// The lock ends with the build, though a process that is being started has a copy of the
// locked file.
func TestLockEndsWithTheBuild(t *testing.T) {
	dir := t.TempDir()
	w := begin(t, dir)
	duplicate, err := unix.Dup(int(w.lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(duplicate)
	w.Abort()
	begin(t, dir).Abort()
}
