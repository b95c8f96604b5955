package outdir

import (
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
