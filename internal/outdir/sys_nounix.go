//go:build !unix

package outdir

import (
	"errors"
	"io/fs"
	"os"
)

// Without locks and inodes an interrupted build can't be told from a running
// one, so that there is no build at all: taking the lock fails.
func flock(*os.File) error {
	return errors.New("this system lacks the file locks that a build needs")
}

func unlock(f *os.File) { f.Close() }

func inode(*os.Root, string) (uint64, error) { return 0, errors.ErrUnsupported }

func links(fs.FileInfo) uint64 { return 1 }

func linker(_, _ *os.File) func(string) error {
	return func(string) error { return errors.ErrUnsupported }
}
