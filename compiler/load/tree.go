package load

import (
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

const schemaImport = schema.ImportPath

// orgsDir is the root of the organization tree.
const orgsDir = "orgs"

// file is one file with what its syntax tells.
type file struct {
	source.File
	*analysis
}

// directory is one directory of the tenancy repo that declares something.
type directory struct {
	// path is relative to the root, "" being the root itself.
	path string
	// files are those of package tenancy, and YAML and JSON documents, by path.
	files []*file
	// above are the directories above that declare something, the root first.
	above []*directory
	// below tells whether there is any directory further down.
	below bool
	// problems keep the directory, and all below it, from being evaluated.
	problems []diag.Diagnostic
}

// readDirectories sorts the files of the tree into directories.
func (l *Loader) readDirectories() []*directory {
	byPath := map[string]*directory{}
	at := func(dir string) *directory {
		if byPath[dir] == nil {
			byPath[dir] = &directory{path: dir}
		}
		return byPath[dir]
	}
	foreign := map[string][]*file{}
	if len(l.module.problems) > 0 {
		at("").problems = slices.Clone(l.module.problems)
	}
	for _, f := range l.files {
		dir, name := split(f.Path)
		if root, _, nested := strings.Cut("/"+f.Path, "/cue.mod/"); nested {
			root = strings.TrimPrefix(root, "/")
			d := at(root)
			if root != "" && len(d.problems) == 0 {
				d.problems = append(d.problems, diag.New(diag.NestedModule, diag.Position{File: path.Join(root, "cue.mod", "module.cue")},
					"a module of its own here cuts %s off from the directories above it", root))
			}
			continue
		}
		if problem, skipped := skippedName(f.Path, name); skipped {
			at(dir).problems = append(at(dir).problems, problem)
			continue
		}
		if f.analysis == nil || f.Tool {
			continue
		}
		switch {
		case len(f.Problems) > 0:
			// What package the file is of may be unknown.
			if f.IsData || f.Package == "" || f.Package == tenancyPackage {
				at(dir).problems = append(at(dir).problems, f.Problems...)
			} else {
				l.libraryProblems = append(l.libraryProblems, f.Problems...)
			}
		case f.IsData:
			at(dir).files = append(at(dir).files, f)
		case f.Package == tenancyPackage:
			at(dir).files = append(at(dir).files, f)
		case f.Package == "" || f.Package == "_":
			at(dir).problems = append(at(dir).problems, diag.New(diag.SkippedFile, diag.Position{File: f.Path, Line: 1},
				"the file has no package clause, so CUE leaves it out").Suggest("begin it with `package %s`", tenancyPackage))
		default:
			foreign[dir] = append(foreign[dir], f)
		}
	}
	for _, d := range l.options.Refused {
		dir := d.Position.File
		if path.Ext(dir) != "" { // else a link in a directory's place
			dir, _ = split(dir)
		}
		if dir != "cue.mod" && !strings.HasPrefix(dir, "cue.mod/") {
			at(dir).problems = append(at(dir).problems, d)
		}
	}
	for dir, files := range foreign {
		d := byPath[dir]
		if d == nil || len(d.files) == 0 {
			continue
		}
		for _, f := range files {
			d.problems = append(d.problems, diag.New(diag.ForeignPackage, diag.Position{File: f.Path, Line: 1},
				"package %s stands beside package %s, and CUE leaves it out", f.Package, tenancyPackage))
		}
	}
	return arrange(byPath)
}

// arrange links directories to those above them and orders them by path.
func arrange(byPath map[string]*directory) []*directory {
	var all []*directory
	for _, d := range byPath {
		if len(d.files) > 0 || len(d.problems) > 0 {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *directory) int { return strings.Compare(a.path, b.path) })
	for _, d := range all {
		diag.Sort(d.problems)
		for p := d.path; p != ""; {
			p, _ = split(p)
			if up := byPath[p]; up != nil && (len(up.files) > 0 || len(up.problems) > 0) {
				d.above = append(d.above, up)
				up.below = true
			}
		}
		slices.Reverse(d.above)
	}
	return all
}

// split returns the directory, "" being the root, and the last element of a path.
func split(p string) (dir, name string) {
	dir, name = path.Split(p)
	return strings.TrimSuffix(dir, "/"), name
}

func skippedName(p, name string) (diag.Diagnostic, bool) {
	if !strings.HasSuffix(name, ".cue") {
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

// inside reports whether a directory belongs to the organization tree.
func inside(dir string) bool { return dir == orgsDir || strings.HasPrefix(dir, orgsDir+"/") }

// dead reports whether the directory or one above it cannot be evaluated, and
// returns the topmost.
func (d *directory) dead(has func(*directory) bool) *directory {
	for _, up := range append(slices.Clip(d.above), d) {
		if has(up) {
			return up
		}
	}
	return nil
}

// refers returns the kinds whose documents above this directory must stay in
// its instance, since something in the instance refers to them.
func (d *directory) refers() users {
	var kept users
	for _, f := range d.files {
		for _, refers := range f.Refers {
			kept |= refers
		}
	}
	for _, up := range d.above {
		for _, f := range up.files {
			kept |= f.Refers[restKey]
		}
	}
	for {
		next := kept
		for _, up := range d.above {
			for _, f := range up.files {
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
