package tree

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"

	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/outdir"
)

// Sink takes the files of a build, from several goroutines.
type Sink interface {
	// Part takes the files that make writes, which are a function of what the
	// digest stands for, or of it and more if it is unknown. The name is the part's
	// own in the build.
	Part(name string, input [32]byte, make func(Files) error) error
}

// Unknown is the digest of an input that nobody has worked out.
var Unknown [32]byte

// Files takes the files of one part, from one goroutine.
type Files interface {
	// Write takes a file, which make appends to what it is given. One to which
	// nothing is appended is none.
	Write(path string, make func(dst []byte) []byte) error
	// WriteObjects takes a file of objects.
	WriteObjects(path string, objects []manifest.Map) error
	// WriteState takes the objects of a state with this digest.
	WriteState(path string, digest [32]byte, objects []manifest.Map) error
	// Keep reports whether the file of a state with this digest stands already,
	// and leaves it so.
	Keep(path string, digest [32]byte) bool
}

// Output writes to an output directory.
type Output struct {
	w      *outdir.Writer
	former *Record // that which may be relied on; nil if nothing
	// lowered counts the states that were written.
	lowered atomic.Int64

	mu     sync.Mutex
	record *Record // of this build
}

// NewOutput returns an output that is written by w into dir. former is the record of the
// last build into it, nil if there is none; tool identifies the compiler.
func NewOutput(w *outdir.Writer, dir string, former *Record, tool [32]byte) *Output {
	return &Output{w: w, former: former.standing(dir, tool), record: newRecord(tool)}
}

// Record returns the record of what was written.
func (t *Output) Record() *Record { return t.record }

// Lowered counts the states that were written.
func (t *Output) Lowered() int { return int(t.lowered.Load()) }

// Part keeps a part of the same input as it stands, if nobody has touched any of
// its files.
func (t *Output) Part(name string, input [32]byte, make func(Files) error) error {
	if p, ok := t.former.part(name); ok && input != Unknown && p.input == input {
		if err := t.w.Keep(p.paths...); err != nil {
			return err
		}
		t.add(name, p)
		return nil
	}
	w := &partWriter{Output: t, part: &part{input: input}}
	if err := make(w); err != nil {
		return err
	}
	t.add(name, w.part)
	return nil
}

func (t *Output) add(name string, p *part) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.record.parts[name] = p
}

// partWriter writes one part.
type partWriter struct {
	*Output
	part *part
	buf  []byte // what the files of the part are made in
}

func (w *partWriter) Write(path string, make func([]byte) []byte) error {
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

func (w *partWriter) WriteObjects(path string, objects []manifest.Map) error {
	return w.Write(path, Appending(objects))
}

func (w *partWriter) WriteState(path string, digest [32]byte, objects []manifest.Map) error {
	w.lowered.Add(1)
	return w.replace(path, digest, w.made(Appending(objects)))
}

// made returns what make appends, until the next call.
func (w *partWriter) made(make func([]byte) []byte) []byte {
	w.buf = make(w.buf[:0])
	return w.buf
}

func (w *partWriter) Keep(path string, digest [32]byte) bool { return w.stands(path, digest) }

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
