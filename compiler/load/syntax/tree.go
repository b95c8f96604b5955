package syntax

import (
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
)

// File is one file with what its syntax tells.
type File struct {
	source.File
	*Analysis
	// Former: the file is as it was before, and not as the repo now has it.
	Former bool
	// renamed are the paths under which a former file finds what it imports, by those
	// that it names.
	renamed map[string]string
}

// repoPath returns where the file is, or was, in the repo.
func (f *File) repoPath() string { return repoPath(f.Path) }

// Directory is one directory of the tenancy repo that declares something.
type Directory struct {
	// Path is relative to the root, "" being the root itself.
	Path string
	// Files are those of package tenancy, and YAML and JSON documents, by path.
	Files []*File
	// Above are the directories above that declare something, the root first.
	Above []*Directory
	// PutBack reports whether a file, by where it is in the repo, was put back, or is as it
	// was and bound to one that was put back; nil where none was.
	PutBack func(path string) bool
	// below tells whether there is any directory further down.
	below bool
	// Problems keep the directory, and all below it, from being evaluated.
	Problems []diag.Diagnostic
}

// directories sorts the files of the tree into directories.
func (r *Repo) directories(refused []diag.Diagnostic) []*Directory {
	s := sorting{Repo: r, byPath: map[string]*Directory{}, foreign: map[string][]*File{}}
	if len(r.module.problems) > 0 {
		s.at("").Problems = slices.Clone(r.module.problems)
	}
	for _, f := range r.files {
		s.add(f)
	}
	for _, d := range refused {
		dir := d.Position.File
		if path.Ext(dir) != "" { // else a link in a directory's place
			dir, _ = split(dir)
		}
		if dir != "cue.mod" && !strings.HasPrefix(dir, "cue.mod/") {
			s.at(dir).Problems = append(s.at(dir).Problems, d)
		}
	}
	s.foreignPackages()
	return arrange(s.byPath)
}

// foreignPackages refuses files of other packages that CUE would leave out: those beside
// files of documents, and those in the organization tree that nothing imports.
func (s *sorting) foreignPackages() {
	for _, d := range s.byPath {
		for _, f := range d.Files {
			s.imported(f.Imports) // which notes the libraries; what is wrong with them is reported later on
		}
	}
	imported := map[*File]bool{}
	for _, lib := range s.libraries {
		for _, f := range lib.Files {
			imported[f] = true
		}
	}
	for dir, files := range s.foreign {
		beside := s.byPath[dir] != nil && len(s.byPath[dir].Files) > 0
		for _, f := range files {
			at := diag.Position{File: f.Path, Line: 1}
			switch {
			case beside:
				s.at(dir).Problems = append(s.at(dir).Problems, diag.New(diag.ForeignPackage, at,
					"package %s stands beside package %s, and CUE leaves it out", f.Package, TenancyPackage))
			case document.InOrganizations(dir) && !imported[f]:
				s.at(dir).Problems = append(s.at(dir).Problems, diag.New(diag.ForeignPackage, at,
					"the file is of package %s, which nothing imports, so nobody reads it", f.Package).Suggest("begin it with `package %s`", TenancyPackage))
			}
		}
	}
}

// sorting is the work of sorting files into directories.
type sorting struct {
	*Repo
	byPath map[string]*Directory
	// foreign are the files of other packages, by directory.
	foreign map[string][]*File
}

func (s *sorting) at(dir string) *Directory {
	if s.byPath[dir] == nil {
		s.byPath[dir] = &Directory{Path: dir}
	}
	return s.byPath[dir]
}

// add puts a file into its directory, or says why it cannot be there.
func (s *sorting) add(f *File) {
	dir, name := split(f.Path)
	if root, _, nested := strings.Cut("/"+f.Path, "/cue.mod/"); nested {
		root = strings.TrimPrefix(root, "/")
		d := s.at(root)
		if root != "" && len(d.Problems) == 0 {
			d.Problems = append(d.Problems, diag.New(diag.NestedModule, diag.Position{File: path.Join(root, "cue.mod", "module.cue")},
				"a module of its own here cuts %s off from the directories above it", root))
		}
		return
	}
	if problem, skipped := skippedName(f.Path, name); skipped {
		s.at(dir).Problems = append(s.at(dir).Problems, problem)
		return
	}
	if f.Analysis == nil || f.Tool {
		return
	}
	switch {
	case len(f.Problems) > 0:
		// What package the file is of may be unknown.
		if f.IsData || f.Package == "" || f.Package == TenancyPackage {
			s.at(dir).Problems = append(s.at(dir).Problems, f.Problems...)
		} else {
			s.Problems = append(s.Problems, f.Problems...)
		}
	case f.IsData, f.Package == TenancyPackage:
		s.at(dir).Files = append(s.at(dir).Files, f)
	case f.Package == "" || f.Package == "_":
		s.at(dir).Problems = append(s.at(dir).Problems, diag.New(diag.SkippedFile, diag.Position{File: f.Path, Line: 1},
			"the file has no package clause, so CUE leaves it out").Suggest("begin it with `package %s`", TenancyPackage))
	default:
		s.foreign[dir] = append(s.foreign[dir], f)
	}
}

// arrange links directories to those above them and orders them by path.
func arrange(byPath map[string]*Directory) []*Directory {
	var all []*Directory
	for _, d := range byPath {
		if len(d.Files) > 0 || len(d.Problems) > 0 {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *Directory) int { return strings.Compare(a.Path, b.Path) })
	for _, d := range all {
		diag.Sort(d.Problems)
		d.Above = above(byPath, d.Path)
		for _, up := range d.Above {
			up.below = true
		}
	}
	return all
}

// above returns the directories above one that declare something, the root first.
func above(byPath map[string]*Directory, dir string) (out []*Directory) {
	for dir != "" {
		dir, _ = split(dir)
		if up := byPath[dir]; up != nil && (len(up.Files) > 0 || len(up.Problems) > 0) {
			out = append(out, up)
		}
	}
	slices.Reverse(out)
	return out
}

// split returns the directory, "" being the root, and the last element of a path.
func split(p string) (dir, name string) {
	dir, name = path.Split(p)
	return strings.TrimSuffix(dir, "/"), name
}

func skippedName(p, name string) (diag.Diagnostic, bool) {
	dir, _ := split(p)
	ending := path.Ext(name)
	switch lower := strings.ToLower(ending); {
	case lower != ending && (lower == ".cue" || document.InOrganizations(dir) && isData(strings.ToLower(name))):
		return diag.New(diag.SkippedFile, diag.Position{File: p}, "files whose names end in %s are left out", ending).
			Suggest("rename it to %s", strings.TrimSuffix(name, ending)+lower), true
	case ending != ".cue":
		return diag.Diagnostic{}, false
	}
	for _, prefix := range []string{"_", "."} {
		if strings.HasPrefix(name, prefix) {
			return diag.New(diag.SkippedFile, diag.Position{File: p}, "CUE leaves out files whose names begin with %q", prefix).
				Suggest("rename it to %s", strings.TrimLeft(name, "_.")), true
		}
	}
	if strings.HasSuffix(name, "_test.cue") {
		return diag.New(diag.SkippedFile, diag.Position{File: p}, "CUE leaves out files whose names end in _test.cue").Suggest("rename it"), true
	}
	return diag.Diagnostic{}, false
}

// Dead reports whether the directory or one above it cannot be evaluated, and
// returns the topmost.
func (d *Directory) Dead(has func(*Directory) bool) *Directory {
	for _, up := range append(slices.Clip(d.Above), d) {
		if has(up) {
			return up
		}
	}
	return nil
}

// Refers returns the kinds whose documents above this directory must stay in
// its instance, since something in the instance refers to them.
func (d *Directory) Refers() Users {
	var kept Users
	for _, f := range d.Files {
		for _, refers := range f.Refers {
			kept |= refers
		}
	}
	for _, up := range d.Above {
		for _, f := range up.Files {
			kept |= f.Refers[restKey]
		}
	}
	for {
		next := kept
		for _, up := range d.Above {
			for _, f := range up.Files {
				for k, refers := range f.Refers {
					if k >= 0 && kept&(1<<k) != 0 {
						next |= refers
					}
				}
			}
		}
		if next == kept {
			return kept
		}
		kept = next
	}
}

// Name names the directory for people.
func (d *Directory) Name() string {
	if d.Path == "" {
		return "the root directory"
	}
	return d.Path
}
