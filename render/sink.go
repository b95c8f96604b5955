package render

import (
	"crypto/sha256"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tenantry/tenantry/render/output"
)

// sink takes the files of a build, from several goroutines.
type sink interface {
	// write takes a file. The data is the caller's again afterwards.
	write(path string, data []byte) error
	// writeState takes the file of a state with this digest.
	writeState(path string, digest [32]byte, data []byte) error
	// keep reports whether the file of a state with this digest stands already,
	// and leaves it so.
	keep(path string, digest [32]byte) bool
}

// tree writes to an output directory.
type tree struct {
	w      *output.Writer
	former map[string]file
	kept   atomic.Int64

	mu    sync.Mutex
	files map[string]file // of this build
}

func (t *tree) write(path string, data []byte) error {
	digest := sha256.Sum256(data)
	if t.stands(path, digest) {
		return nil
	}
	return t.replace(path, digest, data)
}

func (t *tree) writeState(path string, digest [32]byte, data []byte) error {
	return t.replace(path, digest, data)
}

// stands makes a file part of the build as it is, if what it depends on has not
// changed and nobody has touched it. One that the writer can't keep is written
// again, and that says why.
func (t *tree) stands(path string, digest [32]byte) bool {
	f, ok := t.former[path]
	if !ok || f.digest != digest || t.w.Keep(path) != nil {
		return false
	}
	t.record(path, f)
	return true
}

func (t *tree) replace(path string, digest [32]byte, data []byte) error {
	t.record(path, file{digest: digest})
	return t.w.Write(path, data)
}

func (t *tree) record(path string, f file) {
	t.mu.Lock()
	t.files[path] = f
	t.mu.Unlock()
}

func (t *tree) keep(path string, digest [32]byte) bool {
	if !t.stands(path, digest) {
		return false
	}
	t.kept.Add(1)
	return true
}

// memory keeps the files.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (m *memory) write(path string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[path] = slices.Clone(data)
	return nil
}

func (m *memory) writeState(path string, _ [32]byte, data []byte) error { return m.write(path, data) }

func (m *memory) keep(string, [32]byte) bool { return false }
