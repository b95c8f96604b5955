package outdir

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// descent is the way from the top of a tree down to one directory, each of them
// open: [os.Root] looks up a path one directory after the other, for each file
// anew, and the files of a build come directory by directory.
type descent struct {
	roots []*os.Root // the first is the tree's own
	names []string   // of the others, as paths from the top
}

func (d *descent) directory() *os.Root { return d.roots[len(d.roots)-1] }

// shared returns how many of the open directories are on the way to name.
func (d *descent) shared(name string) int {
	for i, at := range d.names {
		if name != at && !strings.HasPrefix(name, at+"/") {
			return i
		}
	}
	return len(d.names)
}

// move goes to another directory, creating what is missing of it.
func (d *descent) move(name string) error {
	d.ascend(d.shared(name))
	for len(d.names) == 0 || d.names[len(d.names)-1] != name {
		at, below := "", name
		if n := len(d.names); n > 0 {
			at = d.names[n-1]
			below = name[len(at)+1:]
		}
		step, _, _ := strings.Cut(below, "/")
		if err := d.directory().Mkdir(step, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		root, err := d.directory().OpenRoot(step)
		if err != nil {
			return err
		}
		d.roots, d.names = append(d.roots, root), append(d.names, path.Join(at, step))
	}
	return nil
}

// ascend closes all directories but the first n below the top.
func (d *descent) ascend(n int) {
	for _, root := range d.roots[n+1:] {
		root.Close()
	}
	d.roots, d.names = d.roots[:n+1], d.names[:n]
}

// within calls f with a directory of the next tree, which it creates.
func (w *Writer) within(name string, f func(*os.Root) error) error {
	d := w.descend(name)
	defer w.rest(d)
	if err := d.move(name); err != nil {
		return err
	}
	return f(d.directory())
}

// descend takes the descent that rests nearest to a directory, or begins one.
func (w *Writer) descend(name string) *descent {
	w.mu.Lock()
	defer w.mu.Unlock()
	nearest := -1
	for i, d := range w.descents {
		if nearest < 0 || d.shared(name) > w.descents[nearest].shared(name) {
			nearest = i
		}
	}
	if nearest < 0 {
		return &descent{roots: []*os.Root{w.next}}
	}
	d := w.descents[nearest]
	last := len(w.descents) - 1
	w.descents[nearest] = w.descents[last]
	w.descents = w.descents[:last]
	return d
}

// rest keeps a descent for who goes somewhere near.
func (w *Writer) rest(d *descent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.descents = append(w.descents, d)
}
