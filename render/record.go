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
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/cache"
	"github.com/tenantry/tenantry/render/output"
	"golang.org/x/sync/errgroup"
)

// recordVersion is that of the encoding.
const recordVersion = 3

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

// Encode writes the record.
func (r *Record) Encode(e *cache.Encoder) {
	e.Uint(recordVersion)
	e.Fixed(r.tool[:])
	e.Uint(uint64(len(r.files)))
	e.Uint(uint64(len(r.parts)))
	for name, p := range r.parts {
		e.Text(name)
		e.Fixed(p.input[:])
		e.Uint(uint64(len(p.files)))
		for _, path := range p.files {
			f := r.files[path]
			e.Text(path)
			e.Fixed(f.digest[:])
			e.Int(f.size)
			e.Int(f.mtime)
		}
	}
}

// Size is about how many bytes Encode writes.
func (r *Record) Size() int {
	const perFile, perPart = 128, 96
	return perFile*len(r.files) + perPart*len(r.parts)
}

// DecodeRecord reads what Encode wrote. An error means that there is no record to
// use, nothing worse.
func DecodeRecord(d *cache.Decoder) (*Record, error) {
	if version := d.Uint(); version != recordVersion {
		return nil, fmt.Errorf("record of the last build: version %d, not %d", version, recordVersion)
	}
	r := &Record{}
	d.Fixed(r.tool[:])
	r.files = make(map[string]file, d.Count())
	parts := d.Count()
	r.parts = make(map[string]part, parts)
	for range parts {
		name := d.Text()
		var p part
		d.Fixed(p.input[:])
		p.files = make([]string, d.Count())
		for i := range p.files {
			p.files[i] = d.Text()
			var f file
			d.Fixed(f.digest[:])
			f.size, f.mtime = d.Int(), d.Int()
			r.files[p.files[i]] = f
		}
		r.parts[name] = p
	}
	if d.Bad() {
		return nil, fmt.Errorf("record of the last build: %w", cache.ErrCorrupt)
	}
	return r, nil
}
