// Package syntax reads the files of a tenancy repo without evaluating them: what
// each file declares and refers to, which directories there are, which libraries
// they import, and of which files, with which text, the instance of a directory
// consists.
package syntax

import (
	"sync"

	"github.com/tenantry/tenantry/compiler/load/document"
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

// Limits returns where files of the organization tree have their first pattern for
// documents, by path, where they have one.
func (r *Repo) Limits() map[string]diag.Position {
	out := map[string]diag.Position{}
	for _, d := range r.Directories {
		for _, f := range d.Files {
			if !f.Limit.IsZero() && document.InOrganizations(d.Path) {
				out[f.Path] = f.Limit
			}
		}
	}
	return out
}

// Unread lists the YAML and JSON files of the organization tree that declare no documents.
func (r *Repo) Unread() (files []string) {
	for _, f := range r.files {
		if f.Analysis == nil && document.InOrganizations(f.Path) && isData(f.Path) {
			files = append(files, f.Path)
		}
	}
	return files
}
