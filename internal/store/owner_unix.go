//go:build unix

package store

import (
	"io/fs"
	"os"
	"syscall"
)

// private reports whether nobody but this user can have written a file or what
// is in a directory. Root can always, and is trusted.
func private(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(s.Uid) == int64(os.Geteuid()) && info.Mode().Perm()&0o022 == 0
}
