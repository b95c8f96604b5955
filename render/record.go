package render

import (
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/fxamacker/cbor/v2"
	"github.com/tenantry/tenantry/render/output"
	"golang.org/x/sync/errgroup"
)

// recordVersion is that of the encoding.
const recordVersion = 2

// Record is what a build wrote, for the next one into the same directory. It
// is a cache: without it, the same files are written.
type Record struct {
	tool  [32]byte
	files map[string]file
	parts map[string]part
	// checked: the files are those that stand in the output as they were left.
	checked bool
	// intact: nothing else stands there.
	intact bool
}

func newRecord(tool [32]byte, files int) *Record {
	return &Record{tool: tool, files: make(map[string]file, files), parts: map[string]part{}}
}

// part is a set of files that follow from one input.
type part struct {
	input [32]byte
	files []string
}

// file is one file of the output.
type file struct {
	// digest of the state that it was lowered from, if it is a logical cluster's,
	// else of its content.
	digest [32]byte
	// size in bytes and mtime in nanoseconds tell whether it was touched since.
	size, mtime int64
}

func (f file) matches(info fs.FileInfo) bool {
	return info.Mode().IsRegular() && f.mtime != 0 && info.Size() == f.size && info.ModTime().UnixNano() == f.mtime
}

// standing returns the record if it is of the same tool, having seen which files
// stand in dir as they were left; else nil.
func (r *Record) standing(dir string, tool [32]byte) *Record {
	if r == nil || r.tool != tool {
		return nil
	}
	if !r.checked {
		r.Check(dir)
	}
	return r
}

func (r *Record) part(name string) (part, bool) {
	if r == nil {
		return part{}, false
	}
	p, ok := r.parts[name]
	return p, ok
}

func (r *Record) file(path string) (file, bool) {
	if r == nil {
		return file{}, false
	}
	f, ok := r.files[path]
	return f, ok
}

// stand reports whether all of the files stand as they were left.
func (r *Record) stand(paths []string) bool {
	for _, path := range paths {
		if _, ok := r.files[path]; !ok {
			return false
		}
	}
	return true
}

// Stamp notes size and time of the files that the build wrote, which are known
// once it is committed.
func (r *Record) Stamp(dir string) error {
	for path, f := range r.files {
		if f.mtime != 0 {
			continue
		}
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			return err
		}
		f.size, f.mtime = info.Size(), info.ModTime().UnixNano()
		r.files[path] = f
	}
	return nil
}

// Check compares the output in dir with the record, by size and time, and
// forgets the files that are not as they were left. It reports whether all are,
// and nothing else stands beside them.
func (r *Record) Check(dir string) (files int, intact bool) {
	dir = filepath.Clean(dir)
	var mu sync.Mutex
	standing := make(map[string]file, len(r.files))
	extra := false
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, top := range topDirectories(dir) {
		g.Go(func() error {
			here := map[string]file{}
			others := r.walk(dir, top, here)
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(standing, here)
			extra = extra || others
			return nil
		})
	}
	_ = g.Wait() // no call fails
	r.intact = !extra && len(standing) == len(r.files)
	r.files, r.checked = standing, true
	return len(standing), r.intact
}

// Whole reports whether the files below one root of the output are as they were
// left, and nothing else stands beside them. It is for a record that Check has not
// seen yet.
func (r *Record) Whole(dir, root string) bool {
	standing := map[string]file{}
	if others := r.walk(filepath.Clean(dir), root, standing); others {
		return false
	}
	for path := range r.files {
		if strings.HasPrefix(path, root+"/") {
			if _, ok := standing[path]; !ok {
				return false
			}
		}
	}
	return true
}

// Standing returns the paths of all files in the output, if Check has found that
// they are those of the record; nil if not.
func (r *Record) Standing() iter.Seq[string] {
	if r == nil || !r.intact {
		return nil
	}
	return maps.Keys(r.files)
}

// topDirectories returns the entries of the output that are walked by themselves:
// enough of them to keep all processors busy.
func topDirectories(dir string) []string {
	var out []string
	for _, root := range output.Roots {
		for _, name := range entries(dir, root) {
			if below := entries(dir, path.Join(root, name)); len(below) > 0 {
				for _, b := range below {
					out = append(out, path.Join(root, name, b))
				}
				continue
			}
			out = append(out, path.Join(root, name))
		}
	}
	return out
}

func entries(dir, name string) []string {
	found, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return nil
	}
	out := make([]string, len(found))
	for i, e := range found {
		out[i] = e.Name()
	}
	return out
}

// walk adds the files below top that are as they were left, and reports whether
// it met others.
func (r *Record) walk(dir, top string, standing map[string]file) (others bool) {
	err := filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(top)), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel := filepath.ToSlash(name[len(dir)+1:])
		info, err := d.Info()
		if err != nil {
			return err
		}
		if f, ok := r.files[rel]; ok && f.matches(info) {
			standing[rel] = f
		} else {
			others = true
		}
		return nil
	})
	return others || err != nil
}

// encoded is the record as it is kept.
type encoded struct {
	_       struct{} `cbor:",toarray"`
	Version int
	Tool    []byte
	Parts   []encodedPart
}

type encodedPart struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	Input []byte
	Files []encodedFile
}

type encodedFile struct {
	_           struct{} `cbor:",toarray"`
	Path        string
	Digest      []byte
	Size, MTime int64
}

// Encode returns the record as bytes.
func (r *Record) Encode() ([]byte, error) {
	e := encoded{Version: recordVersion, Tool: r.tool[:], Parts: make([]encodedPart, 0, len(r.parts))}
	for _, name := range slices.Sorted(maps.Keys(r.parts)) {
		p := r.parts[name]
		ep := encodedPart{Name: name, Input: p.input[:], Files: make([]encodedFile, len(p.files))}
		for i, path := range p.files {
			f := r.files[path]
			ep.Files[i] = encodedFile{Path: path, Digest: f.digest[:], Size: f.size, MTime: f.mtime}
		}
		e.Parts = append(e.Parts, ep)
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
		Parts   cbor.RawMessage
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
	files := 0
	for _, p := range e.Parts {
		files += len(p.Files)
	}
	r := newRecord([32]byte{}, files)
	digest := func(to *[32]byte, from []byte) {
		if copy(to[:], from) != len(to) {
			err = fmt.Errorf("record of the last build: a digest of %d bytes", len(from))
		}
	}
	digest(&r.tool, e.Tool)
	for _, ep := range e.Parts {
		p := part{files: make([]string, len(ep.Files))}
		digest(&p.input, ep.Input)
		for i, f := range ep.Files {
			entry := file{size: f.Size, mtime: f.MTime}
			digest(&entry.digest, f.Digest)
			r.files[f.Path] = entry
			p.files[i] = f.Path
		}
		r.parts[ep.Name] = p
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}
