// Package syntax reads the files of a tenancy repo without evaluating them: what
// each file declares and refers to, which directories there are, which libraries
// they import, and of which files, with which text, the instance of a directory
// consists.
package syntax

import (
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/source"
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

// Read reads the syntax of a tree. Refused are the files that could not be read:
// their directories, and all below, are as good as unparsed. The function analyze
// gets the files of each directory, to set the analysis of each to what Analyze
// returns for it.
func Read(tree *source.Tree, refused []diag.Diagnostic, analyze func(language string, directories [][]*File) error) (*Repo, error) {
	r := &Repo{module: module{language: defaultLanguage}, byDir: map[string][]*File{}, libraries: map[string]*Library{}}
	if f, ok := tree.File(moduleFile); ok {
		r.module = readModule(f.Data)
	}
	var dirs []string
	for _, f := range tree.Files() {
		dir, _ := split(f.Path)
		if r.byDir[dir] == nil && !strings.HasPrefix(dir+"/", "cue.mod/") {
			dirs = append(dirs, dir)
		}
		one := &File{File: f}
		r.files = append(r.files, one)
		r.byDir[dir] = append(r.byDir[dir], one)
	}
	declaring := make([][]*File, len(dirs))
	for i, dir := range dirs {
		declaring[i] = r.byDir[dir]
	}
	if err := analyze(r.module.language, declaring); err != nil {
		return nil, err
	}
	r.Directories = r.directories(refused)
	for _, d := range r.Directories {
		for _, f := range d.Files {
			_, problems := r.imported(f.Imports)
			d.Problems = append(d.Problems, problems...)
			for _, w := range f.Whole {
				if d.below {
					d.Problems = append(d.Problems, diag.New(diag.WholeMapReference, w.Pos,
						"directories below inherit this, and each sees other %s", w.Name))
				}
			}
		}
		d.Problems = diag.Sort(d.Problems)
	}
	return r, nil
}

// Language returns the version of the CUE language that the module names.
func (r *Repo) Language() string { return r.module.language }

// ModuleText returns the file that names the module.
func (r *Repo) ModuleText() []byte { return r.module.text }

// Library returns the library that something in the repo imports by a path, nil
// where nothing does.
func (r *Repo) Library(path string) *Library { return r.libraries[path] }

// Libraries returns the libraries that a file needs, each after those that it needs
// itself.
func (r *Repo) Libraries(f *File) []*Library {
	needs, _ := r.imported(f.Imports)
	return needs
}

// Analyze reads the syntax of one file; nil if it declares nothing.
func Analyze(f source.File, language string) *Analysis {
	switch {
	case strings.HasSuffix(f.Path, "_tool.cue"):
		return &Analysis{Tool: true}
	case strings.HasSuffix(f.Path, ".cue"):
		return analyzeCUE(f.Path, f.Data, language)
	case isData(f.Path):
		return analyzeData(f.Path, f.Data)
	}
	return nil
}
