//go:build unix

package tree

import (
	"os"

	"golang.org/x/sys/unix"
)

// statsIn returns what looks at an entry of an open directory, by its name alone:
// looking up the whole path of each file of the output takes half as long again.
func statsIn(dir *os.File) func(name string) (stat, error) {
	fd := int(dir.Fd()) // asking for it is a system call
	return func(name string) (stat, error) {
		var s unix.Stat_t
		if err := unix.Fstatat(fd, name, &s, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return stat{}, err
		}
		kind := s.Mode & unix.S_IFMT
		return stat{directory: kind == unix.S_IFDIR, regular: kind == unix.S_IFREG, size: s.Size, mtime: s.Mtim.Nano()}, nil
	}
}
