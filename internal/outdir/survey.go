package outdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// survey is what the former tree holds beside the files of the build.
type survey struct {
	foreign []string               // files to carry over
	dirs    map[string]fs.FileMode // directories that stay, with their mode
	removed int                    // the compiler's own that are not in the build
	kept    int
}

// look surveys one of the Roots.
func (w *Writer) look(name string) (*survey, error) {
	s := &survey{dirs: map[string]fs.FileMode{}}
	if !w.former[name] {
		return s, nil
	}
	_, err := w.lookInto(s, name)
	return s, err
}

// lookInto reports whether anything stays in a directory of the former tree.
// One that is empty was made by somebody else, and stays itself.
func (w *Writer) lookInto(s *survey, dir string) (bool, error) {
	entries, mode, err := readDir(w.root, dir)
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", dir, cause(err))
	}
	stays := len(entries) == 0
	for _, e := range entries {
		entryStays, err := w.lookAt(s, dir+"/"+e.Name(), e)
		if err != nil {
			return false, err
		}
		stays = stays || entryStays
	}
	if stays {
		s.dirs[dir] = mode
	}
	return stays, nil
}

// lookAt looks at one entry of a directory, and reports whether it stays.
func (w *Writer) lookAt(s *survey, name string, e fs.DirEntry) (bool, error) {
	_, file := w.files[name]
	_, parent := w.dirs[name]
	switch {
	case e.Type() == fs.ModeSymlink && (file || parent):
		return false, fmt.Errorf("%s is a symbolic link, which a build would write through: remove it", name)
	case e.IsDir():
		inside, err := w.lookInto(s, name)
		if err == nil && file && inside {
			err = errForeign(name)
		}
		return inside, err
	case file && e.Type() == 0:
		if w.files[name] == kept {
			s.kept++
		}
		return true, nil
	}
	ours, err := w.ours(name, e)
	switch {
	case err != nil:
		return false, err
	case ours:
		s.removed++
		return false, nil
	case file || parent:
		return false, errForeign(name)
	}
	s.foreign = append(s.foreign, name)
	return true, nil
}

// ours reports whether an entry is a file of the compiler's.
func (w *Writer) ours(name string, e fs.DirEntry) (bool, error) {
	if e.Type() != 0 {
		return false, nil
	}
	ours, err := ownFile(w.root, name)
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", name, cause(err))
	}
	return ours, nil
}

// readDir returns the entries of a directory by name, and its mode.
func readDir(root *os.Root, name string) ([]fs.DirEntry, fs.FileMode, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	entries, err := f.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, info.Mode(), err
}

// ownFile reports whether a regular file is the compiler's.
func ownFile(root *os.Root, name string) (bool, error) {
	f, err := root.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, markSize)
	n, err := readFull(f, head)
	return err == nil && own(name, head[:n]), err
}

// carry puts what stays from the former tree into the next one: the files that
// are kept, those that are not the compiler's, and the modes of directories.
func (w *Writer) carry(names []string, surveys []*survey) error {
	changed := map[string]bool{}
	var files []string
	for i, name := range names {
		changed[name] = true
		files = append(files, surveys[i].foreign...)
	}
	for name, k := range w.files {
		if first, _, _ := strings.Cut(name, "/"); k == kept && changed[first] {
			files = append(files, name)
		}
	}
	if err := parallel(w.o.Workers, byDirectory(files), w.link); err != nil {
		return err
	}
	info, err := w.next.Stat(".")
	if err != nil {
		return cause(err)
	}
	for _, s := range surveys {
		for name, mode := range s.dirs {
			err := w.within(name, func(*os.Root) error { return nil })
			if err == nil && mode != info.Mode() {
				err = w.next.Chmod(name, mode)
			}
			if err != nil {
				return fmt.Errorf("cannot create %s: %w", name, cause(err))
			}
		}
	}
	return nil
}

// byDirectory sorts files and groups those of one directory, at most 512 at a time.
func byDirectory(files []string) (groups [][]string) {
	slices.Sort(files)
	for start, i := 0, 1; i <= len(files); i++ {
		if i == len(files) || i-start == 512 || path.Dir(files[i]) != path.Dir(files[start]) {
			groups = append(groups, files[start:i])
			start = i
		}
	}
	return groups
}

// link brings files of one directory of the former tree into the next one, as
// copies where the file system has no links.
func (w *Writer) link(names []string) error {
	dir := path.Dir(names[0])
	from, err := w.root.Open(dir)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", dir, cause(err))
	}
	defer from.Close()
	var to *os.File
	err = w.within(dir, func(root *os.Root) error {
		to, err = root.Open(".")
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot create %s: %w", dir, cause(err))
	}
	defer to.Close()
	add := linker(from, to)
	for _, name := range names {
		err := add(path.Base(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			err = w.copy(name)
		}
		if err != nil {
			return fmt.Errorf("cannot keep %s: %w", name, cause(err))
		}
	}
	return nil
}

func (w *Writer) copy(name string) error {
	info, err := w.root.Lstat(name)
	if err != nil {
		return err
	}
	switch info.Mode().Type() {
	case fs.ModeSymlink:
		target, err := w.root.Readlink(name)
		if err != nil {
			return err
		}
		return w.next.Symlink(target, name)
	case 0:
	default:
		return errors.New("it is neither a file nor a directory and cannot be copied")
	}
	data, err := w.root.ReadFile(name)
	if err != nil {
		return err
	}
	if err := w.next.WriteFile(name, data, info.Mode().Perm()); err != nil {
		return err
	}
	if err := w.next.Chmod(name, info.Mode()); err != nil {
		return err
	}
	return w.next.Chtimes(name, info.ModTime(), info.ModTime())
}
