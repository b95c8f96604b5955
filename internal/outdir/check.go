package outdir

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Difference is a file in which the output is not what a build would make it.
type Difference struct {
	Path string
	Kind DifferenceKind
}

// DifferenceKind says what a build would do with a file.
type DifferenceKind string

// The kinds of a [Difference].
const (
	Missing DifferenceKind = "missing" // not there
	Changed DifferenceKind = "changed" // has other bytes
	Stale   DifferenceKind = "stale"   // the compiler's own, not part of the build
)

// Check compares the output in dir with the files of a build, given by path, and
// returns the differences by path. It writes nothing, and reads the output as it
// stands: after an interrupted build, call [Recover] first. A missing dir lacks
// all files.
func Check(dir string, files iter.Seq2[string, []byte]) ([]Difference, error) {
	var out []Difference
	seen := map[string]bool{}
	var root *os.Root
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		if root, err = openDir(dir); err != nil {
			return nil, err
		}
		defer root.Close()
	}
	for name, want := range files {
		if err := checkPath(name); err != nil {
			return nil, err
		}
		seen[name] = true
		if root == nil {
			out = append(out, Difference{name, Missing})
			continue
		}
		got, err := readRegular(root, name, int64(len(want)))
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			out = append(out, Difference{name, Missing})
		case err != nil:
			return nil, fmt.Errorf("cannot read %s: %w", name, cause(err))
		case !bytes.Equal(got, want):
			out = append(out, Difference{name, Changed})
		}
	}
	if root != nil {
		stale, err := staleFiles(root, seen)
		if err != nil {
			return nil, err
		}
		out = append(out, stale...)
	}
	slices.SortFunc(out, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// readRegular reads a file, but nothing of one that is not regular or has
// another size.
func readRegular(root *os.Root, name string, size int64) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() != size {
		return nil, nil
	}
	return root.ReadFile(name)
}

func staleFiles(root *os.Root, seen map[string]bool) ([]Difference, error) {
	var out []Difference
	for _, top := range Roots {
		err := fs.WalkDir(root.FS(), top, func(name string, e fs.DirEntry, err error) error {
			if err != nil {
				if name == top && errors.Is(err, fs.ErrNotExist) {
					return nil
				}
				return fmt.Errorf("cannot read %s: %w", name, cause(err))
			}
			if e.Type() != 0 || seen[name] {
				return nil
			}
			ours, err := ownFile(root, name)
			if err != nil {
				return fmt.Errorf("cannot read %s: %w", name, cause(err))
			}
			if ours {
				out = append(out, Difference{name, Stale})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
