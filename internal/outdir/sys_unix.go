//go:build unix

package outdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// flock returns errBusy if another process has the lock.
func flock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return errBusy
		default:
			return err
		}
	}
}

// unlock closes a locked file. It gives up the lock first: a process that is being
// started has a copy of the file for a moment, and with it the lock.
func unlock(f *os.File) {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
	f.Close()
}

// inode returns the number of a directory or regular file, 0 if there is none.
func inode(root *os.Root, name string) (uint64, error) {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, cause(err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() && !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is neither a directory nor a regular file", name)
	}
	return uint64(stat.Ino), nil
}

// links returns the number of names that a file has.
func links(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(stat.Nlink)
	}
	return 1
}

// linker returns a function that links a file from one directory into another,
// by its name there. It is good until they are closed.
func linker(from, to *os.File) func(name string) error {
	old, next := int(from.Fd()), int(to.Fd())
	return func(name string) error { return unix.Linkat(old, name, next, name, 0) }
}
