package syntax

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/literal"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/digest"
)

// Text is what a directory says: the files of it that declare something, and what they
// import.
type Text struct {
	Files []TextFile // by path
}

// TextFile is one file of a text.
type TextFile struct {
	Path, Text string
	// Imports are the names of the libraries that the file imports, by import path.
	Imports map[string]string
}

// Equal reports whether two texts are the same.
func (t Text) Equal(other Text) bool {
	return slices.EqualFunc(t.Files, other.Files, func(a, b TextFile) bool {
		return a.Path == b.Path && a.Text == b.Text && maps.Equal(a.Imports, b.Imports)
	})
}

// LibraryText is the content of a package that files import. Its name is that of its
// content: equal names, equal content.
type LibraryText struct {
	// Path is the import path.
	Path string
	Text
}

// Name returns the name of the content.
func (l LibraryText) Name() string {
	sum := digest.Of(func(e *digest.Encoder) {
		e.Strings(l.Path)
		for _, f := range l.Files {
			e.Strings(f.Path, f.Text)
			e.Mapping(f.Imports)
		}
	})
	base := ast.ParseImportPath(l.Path).Qualifier
	return strings.ToLower(strings.Trim(strings.ReplaceAll(base, "_", "-"), "-")) + "-" + hex.EncodeToString(sum[:10])
}

// Text returns what a directory says.
func (r *Repo) Text(d *Directory) Text { return r.text(d.Files) }

func (r *Repo) text(files []*File) Text {
	t := Text{Files: make([]TextFile, len(files))}
	for i, f := range files {
		one := TextFile{Path: f.repoPath(), Text: string(f.Data)}
		for _, spec := range f.Imports {
			lib := r.libraries[spec.Path]
			if lib == nil {
				continue
			}
			if one.Imports == nil {
				one.Imports = map[string]string{}
			}
			one.Imports[lib.importPath()] = r.nameOf(lib)
		}
		t.Files[i] = one
	}
	return t
}

// SameBesides reports whether a directory says the same as a former text of it, but for
// its plain documents.
func (r *Repo) SameBesides(d *Directory, f *Former) bool {
	rest := func(files []*File) string {
		var all []string
		for _, f := range files {
			if f.IsData || len(f.Problems) > 0 {
				continue
			}
			tree, err := f.parse(f.text(f.Data, 0), r.module.language)
			if err != nil || len(tree.Decls) < 2 {
				continue // a package clause alone
			}
			text, _ := format.Node(tree)
			all = append(all, f.repoPath(), string(text))
		}
		return strings.Join(all, "\n")
	}
	return rest(d.Files) == rest(f.Files)
}

// LibraryTexts adds the libraries that a directory needs to those in out, by name.
func (r *Repo) LibraryTexts(d *Directory, out map[string]LibraryText) {
	for _, f := range d.Files {
		for _, lib := range r.Libraries(f) {
			if name := r.nameOf(lib); out[name].Path == "" { // many directories need the same
				out[name] = r.libraryText(lib)
			}
		}
	}
}

func (r *Repo) libraryText(lib *Library) LibraryText {
	return LibraryText{lib.importPath(), r.text(lib.Files)}
}

// nameOf names the content of a library.
func (r *Repo) nameOf(lib *Library) string {
	if name, ok := r.variants.Load(lib); ok {
		return name.(string)
	}
	name := r.libraryText(lib).Name()
	r.variants.Store(lib, name)
	return name
}

// Former reads a text that a directory was evaluated from before. Libraries that have
// changed since are imported under paths of their own, so that nobody else sees them;
// library returns the content of one by its name.
func (r *Repo) Former(t Text, library func(name string) (LibraryText, error)) (*Former, error) {
	out := &Former{libraries: map[string]*Library{}}
	former := formerReader{Repo: r, library: library, read: out.libraries}
	for _, f := range t.Files {
		one, err := former.file(f)
		if err != nil {
			return nil, err
		}
		out.Files = append(out.Files, one)
	}
	return out, nil
}

// Former is a text of a directory, read again.
type Former struct {
	Files     []*File
	libraries map[string]*Library
}

// formerReader reads texts of before.
type formerReader struct {
	*Repo
	library func(name string) (LibraryText, error)
	read    map[string]*Library // by the path under which files import it now
}

// imports returns, for the paths that a file imports, those under which it finds the
// same content now, where they are others.
func (r *formerReader) imports(f TextFile) (map[string]string, error) {
	out := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(f.Imports)) {
		name := f.Imports[path]
		if lib := r.Repo.libraries[path]; lib != nil && lib.done && len(lib.problems) == 0 && r.nameOf(lib) == name {
			continue
		}
		private := formerImports + name
		out[path] = private
		if r.read[private] != nil {
			continue
		}
		text, err := r.library(name)
		if err != nil {
			return nil, err
		}
		lib := &Library{Path: private, Import: text.Path, name: ast.ParseImportPath(text.Path).Qualifier, done: true}
		r.read[private] = lib
		for _, f := range text.Files {
			one, err := r.file(f)
			if err != nil {
				return nil, err
			}
			lib.Files = append(lib.Files, one)
			for _, spec := range one.Analysis.Imports {
				for _, need := range r.needs(spec.Path) {
					if !slices.Contains(lib.needs, need) {
						lib.needs = append(lib.needs, need)
					}
				}
			}
		}
		lib.needs = append(lib.needs, lib)
	}
	return out, nil
}

// needs returns the libraries that an import needs.
func (r *formerReader) needs(path string) []*Library {
	lib := r.read[path]
	if lib == nil {
		lib = r.Repo.libraries[path]
	}
	if lib == nil {
		return nil
	}
	return lib.needs
}

// file reads one file.
func (r *formerReader) file(f TextFile) (*File, error) {
	paths, err := r.imports(f)
	if err != nil {
		return nil, err
	}
	data := []byte(f.Text)
	out := &File{File: source.File{Path: FormerFiles + f.Path, Data: data, Digest: sha256.Sum256(data)}, Former: true}
	out.Analysis = Analyze(out.File, r.module.language)
	if out.Analysis == nil {
		out.Analysis = &Analysis{Package: TenancyPackage, IsData: isData(f.Path)}
	}
	for i := range out.Imports {
		if private, ok := paths[out.Imports[i].Path]; ok {
			if out.renamed == nil {
				out.renamed = map[string]string{}
			}
			out.renamed[out.Imports[i].Path] = private
			out.Imports[i].Path = private
		}
	}
	return out, nil
}

// rename lets the imports of a syntax tree lead to where their content is now.
func (f *File) rename(tree *ast.File) {
	if f.renamed == nil {
		return
	}
	for spec := range tree.ImportSpecs() {
		path, err := literal.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		private, ok := f.renamed[path]
		if !ok {
			continue
		}
		if spec.Name == nil {
			spec.Name = ast.NewIdent(ast.ParseImportPath(path).Qualifier)
		}
		spec.Path.Value = literal.String.Quote(private)
	}
}

// Beside returns the repo with former texts of directories that do not take part in it:
// each is a directory of its own, under those that are above it today.
func (r *Repo) Beside(former map[string]*Former) (*Repo, map[string]*Directory) {
	next := &Repo{Directories: r.Directories, Problems: r.Problems, module: r.module, files: r.files, byDir: r.byDir, libraries: maps.Clone(r.libraries)}
	out := make(map[string]*Directory, len(former))
	byPath := make(map[string]*Directory, len(r.Directories))
	for _, d := range r.Directories {
		byPath[d.Path] = d
	}
	for dir, f := range former {
		maps.Copy(next.libraries, f.libraries)
		d := replace(nil, dir, Replacement{Former: f})
		d.Above = above(byPath, dir)
		out[dir] = d
	}
	return next, out
}

// Place returns where a directory writes out a document today; nowhere where it does not.
func (r *Repo) Place(dir string, kind int, key string) diag.Position {
	for _, f := range r.byDir[dir] {
		if f.Analysis == nil {
			continue
		}
		for _, d := range f.Documents {
			if d.Kind == kind && d.Key == key {
				return d.Pos
			}
		}
	}
	return diag.Position{}
}

// Replacement takes the place of files of a directory.
type Replacement struct {
	// Former is what is put back.
	Former *Former
	// Unit are the paths of the files that give way and of those that are put back; nil
	// for all.
	Unit map[string]bool
	// Changed are the paths of files that differ from what is put back, with all that they
	// are bound to; nil for all.
	Changed map[string]bool
}

// Changed returns the paths of the files of a directory that differ from a former text of
// it, with all that they are bound to; nil, for all files, where it is not known.
func (r *Repo) Changed(dir string, f *Former) map[string]bool {
	var changed []string
	for _, file := range r.byDir[dir] {
		if file.Analysis != nil && !slices.ContainsFunc(f.Files, file.same) {
			changed = append(changed, file.Path)
		}
	}
	for _, former := range f.Files {
		if !slices.ContainsFunc(r.byDir[dir], func(file *File) bool { return file.Analysis != nil && file.same(former) }) {
			changed = append(changed, former.repoPath())
		}
	}
	return r.Unit(dir, f, changed)
}

// With returns the repo with the texts of some directories replaced. Directories that
// it does not have come to be.
func (r *Repo) With(replaced map[string]Replacement) *Repo {
	next := &Repo{Problems: r.Problems, module: r.module, files: r.files, byDir: r.byDir, libraries: maps.Clone(r.libraries)}
	byPath := map[string]*Directory{}
	for _, d := range r.Directories {
		byPath[d.Path] = d
	}
	for dir, replacement := range replaced {
		maps.Copy(next.libraries, replacement.Former.libraries)
		byPath[dir] = replace(byPath[dir], dir, replacement)
	}
	for path, d := range byPath {
		if _, own := replaced[path]; own {
			continue
		}
		for up := range replaced {
			if document.Within(path, up) {
				copied := *d
				copied.Above, copied.below = nil, false
				byPath[path] = &copied
				break
			}
		}
	}
	next.Directories = arrange(byPath)
	return next
}

// same reports whether a former file is the file as it is today, with what it imports.
func (f *File) same(former *File) bool {
	return f.Path == former.repoPath() && f.Digest == former.Digest && former.renamed == nil && len(f.Problems) == 0
}

// replace returns a directory with another text.
func replace(d *Directory, dir string, r Replacement) *Directory {
	in := func(path string) bool { return r.Unit == nil || r.Unit[repoPath(path)] }
	out := &Directory{Path: dir, PutBack: func(path string) bool { return in(path) && (r.Changed == nil || r.Changed[path]) }}
	same := map[string]bool{} // what is to be put back as it is
	if d != nil {
		for _, f := range d.Files {
			if i := slices.IndexFunc(r.Former.Files, f.same); i >= 0 {
				same[f.Path] = true
			} else if in(f.Path) {
				continue
			}
			out.Files = append(out.Files, f)
		}
		for _, p := range d.Problems {
			if !in(p.Position.File) || p.Code == diag.ModuleFile {
				out.Problems = append(out.Problems, p)
			}
		}
	}
	for _, f := range r.Former.Files {
		if path := f.repoPath(); in(path) && !same[path] {
			out.Files = append(out.Files, f)
			out.Problems = append(out.Problems, f.Problems...)
		}
	}
	slices.SortFunc(out.Files, func(a, b *File) int { return strings.Compare(a.repoPath(), b.repoPath()) })
	return out
}
