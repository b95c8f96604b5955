package tree

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
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

// SavedRecord is a record as the cache holds it: a column for each thing that is known
// of parts and of files. There are as many parts as logical clusters, and no name and
// no digest recurs: written one by one, and looked up as the cache does with strings,
// they took 7 MiB more of the 130 MiB that a build of 10,000 with one file changed
// allocates.
type SavedRecord struct {
	Tool         [32]byte
	Names        string // of the parts, each ended by a zero byte, which no name has
	Inputs       []byte // of the parts
	Counts       []int  // of files in each part
	Paths        string // as Names
	Digests      []byte
	Sizes, Times []int64
}

// Saved returns what the cache is to hold.
func (r *Record) Saved() *SavedRecord {
	n := 0
	for _, p := range r.parts {
		n += len(p.files)
	}
	s := &SavedRecord{Tool: r.tool, Inputs: make([]byte, 0, sha256.Size*len(r.parts)), Counts: make([]int, 0, len(r.parts)),
		Digests: make([]byte, 0, sha256.Size*n), Sizes: make([]int64, 0, n), Times: make([]int64, 0, n)}
	names, paths := make([]string, 0, len(r.parts)+1), make([]string, 0, n+1)
	for _, name := range slices.Sorted(maps.Keys(r.parts)) {
		p := r.parts[name]
		names, paths = append(names, name), append(paths, p.paths...)
		s.Inputs, s.Counts = append(s.Inputs, p.input[:]...), append(s.Counts, len(p.files))
		for i := range p.files {
			f := &p.files[i]
			s.Digests, s.Sizes, s.Times = append(s.Digests, f.digest[:]...), append(s.Sizes, f.size), append(s.Times, f.mtime)
		}
	}
	s.Names, s.Paths = joinNames(names), joinNames(paths)
	return s
}

// Record returns the record that was saved. An error means that there is no record
// to use, nothing worse.
func (s *SavedRecord) Record() (*Record, error) {
	const size = sha256.Size
	names, paths := splitNames(s.Names), splitNames(s.Paths)
	n := len(paths)
	if len(names) != len(s.Counts) || len(s.Inputs) != size*len(names) || len(s.Digests) != size*n || len(s.Sizes) != n || len(s.Times) != n {
		return nil, errDamagedRecord
	}
	files := make([]file, n)
	for i := range files {
		files[i] = file{digest: [size]byte(s.Digests[size*i:]), size: s.Sizes[i], mtime: s.Times[i]}
	}
	r := newRecord(s.Tool)
	r.files = make(map[string]*file, n)
	for i := range files {
		r.files[paths[i]] = &files[i]
	}
	for i, name := range names {
		count := s.Counts[i]
		if count < 0 || count > len(paths) {
			return nil, errDamagedRecord
		}
		r.parts[name] = &part{input: [size]byte(s.Inputs[size*i:]), paths: paths[:count:count], files: files[:count:count]}
		paths, files = paths[count:], files[count:]
	}
	if len(paths) > 0 || len(r.parts) != len(names) || len(r.files) != n { // no file is of two parts
		return nil, errDamagedRecord
	}
	return r, nil
}

var errDamagedRecord = fmt.Errorf("record of the last build: %w", store.ErrCorrupt)

const endOfName = "\x00"

func joinNames(names []string) string { return strings.Join(append(names, ""), endOfName) }

// splitNames returns what joinNames joined.
func splitNames(s string) []string {
	names := strings.Split(s, endOfName)
	return names[:len(names)-1]
}
