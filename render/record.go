package render

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/fxamacker/cbor/v2"
	"github.com/tenantry/tenantry/render/output"
	"golang.org/x/sync/errgroup"
)

// recordVersion is that of the encoding.
const recordVersion = 1

// Record is what a build wrote, for the next one into the same directory. It
// is a cache: without it, the same files are written.
type Record struct {
	tool  [32]byte
	files map[string]file
}

// file is one file of the output.
type file struct {
	// digest of the state that it was lowered from; zero for any other file than a
	// logical cluster's.
	digest [32]byte
	// size in bytes and mtime in nanoseconds tell whether it was touched since.
	size, mtime int64
}

func (f file) matches(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && f.mtime != 0 && info.Size() == f.size && info.ModTime().UnixNano() == f.mtime
}

// of returns the files that were written by the same tool.
func (r *Record) of(tool [32]byte) map[string]file {
	if r == nil || r.tool != tool {
		return nil
	}
	return r.files
}

// Stamp notes size and time of the files in the output directory, which are
// known once the build is committed.
func (r *Record) Stamp(dir string) error {
	for path, f := range r.files {
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			return err
		}
		f.size, f.mtime = info.Size(), info.ModTime().UnixNano()
		r.files[path] = f
	}
	return nil
}

// Intact reports whether the output in dir is, file by file, as the build left
// it: none is missing, none was touched, and none was added. It returns their
// number. It reads no contents: size and time tell.
func (r *Record) Intact(dir string) (files int, ok bool) {
	var found atomic.Int64
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, root := range output.Roots {
		entries, err := os.ReadDir(filepath.Join(dir, root))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, false
		}
		for _, e := range entries {
			g.Go(func() error {
				n, err := r.walk(dir, path.Join(root, e.Name()))
				found.Add(int64(n))
				return err
			})
		}
	}
	if g.Wait() != nil || int(found.Load()) != len(r.files) {
		return 0, false
	}
	return len(r.files), true
}

var errTouched = errors.New("not as the build left it")

func (r *Record) walk(dir, top string) (files int, err error) {
	err = filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(top)), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if f, ok := r.files[filepath.ToSlash(rel)]; !ok || !f.matches(info) {
			return errTouched
		}
		files++
		return nil
	})
	return files, err
}

// encoded is the record as it is kept.
type encoded struct {
	_       struct{} `cbor:",toarray"`
	Version int
	Tool    []byte
	Files   []encodedFile
}

type encodedFile struct {
	_           struct{} `cbor:",toarray"`
	Path        string
	Digest      []byte
	Size, MTime int64
}

// Encode returns the record as bytes.
func (r *Record) Encode() ([]byte, error) {
	e := encoded{Version: recordVersion, Tool: r.tool[:], Files: make([]encodedFile, 0, len(r.files))}
	for _, path := range slices.Sorted(maps.Keys(r.files)) {
		f := r.files[path]
		e.Files = append(e.Files, encodedFile{Path: path, Digest: f.digest[:], Size: f.size, MTime: f.mtime})
	}
	return cbor.Marshal(e)
}

// DecodeRecord reads what Encode returned. An error means that there is no
// record to use, nothing worse.
func DecodeRecord(data []byte) (*Record, error) {
	var version struct {
		_       struct{} `cbor:",toarray"`
		Version int
		Tool    cbor.RawMessage
		Files   cbor.RawMessage
	}
	if err := cbor.Unmarshal(data, &version); err != nil {
		return nil, fmt.Errorf("record of the last build: %w", err)
	}
	if version.Version != recordVersion {
		return nil, fmt.Errorf("record of the last build: version %d, not %d", version.Version, recordVersion)
	}
	var e encoded
	mode, err := cbor.DecOptions{MaxArrayElements: 1 << 30}.DecMode()
	if err != nil {
		return nil, err
	}
	if err := mode.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("record of the last build: %w", err)
	}
	r := &Record{files: make(map[string]file, len(e.Files))}
	if copy(r.tool[:], e.Tool) != len(r.tool) {
		return nil, fmt.Errorf("record of the last build: a digest of %d bytes", len(e.Tool))
	}
	for _, f := range e.Files {
		entry := file{size: f.Size, mtime: f.MTime}
		if copy(entry.digest[:], f.Digest) != len(entry.digest) {
			return nil, fmt.Errorf("record of the last build: a digest of %d bytes", len(f.Digest))
		}
		r.files[f.Path] = entry
	}
	return r, nil
}
