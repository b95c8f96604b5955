package outdir

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Commit makes the files of the build the output, in place of the former ones,
// and ends the build. If it fails, the former output is whole, or the journal
// stays from which the next build goes on; the error says which.
func (w *Writer) Commit() (Stats, error) {
	w.mu.Lock()
	ended, err := w.done, w.err
	w.done = true
	w.mu.Unlock()
	if ended {
		return Stats{}, errEnded
	}
	defer w.close()
	if err != nil {
		w.discard()
		return Stats{}, err
	}
	stats, swaps, err := w.prepare()
	if err != nil {
		w.discard()
		return Stats{}, err
	}
	s := swapper{w.root, w.o}
	if len(swaps) == 0 {
		w.discard()
		return stats, nil
	}
	if err := w.sync(); err != nil {
		w.discard()
		return Stats{}, err
	}
	if err := s.writeJournal(swaps); err != nil {
		if s.removeJournal() == nil {
			w.discard()
		}
		return Stats{}, fmt.Errorf("cannot write to %s: %w", w.dir, err)
	}
	if err := s.forward(swaps); err != nil {
		err = fmt.Errorf("cannot replace the output in %s: %w", w.dir, err)
		if undone := s.back(swaps); undone != nil {
			return Stats{}, fmt.Errorf("%w; the next build will try again", err)
		}
		w.discard()
		return Stats{}, err
	}
	if err := s.settle(); err != nil {
		return Stats{}, fmt.Errorf("the output in %s is replaced, but the next build has to clean up: %w", w.dir, err)
	}
	return stats, nil
}

// few is the number of files up to which a build exchanges them one by one. The
// journal makes both ways equally safe; this one leaves the rest of the tree
// alone, the other is one step for a reader however much changed.
const few = 64

// prepare completes the next tree and returns the exchanges that make it the
// output: those of the files that changed if they are few and no directory comes
// or goes, else those of the Roots in which anything changed.
func (w *Writer) prepare() (Stats, []swap, error) {
	changed, stats, err := w.count()
	if err != nil {
		return Stats{}, nil, err
	}
	if w.known(changed, stats) {
		swaps, err := w.swaps(changed)
		return stats, swaps, err
	}
	if err := w.gather(); err != nil {
		return Stats{}, nil, err
	}
	roots, surveys, err := w.survey(&stats)
	if err != nil {
		return Stats{}, nil, err
	}
	stays := func(dir string) bool {
		return slices.ContainsFunc(surveys, func(s *survey) bool { _, ok := s.dirs[dir]; return ok })
	}
	if stats.Removed == 0 && singly(changed, func(name string) bool { return stays(path.Dir(name)) }) {
		swaps, err := w.swaps(changed)
		return stats, swaps, err
	}
	if err := w.carry(roots, surveys); err != nil {
		return Stats{}, nil, err
	}
	swaps, err := w.swaps(roots)
	return stats, swaps, err
}

// count returns the files that the build wrote, in no order, and how many it wrote and
// kept.
func (w *Writer) count() (changed []string, stats Stats, err error) {
	for name, k := range w.files {
		switch k {
		case written:
			changed = append(changed, name)
		case pending:
			return nil, stats, fmt.Errorf("%s is still being written", name)
		}
	}
	stats = Stats{Written: len(changed), Unchanged: len(w.files) - len(changed)}
	for _, paths := range w.kept {
		for _, name := range paths {
			if _, ok := w.files[name]; ok {
				return nil, stats, errTwice(name)
			}
		}
		stats.Unchanged += len(paths)
	}
	return changed, stats, nil
}

// survey looks at the former tree, counts what is removed from it and what is not the
// compiler's, and returns the roots below which something changes.
func (w *Writer) survey(stats *Stats) (roots []string, surveys []*survey, err error) {
	writtenIn, keptIn := map[string]int{}, map[string]int{}
	for name, k := range w.files {
		root, _, _ := strings.Cut(name, "/")
		if k == written {
			writtenIn[root]++
		} else {
			keptIn[root]++
		}
	}
	for _, name := range Roots {
		s, err := w.look(name)
		if err != nil {
			return nil, nil, err
		}
		if s.kept != keptIn[name] {
			return nil, nil, fmt.Errorf("a file below %s was removed during the build", name)
		}
		stats.Removed += s.removed
		stats.Foreign += len(s.foreign)
		if writtenIn[name] > 0 || s.removed > 0 {
			roots = append(roots, name)
			surveys = append(surveys, s)
		}
	}
	return roots, surveys, nil
}

// swaps returns the exchanges of files or Roots, by name.
func (w *Writer) swaps(names []string) ([]swap, error) {
	slices.Sort(names)
	swaps := make([]swap, len(names))
	for i, name := range names {
		swaps[i].Name = name
		var err error
		if swaps[i].Former, err = inode(w.root, name); err != nil {
			return nil, err
		}
		if swaps[i].Next, err = inode(w.root, path.Join(nextDir, name)); err != nil {
			return nil, err
		}
	}
	return swaps, nil
}

// gather enters what Keep was given.
func (w *Writer) gather() error {
	for _, paths := range w.kept {
		for _, name := range paths {
			if err := w.enter(name, kept); err != nil {
				return err
			}
		}
	}
	return nil
}

// known reports whether the files that changed can be exchanged one by one, without
// looking at the former tree: the caller knows it, and nothing goes.
func (w *Writer) known(changed []string, stats Stats) bool {
	if w.standing == nil {
		return false
	}
	stand := stats.Written + stats.Unchanged
	for name := range w.files {
		if !w.standing(name) {
			stand--
		}
	}
	return stand == w.stands && singly(changed, func(name string) bool { return w.standing(name) || w.keptBelow(path.Dir(name)) })
}

// keptBelow reports whether a file below a directory is kept.
func (w *Writer) keptBelow(dir string) bool {
	return slices.ContainsFunc(w.kept, func(paths []string) bool {
		return slices.ContainsFunc(paths, func(name string) bool { return strings.HasPrefix(name, dir+"/") })
	})
}

// singly reports whether the files that changed can be exchanged one by one: they
// are few, and the directory of each stays.
func singly(changed []string, stays func(name string) bool) bool {
	return len(changed) <= few && !slices.ContainsFunc(changed, func(name string) bool { return !stays(name) })
}

// sync brings to the disk what a machine that loses power could lose for good,
// before the journal says that it is there: the pins, once there are former
// ones. All else follows from the source and the pins, and a file that lost its
// end is noticed and written again.
func (w *Writer) sync() error {
	if !w.former["pins"] {
		return nil
	}
	var names []string
	for name, k := range w.files {
		if k == written && strings.HasPrefix(name, "pins/") {
			names = append(names, name)
		}
	}
	if err := parallel(w.o.Workers, names, func(name string) error { return syncPath(w.next, name) }); err != nil {
		return fmt.Errorf("cannot write to %s: %w", w.dir, err)
	}
	return nil
}

// syncPath brings a file or directory to the disk.
func syncPath(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return cause(err)
	}
	return cause(errors.Join(f.Sync(), f.Close()))
}

// readFull is io.ReadFull for which the end of the file is no error.
func readFull(f *os.File, buf []byte) (int, error) {
	n, err := io.ReadFull(f, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return n, err
}

// parallel calls do for all items and returns an error if any call did.
func parallel[T any](workers int, items []T, do func(T) error) error {
	var g errgroup.Group
	g.SetLimit(workers)
	for _, item := range items {
		g.Go(func() error { return do(item) })
	}
	return g.Wait()
}
