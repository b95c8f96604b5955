package syntax

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
)

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
