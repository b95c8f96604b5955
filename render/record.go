package render

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/internal/store"
)

// recordVersion is that of the encoding.
const recordVersion = 4

// Record is what a build wrote, for the next one into the same directory. It
// is a cache: without it, the same files are written.
type Record struct {
	tool  [32]byte
	parts map[string]*part
	// files of all parts by path; nil in the record of a build that goes on.
	files map[string]*file
	// checked: it is known which of the files stand in the output as they were left.
	checked bool
	// intact: all do, and nothing else stands there.
	intact bool
}

func newRecord(tool [32]byte) *Record { return &Record{tool: tool, parts: map[string]*part{}} }

// part is a set of files that follow from one input.
type part struct {
	input [32]byte
	paths []string
	files []file // of the paths
}

func (p *part) add(path string, f file) {
	p.paths, p.files = append(p.paths, path), append(p.files, f)
}

// file is one file of the output.
type file struct {
	// digest of the state that it was lowered from, if it is a logical cluster's,
	// else of its content.
	digest [32]byte
	// size in bytes and mtime in nanoseconds tell whether it was touched since.
	size, mtime int64
	// stands: it is in the output as it was left.
	stands bool
}

func (f *file) matches(s stat) bool {
	return s.regular && f.mtime != 0 && s.size == f.size && s.mtime == f.mtime
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

// part returns a part of which every file stands as it was left.
func (r *Record) part(name string) (*part, bool) {
	if r == nil {
		return nil, false
	}
	p, ok := r.parts[name]
	return p, ok && !slices.ContainsFunc(p.files, func(f file) bool { return !f.stands })
}

// file returns a file that stands as it was left.
func (r *Record) file(path string) (file, bool) {
	if r == nil {
		return file{}, false
	}
	f, ok := r.files[path]
	if !ok || !f.stands {
		return file{}, false
	}
	return *f, true
}

// Stamp notes size and time of the files that the build wrote, which are known
// once it is committed.
func (r *Record) Stamp(dir string) error {
	for _, p := range r.parts {
		for i := range p.files {
			if p.files[i].mtime != 0 {
				continue
			}
			info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(p.paths[i])))
			if err != nil {
				return err
			}
			p.files[i].size, p.files[i].mtime = info.Size(), info.ModTime().UnixNano()
		}
	}
	return nil
}

// Check compares the output in dir with the record, by size and time. It reports
// how many files are as they were left, and whether all are and nothing else
// stands beside them.
func (r *Record) Check(dir string) (files int, intact bool) {
	dir = filepath.Clean(dir)
	var stand atomic.Int64
	var extra atomic.Bool
	tops := topDirectories(dir)
	parallel.Each(len(tops), func(i int) {
		n, others := r.walk(dir, tops[i])
		stand.Add(int64(n))
		if others {
			extra.Store(true)
		}
	})
	files = int(stand.Load())
	r.checked, r.intact = true, !extra.Load() && files == len(r.files)
	return files, r.intact
}

// Whole reports whether the files below one root of the output are as they were
// left, and nothing else stands beside them.
func (r *Record) Whole(dir, root string) bool {
	stand, others := r.walk(filepath.Clean(dir), root)
	if others {
		return false
	}
	for path := range r.files {
		if strings.HasPrefix(path, root+"/") {
			stand--
		}
	}
	return stand == 0
}

// Standing says what files stand in the output, if Check has found that they are
// those of the record: how many, and whether there is one at a path. The latter is nil
// if they are not.
func (r *Record) Standing() (files int, at func(path string) bool) {
	if r == nil || !r.intact {
		return 0, nil
	}
	return len(r.files), func(path string) bool { return r.files[path] != nil }
}

// topDirectories returns the entries of the output that are walked by themselves:
// enough of them to keep all processors busy.
func topDirectories(dir string) []string {
	var out []string
	for _, root := range outdir.Roots {
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

// walk finds the files at or below top that are as they were left. It returns how
// many, and whether it met anything else. No two walks may meet the same file at a
// time.
func (r *Record) walk(dir, top string) (stand int, others bool) {
	info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(top)))
	if err != nil {
		return 0, true
	}
	if info.IsDir() {
		return r.walkDirectory(dir, top)
	}
	if r.meet(top, statOf(info)) {
		return 1, false
	}
	return 0, true
}

func (r *Record) walkDirectory(root, path string) (stand int, others bool) {
	dir, err := os.Open(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		return 0, true
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	others = err != nil
	statIn := statsIn(dir)
	for _, name := range names {
		below := path + "/" + name
		switch s, err := statIn(name); {
		case err != nil:
			others = true
		case s.directory:
			n, o := r.walkDirectory(root, below)
			stand, others = stand+n, others || o
		case r.meet(below, s):
			stand++
		default:
			others = true
		}
	}
	return stand, others
}

// meet notes that a file stands in the output, and reports whether it is as it was
// left.
func (r *Record) meet(path string, s stat) bool {
	f := r.files[path]
	if f == nil || !f.matches(s) {
		return false
	}
	f.stands = true
	return true
}

// stat is what tells whether a file was touched.
type stat struct {
	directory, regular bool
	size, mtime        int64
}

func statOf(info fs.FileInfo) stat {
	return stat{directory: info.IsDir(), regular: info.Mode().IsRegular(), size: info.Size(), mtime: info.ModTime().UnixNano()}
}

// Encode writes the record.
func (r *Record) Encode(e *store.Encoder) {
	e.Uint(recordVersion)
	e.Fixed(r.tool[:])
	e.Uint(uint64(len(r.parts)))
	for name, p := range r.parts {
		e.Text(name)
		e.Fixed(p.input[:])
		e.Uint(uint64(len(p.files)))
		for i := range p.files {
			f := &p.files[i]
			e.Text(p.paths[i])
			e.Fixed(f.digest[:])
			e.Int(f.size)
			e.Int(f.mtime)
		}
	}
}

// Size is about how many bytes Encode writes.
func (r *Record) Size() int {
	const perFile, perPart = 128, 96
	size := perPart * len(r.parts)
	for _, p := range r.parts {
		size += perFile * len(p.files)
	}
	return size
}

// DecodeRecord reads what Encode wrote. An error means that there is no record to
// use, nothing worse.
func DecodeRecord(d *store.Decoder) (*Record, error) {
	if version := d.Uint(); version != recordVersion {
		return nil, fmt.Errorf("record of the last build: version %d, not %d", version, recordVersion)
	}
	r := newRecord([32]byte{})
	d.Fixed(r.tool[:])
	files := 0
	for range d.Count() {
		name, p := d.Text(), &part{}
		d.Fixed(p.input[:])
		n := d.Count()
		p.paths, p.files = make([]string, n), make([]file, n)
		for i := range n {
			f := &p.files[i]
			p.paths[i] = d.Text()
			d.Fixed(f.digest[:])
			f.size, f.mtime = d.Int(), d.Int()
		}
		r.parts[name] = p
		files += n
	}
	if d.Bad() {
		return nil, fmt.Errorf("record of the last build: %w", store.ErrCorrupt)
	}
	r.files = make(map[string]*file, files)
	for _, p := range r.parts {
		for i, path := range p.paths {
			r.files[path] = &p.files[i]
		}
	}
	if len(r.files) != files { // no file is of two parts
		return nil, fmt.Errorf("record of the last build: %w", store.ErrCorrupt)
	}
	return r, nil
}
