//go:build unix

package render

import (
	"os"

	"golang.org/x/sys/unix"
)

// statIn looks at an entry of an open directory, by its name alone: looking up the
// whole path of each file of the output takes half as long again.
func statIn(dir *os.File, name string) (stat, error) {
	var s unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), name, &s, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return stat{}, err
	}
	kind := s.Mode & unix.S_IFMT
	return stat{directory: kind == unix.S_IFDIR, regular: kind == unix.S_IFREG, size: s.Size, mtime: s.Mtim.Nano()}, nil
}
