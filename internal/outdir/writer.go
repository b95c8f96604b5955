package outdir

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// Writer writes one build. Its methods may be called at the same time, except
// that [Writer.Commit] and [Writer.Abort] come last.
type Writer struct {
	dir    string
	o      Options
	root   *os.Root
	next   *os.Root
	lock   *os.File
	former map[string]bool // the Roots that existed

	mu    sync.Mutex
	files map[string]kind // those that Write was given; all of the build, once they are gathered
	dirs  map[string]bool // all directories they are in
	kept  [][]string      // those that Keep was given
	// entered is the directory of the last one.
	entered string
	err     error // the first failure, with which no commit is possible
	done    bool
	// descents into the next tree, at rest.
	descents []*descent

	// standing reports whether a path is one of the stands files below the Roots; nil
	// if the caller does not know them.
	standing func(path string) bool
	stands   int
}

// kind is what a build does with a file.
type kind int8

const (
	pending kind = iota // taken by a Write that is under way
	written             // stands in the next tree
	kept                // to be linked from the former tree
)

// Begin starts a build into dir, which is created if it is missing. It first
// finishes a build that was interrupted. It fails if another build is running,
// and refuses a directory that is a symbolic link, has one where the compiler
// writes, is the root of the file system or a home directory, or holds the
// source of the tenancy.
//
// The caller ends the build by Commit or Abort.
func Begin(dir string, o Options) (*Writer, error) {
	dir = filepath.Clean(dir)
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot create the output directory %s: %w", dir, cause(err))
	}
	root, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, o: o, root: root, files: map[string]kind{}, dirs: map[string]bool{}, former: map[string]bool{}}
	if err := w.begin(); err != nil {
		w.close()
		if errors.Is(err, errBusy) {
			return nil, fmt.Errorf("%w in %s: wait for it to end", err, dir)
		}
		return nil, fmt.Errorf("cannot write to %s: %w", dir, err)
	}
	return w, nil
}

func (w *Writer) begin() error {
	if err := makeStateDir(w.root); err != nil {
		return err
	}
	var err error
	if w.lock, err = lock(w.root); err != nil {
		return err
	}
	if err := finish(w.root, w.o); err != nil {
		return err
	}
	for _, name := range Roots {
		_, err := w.root.Lstat(name)
		w.former[name] = err == nil
	}
	for _, name := range []string{nextDir, oldDir} {
		if err := w.root.Mkdir(name, 0o755); err != nil {
			return cause(err)
		}
	}
	w.next, err = w.root.OpenRoot(nextDir)
	return cause(err)
}

// Write makes data the content of the file at path, which is relative to the
// output directory, slash-separated, and below one of the [Roots]. The data must
// carry the mark of [Header] and is the caller's again afterwards.
//
// A file that has these bytes already stays as it is. Write refuses to replace a
// file that is not the compiler's.
func (w *Writer) Write(path string, data []byte) error {
	if err := checkPath(path); err != nil {
		return w.fail(err)
	}
	if !own(path, data) {
		return w.fail(fmt.Errorf("%s lacks the mark of the files that tenantry writes", path))
	}
	if err := w.claim(path); err != nil {
		return w.fail(err)
	}
	same, err := w.compare(path, data)
	if err != nil {
		return w.fail(err)
	}
	k := kept
	if !same {
		if k, err = written, w.create(path, data); err != nil {
			return w.fail(fmt.Errorf("cannot write %s: %w", path, cause(err)))
		}
	}
	w.mu.Lock()
	w.files[path] = k
	w.mu.Unlock()
	return nil
}

// Know tells what files stand below the Roots, as the caller has found them since
// Begin, each one written by an earlier build: how many, and whether there is one at
// a path. Then Commit looks for itself only where it exchanges directories. A nil
// standing tells nothing.
func (w *Writer) Know(files int, standing func(path string) bool) {
	w.standing, w.stands = standing, files
}

// Keep makes the files at paths part of the build as they stand, without looking
// at them: the caller knows that they are there, and does not change the list any
// more. Commit fails if one is not, or is written too.
func (w *Writer) Keep(paths ...string) error {
	for _, path := range paths {
		if err := checkPath(path); err != nil {
			return w.fail(err)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return w.failed(errEnded)
	}
	w.kept = append(w.kept, paths)
	return nil
}

// Abort ends the build and leaves the former output as it is. After Commit, or a
// second time, it does nothing.
func (w *Writer) Abort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	w.done = true
	w.discard()
	w.close()
}

// discard removes what was written aside. What can't be removed is not part of
// the output, and the next build removes it or says why it can't.
func (w *Writer) discard() {
	_ = w.root.RemoveAll(nextDir)
	_ = w.root.RemoveAll(oldDir)
}

func (w *Writer) close() {
	for _, d := range w.descents {
		d.ascend(0)
	}
	if w.next != nil {
		w.next.Close()
	}
	if w.lock != nil {
		unlock(w.lock)
	}
	w.root.Close()
}

// fail remembers the first error, so that a build that ignores it cannot be
// committed.
func (w *Writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed(err)
}

// failed is fail for who holds the lock.
func (w *Writer) failed(err error) error {
	if w.err == nil {
		w.err = err
	}
	return err
}

// claim makes a file that is about to be written part of the build.
func (w *Writer) claim(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return errEnded
	}
	return w.enter(name, pending)
}

var errEnded = errors.New("the build has ended")

func errTwice(name string) error { return fmt.Errorf("%s is written twice", name) }

// enter makes a file part of the build. The caller holds the lock, or has ended the
// build.
func (w *Writer) enter(name string, k kind) error {
	if _, ok := w.files[name]; ok {
		return errTwice(name)
	}
	w.files[name] = k
	if dir := name[:strings.LastIndexByte(name, '/')]; dir != w.entered { // most files come with others of their directory
		w.entered = dir
		for ; dir != "." && !w.dirs[dir]; dir = path.Dir(dir) {
			w.dirs[dir] = true
		}
	}
	return nil
}

// compare reports whether the former file at name has these bytes. It is an
// error if it has others and is not the compiler's.
func (w *Writer) compare(name string, data []byte) (bool, error) {
	if first, _, _ := strings.Cut(name, "/"); !w.former[first] {
		return false, nil
	}
	// A pipe would block without the flag.
	f, err := w.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", name, cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", name, cause(err))
	}
	if !info.Mode().IsRegular() {
		return false, nil // Commit decides, knowing what else is in a directory
	}
	size := int64(markSize)
	if info.Size() == int64(len(data)) {
		size = info.Size()
	}
	var buf bytes.Buffer
	if _, err := io.CopyN(&buf, f, size); err != nil && err != io.EOF {
		return false, fmt.Errorf("cannot read %s: %w", name, cause(err))
	}
	if info.Size() == int64(len(data)) && bytes.Equal(buf.Bytes(), data) {
		return true, nil
	}
	if !own(name, buf.Bytes()) {
		return false, errForeign(name)
	}
	return false, nil
}

func errForeign(name string) error {
	return fmt.Errorf("%s was not written by tenantry, and a build would replace it: move it elsewhere", name)
}

// create writes a file of the next tree.
func (w *Writer) create(name string, data []byte) error {
	return w.within(path.Dir(name), func(dir *os.Root) error {
		f, err := dir.OpenFile(path.Base(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Close())
	})
}
