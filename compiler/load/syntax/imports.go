package syntax

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Library is a package that files import.
type Library struct {
	// Path is that under which files import it. Import is the one that they name, where
	// that is another.
	Path, Import string
	name         string
	Files        []*File
	// needs are all libraries that it imports, itself included, each after those
	// that it imports.
	needs    []*Library
	problems []diag.Diagnostic
	visiting bool
	done     bool
}

// importPath returns the path that files name.
func (l *Library) importPath() string { return cmp.Or(l.Import, l.Path) }

// library returns the package with an import path: nil without a problem for
// CUE's own packages and the schema.
func (r *Repo) library(spec local) (*Library, []diag.Diagnostic) {
	if spec.Path == schema.ImportPath || spec.Path == schema.ImportPath+":v1alpha1" {
		return nil, nil
	}
	ip := ast.ParseImportPath(spec.Path)
	if first, _, _ := strings.Cut(ip.Path, "/"); !strings.Contains(first, ".") && !r.isLocal(ip.Path) {
		return nil, nil // of the standard library; CUE itself says where it isn't
	}
	if ip.Qualifier == TenancyPackage && r.isLocal(ip.Path) {
		return nil, []diag.Diagnostic{diag.New(diag.UnresolvedImport, spec.Pos, "package %s cannot be imported: documents refer to each other by name", TenancyPackage).
			Suggest("put what is shared into a package of its own")}
	}
	lib := r.libraries[spec.Path]
	if lib == nil {
		lib = &Library{Path: spec.Path, name: ip.Qualifier}
		r.libraries[spec.Path] = lib
		lib.Files = r.libraryFiles(ip.Path, ip.Qualifier)
	}
	if lib.visiting {
		return nil, []diag.Diagnostic{diag.New(diag.CycleFound, spec.Pos, "packages import each other in a circle through %q", spec.Path)}
	}
	if len(lib.Files) == 0 {
		d := diag.New(diag.UnresolvedImport, spec.Pos, "no package %q in this repo", spec.Path)
		if dir, local := r.localDir(ip.Path); local {
			return nil, []diag.Diagnostic{d.Suggest("expected CUE files of package %s in %s/", lib.name, dir)}
		}
		return nil, []diag.Diagnostic{d.Suggest("the compiler fetches nothing: copy the package to cue.mod/pkg/%s", ip.Path)}
	}
	if !lib.done {
		lib.visiting = true
		r.completeLibrary(lib)
		lib.visiting, lib.done = false, true
	}
	return lib, lib.problems
}

// completeLibrary finds what the files of a library import.
func (r *Repo) completeLibrary(lib *Library) {
	for _, f := range lib.Files {
		lib.problems = append(lib.problems, f.Problems...)
		needs, problems := r.imported(f.Imports)
		lib.problems = append(lib.problems, problems...)
		for _, n := range needs {
			if !slices.Contains(lib.needs, n) {
				lib.needs = append(lib.needs, n)
			}
		}
	}
	lib.needs = append(lib.needs, lib)
}

// imported returns the libraries that imports need, in a fixed order.
func (r *Repo) imported(imports []local) (needs []*Library, problems []diag.Diagnostic) {
	for _, spec := range imports {
		lib, bad := r.library(spec)
		problems = append(problems, bad...)
		if lib == nil {
			continue
		}
		for _, n := range lib.needs {
			if !slices.Contains(needs, n) {
				needs = append(needs, n)
			}
		}
	}
	return needs, problems
}

func (r *Repo) isLocal(importPath string) bool {
	_, local := r.localDir(importPath)
	return local
}

// localDir returns the directory of this repo that an import path names.
func (r *Repo) localDir(importPath string) (string, bool) {
	if r.module.path == "" {
		return "", false
	}
	if importPath == r.module.path {
		return "", true
	}
	return strings.CutPrefix(importPath, r.module.path+"/")
}

// libraryFiles finds the files of a package: in the repo, where CUE also takes
// files of the same package in the directories above, or vendored.
func (r *Repo) libraryFiles(importPath, name string) (files []*File) {
	add := func(dir string) {
		files = append(files, r.packageFiles(dir, name)...)
	}
	if dir, local := r.localDir(importPath); local {
		add(dir)
		if len(files) == 0 {
			return nil
		}
		for dir != "" {
			dir, _ = split(dir)
			add(dir)
		}
	} else {
		for _, vendor := range []string{"gen", "usr", "pkg"} {
			add(path.Join("cue.mod", vendor, importPath))
		}
	}
	slices.SortFunc(files, func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

func (r *Repo) packageFiles(dir, name string) (files []*File) {
	for _, f := range r.byDir[dir] {
		if !strings.HasSuffix(f.Path, ".cue") {
			continue
		}
		if f.Analysis == nil {
			f.Analysis = Analyze(f.File, r.module.language)
		}
		_, base := split(f.Path)
		if _, skipped := skippedName(f.Path, base); skipped || f.Tool || f.Package != name {
			continue
		}
		files = append(files, f)
	}
	return files
}

// Library returns the library that something in the repo imports by a path, nil
// where nothing does.
func (r *Repo) Library(path string) *Library { return r.libraries[path] }

// Libraries returns the libraries that a file needs, each after those that it needs
// itself.
func (r *Repo) Libraries(f *File) []*Library {
	needs, _ := r.imported(f.Imports)
	return needs
}
