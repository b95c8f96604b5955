package render

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tenantry/tenantry/render/output"
)

// sink takes the files of a build, from several goroutines.
type sink interface {
	// write takes a file. The data is the caller's again afterwards.
	write(path string, data []byte) error
	// keep reports whether the file of a state with this digest stands already,
	// and leaves it so.
	keep(path string, digest [32]byte) bool
}

// tree writes to an output directory.
type tree struct {
	w      *output.Writer
	dir    string
	former map[string]file
	kept   atomic.Int64

	mu sync.Mutex
	// written are the paths of all files but those that were kept.
	written []string
}

func (t *tree) write(path string, data []byte) error {
	t.mu.Lock()
	t.written = append(t.written, path)
	t.mu.Unlock()
	return t.w.Write(path, data)
}

func (t *tree) keep(path string, digest [32]byte) bool {
	f, ok := t.former[path]
	if !ok || f.digest != digest {
		return false
	}
	// A file that somebody has touched is written again. So is one that the
	// writer can't keep, and writing it says why.
	info, err := os.Lstat(filepath.Join(t.dir, filepath.FromSlash(path)))
	if err != nil || !f.matches(info) || t.w.Keep(path) != nil {
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

func (m *memory) keep(string, [32]byte) bool { return false }
