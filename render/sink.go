package render

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"

	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/outdir"
)

// sink takes the files of a build, from several goroutines.
type sink interface {
	// part takes the files that make writes, which are a function of what the
	// digest stands for, or of it and more if it is unknown. The name is the part's
	// own in the build.
	part(name string, input [32]byte, make func(files) error) error
}

// unknown is the digest of an input that nobody has worked out.
var unknown [32]byte

// files takes the files of one part, from one goroutine.
type files interface {
	// write takes a file, which make appends to what it is given. One to which
	// nothing is appended is none.
	write(path string, make func(dst []byte) []byte) error
	// writeObjects takes a file of objects.
	writeObjects(path string, objects []manifest.Map) error
	// writeState takes the objects of a state with this digest.
	writeState(path string, digest [32]byte, objects []manifest.Map) error
	// keep reports whether the file of a state with this digest stands already,
	// and leaves it so.
	keep(path string, digest [32]byte) bool
}

// tree writes to an output directory.
type tree struct {
	w      *outdir.Writer
	former *Record // that which may be relied on; nil if nothing
	// lowered counts the states that were written.
	lowered atomic.Int64

	mu     sync.Mutex
	record *Record // of this build
}

// part keeps a part of the same input as it stands, if nobody has touched any of
// its files.
func (t *tree) part(name string, input [32]byte, make func(files) error) error {
	if p, ok := t.former.part(name); ok && input != unknown && p.input == input {
		if err := t.w.Keep(p.paths...); err != nil {
			return err
		}
		t.add(name, p)
		return nil
	}
	w := &partWriter{tree: t, part: &part{input: input}}
	if err := make(w); err != nil {
		return err
	}
	t.add(name, w.part)
	return nil
}

func (t *tree) add(name string, p *part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.record.parts[name] = p
}

// partWriter writes one part.
type partWriter struct {
	*tree
	part *part
	buf  []byte // what the files of the part are made in
}

func (w *partWriter) write(path string, make func([]byte) []byte) error {
	data := w.made(make)
	if len(data) == 0 {
		return nil
	}
	digest := sha256.Sum256(data)
	if w.stands(path, digest) {
		return nil
	}
	return w.replace(path, digest, data)
}

func (w *partWriter) writeObjects(path string, objects []manifest.Map) error {
	return w.write(path, appending(objects))
}

func (w *partWriter) writeState(path string, digest [32]byte, objects []manifest.Map) error {
	w.lowered.Add(1)
	return w.replace(path, digest, w.made(appending(objects)))
}

// made returns what make appends, until the next call.
func (w *partWriter) made(make func([]byte) []byte) []byte {
	w.buf = make(w.buf[:0])
	return w.buf
}

func (w *partWriter) keep(path string, digest [32]byte) bool { return w.stands(path, digest) }

// stands makes a file part of the build as it is, if what it depends on has not
// changed and nobody has touched it. One that the writer can't keep is written
// again, and that says why.
func (w *partWriter) stands(path string, digest [32]byte) bool {
	f, ok := w.former.file(path)
	if !ok || f.digest != digest || w.w.Keep(path) != nil {
		return false
	}
	w.part.add(path, f)
	return true
}

func (w *partWriter) replace(path string, digest [32]byte, data []byte) error {
	w.part.add(path, file{digest: digest})
	return w.w.Write(path, data)
}
