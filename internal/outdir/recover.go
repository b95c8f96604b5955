package outdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// finish completes an interrupted build, with the lock held.
func finish(root *os.Root, o Options) error {
	s := swapper{root, o}
	swaps, err := readJournal(root)
	if err != nil {
		return err
	}
	if swaps == nil {
		return s.clean()
	}
	for _, name := range []string{nextDir, oldDir} {
		if err := root.MkdirAll(name, 0o755); err != nil {
			return cause(err)
		}
	}
	if err := s.forward(swaps); err != nil {
		return err
	}
	return s.settle()
}

// sweep removes the former directories. A file in them that is not the
// compiler's and has no link in the output was put there after the build had
// looked: it goes back to where it was.
func sweep(root *os.Root, workers int) error {
	dirs, err := subdirectories(root, oldDir)
	if err != nil {
		return err
	}
	return parallel(workers, dirs, func(dir string) error {
		entries, _, err := readDir(root, dir)
		if err != nil {
			return cause(err)
		}
		here, err := root.OpenRoot(dir)
		if err != nil {
			return cause(err)
		}
		defer here.Close()
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			name := e.Name()
			if gone, err := retire(here, name); err != nil {
				return fmt.Errorf("cannot remove %s/%s: %w", dir, name, cause(err))
			} else if gone {
				continue
			}
			home := strings.TrimPrefix(dir, oldDir+"/")
			if err = root.MkdirAll(home, 0o755); err == nil {
				err = root.Rename(dir+"/"+name, home+"/"+name)
			}
			if err != nil {
				return fmt.Errorf("%s/%s was changed during the build and stands in %s now: %w", home, name, dir, cause(err))
			}
		}
		return nil
	})
}

// retire removes a file of a former directory if it is the compiler's or has
// another link, and reports whether it did.
func retire(dir *os.Root, name string) (bool, error) {
	info, err := dir.Lstat(name)
	if err != nil {
		return false, err
	}
	gone := links(info) > 1
	if !gone && info.Mode().IsRegular() {
		if gone, err = ownFile(dir, name); err != nil {
			return false, err
		}
	}
	if !gone {
		return false, nil
	}
	return true, dir.Remove(name)
}

// subdirectories returns the directories below dir, none if it is missing.
func subdirectories(root *os.Root, dir string) ([]string, error) {
	entries, _, err := readDir(root, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", dir, cause(err))
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		name := dir + "/" + e.Name()
		below, err := subdirectories(root, name)
		if err != nil {
			return nil, err
		}
		out = append(append(out, name), below...)
	}
	return out, nil
}
