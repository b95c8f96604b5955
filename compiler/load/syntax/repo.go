// Package syntax reads the files of a tenancy repo without evaluating them: what
// each file declares and refers to, which directories there are, which libraries
// they import, and of which files, with which text, the instance of a directory
// consists.
package syntax

import (
	"slices"
	"sync"

	"github.com/tenantry/tenantry/internal/diag"
)

// Repo is what the syntax of all files tells. It is safe for concurrent use.
type Repo struct {
	// Directories are those that declare something, by path.
	Directories []*Directory
	// Problems are those of files that belong to no directory of documents.
	Problems []diag.Diagnostic

	module    module
	files     []*File
	byDir     map[string][]*File
	libraries map[string]*Library
	variants  sync.Map // variantKey to text, and the first byte of a text to its digest
}

// Language returns the version of the CUE language that the module names.
func (r *Repo) Language() string { return r.module.language }

// ModuleText returns the file that names the module.
func (r *Repo) ModuleText() []byte { return r.module.text }

// Reads reports whether a file is one that declares documents, or may.
func (r *Repo) Reads(file string) bool {
	dir, _ := split(file)
	return slices.ContainsFunc(r.byDir[dir], func(f *File) bool { return f.Path == file && f.Analysis != nil })
}
