// Package source is the compiler's first pass: a directory, or a revision of a
// git repository, becomes a tree of files in memory.
//
// Everything after this pass reads from a Tree and never from the disk, so a
// run sees one state of the tenancy repo however long it takes, and two
// revisions can be compiled side by side. A revision is read from git's objects
// and never checked out: the work tree, the index and the branch are untouched.
//
// A Tree holds only the files that the compiler may use. The same content
// gives the same Tree, whether it lies on disk or in a commit.
package source

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"sync"
)

// Tree is every file that the compiler may read, at one revision. It is
// immutable and safe for concurrent use.
type Tree struct {
	files    []File // by Path
	name     string
	revision string
	digest   func() [32]byte
}

// File is one file of a Tree. Data must not be changed.
type File struct {
	// Path is slash-separated and relative to the root of the tenancy repo.
	Path string
	Data []byte
	// Digest is the SHA-256 of Data.
	Digest [32]byte
}

// NewTree returns a tree of files that are sorted by path and carry their digests. The
// name says for people what the files are.
func NewTree(files []File, name, revision string) *Tree {
	t := &Tree{files: files, name: name, revision: revision}
	t.digest = sync.OnceValue(t.sum)
	return t
}

// Files returns all files by path. The slice must not be changed.
func (t *Tree) Files() []File { return t.files }

// File returns the file at the path.
func (t *Tree) File(path string) (File, bool) {
	i, ok := t.search(path)
	if !ok {
		return File{}, false
	}
	return t.files[i], true
}

// Under returns the files below a directory at any depth, by path; below "" or
// "." all files. The slice must not be changed.
func (t *Tree) Under(dir string) []File {
	dir = strings.TrimSuffix(dir, "/")
	if dir == "" || dir == "." {
		return t.files
	}
	from, _ := t.search(dir + "/")
	to, _ := t.search(dir + "0") // '0' is the byte after '/'
	return slices.Clip(t.files[from:to])
}

func (t *Tree) search(path string) (int, bool) {
	return slices.BinarySearchFunc(t.files, path, func(f File, p string) int { return strings.Compare(f.Path, p) })
}

// Revision returns the full hash of the commit; "" for a directory.
func (t *Tree) Revision() string { return t.revision }

// Name names the tree for people: "working tree", or "HEAD~3 (4f1c2a7)".
func (t *Tree) Name() string { return t.name }

// Digest returns a digest of all paths and contents: two trees have the same
// exactly if they hold the same files.
func (t *Tree) Digest() [32]byte { return t.digest() }

func (t *Tree) sum() [32]byte {
	h := sha256.New()
	var length [8]byte
	for _, f := range t.files {
		binary.BigEndian.PutUint64(length[:], uint64(len(f.Path)))
		h.Write(length[:])
		io.WriteString(h, f.Path)
		h.Write(f.Digest[:])
	}
	return [32]byte(h.Sum(nil))
}
