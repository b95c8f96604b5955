package output

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// exchange swaps the entry name of root with that of the directory aside, in
// one step.
func exchange(root *os.Root, aside, name string) error {
	here, err := root.Open(".")
	if err != nil {
		return err
	}
	defer here.Close()
	there, err := root.Open(aside)
	if err != nil {
		return err
	}
	defer there.Close()
	return unix.Renameat2(int(there.Fd()), name, int(here.Fd()), name, unix.RENAME_EXCHANGE)
}

// syncfs brings all of a file system to the disk.
func syncfs(f *os.File) error {
	err := unix.Syncfs(int(f.Fd()))
	if errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	return err
}
