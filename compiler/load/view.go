package load

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// View is what the directories of a repo say: as their files are today, or with some of
// them as they were before. It does not change once it is made.
type View struct {
	*Loader
	repo      *syntax.Repo
	evaluator *eval.Evaluator

	mu       sync.Mutex
	outcomes map[*syntax.Directory]eval.Outcome // guarded by mu while directories are evaluated
}

// result evaluates what is not evaluated yet, and compares directories with each other.
func (v *View) result(ctx context.Context) (*Result, error) {
	stats, err := v.evaluateAll(ctx)
	if err != nil {
		return nil, err
	}
	r := v.merge()
	r.Documents.Targets = v.options.Targets
	stats.Documents = r.Documents.Len()
	r.Stats, r.View = stats, v
	return r, nil
}

// Unread lists the YAML and JSON files of the organization tree that declare no documents.
func (v *View) Unread() []string { return v.repo.Unread() }

// Limits returns where files of the organization tree have their first pattern for
// documents, by path.
func (v *View) Limits() map[string]diag.Position { return v.repo.Limits() }

// Text is what a directory says.
type Text = syntax.Text

// LibraryText is the content of a package that files import.
type LibraryText = syntax.LibraryText

// Texts returns what each directory says that could be evaluated, and the libraries that
// they need, by name.
func (v *View) Texts() (map[string]Text, map[string]LibraryText) {
	texts, libraries := map[string]Text{}, map[string]LibraryText{}
	for _, d := range v.repo.Directories {
		if d.Dead(v.isDead) == nil && len(d.Files) > 0 {
			texts[d.Path] = v.repo.Text(d)
			v.repo.LibraryTexts(d, libraries)
		}
	}
	return texts, libraries
}

func (v *View) isDead(d *syntax.Directory) bool { return len(d.Problems) > 0 || v.outcomes[d].Dead }

// DeadDirectory is a directory of which nothing could be evaluated.
type DeadDirectory struct {
	Dir string
	// Files are those of the directory that the problems are in.
	Files []string
}

// Dead lists the directories of which nothing could be evaluated for reasons of their
// own, by path.
func (v *View) Dead() (out []DeadDirectory) {
	for _, d := range v.repo.Directories {
		if d.Dead(v.isDead) != d {
			continue
		}
		one := DeadDirectory{Dir: d.Path}
		problems := append(slices.Clip(d.Problems), v.outcomes[d].Diagnostics...)
		if slices.ContainsFunc(problems, func(p diag.Diagnostic) bool {
			return p.Code == diag.TooComplex && p.Position.Line == 0 || p.Code == diag.EvaluatorFailed
		}) {
			problems = nil // it is the directory that could not be evaluated, whichever file is at fault
		}
		for _, p := range problems {
			for _, at := range append([]diag.Related{{Position: p.Position}}, p.Related...) {
				dir, own := strings.CutPrefix(at.Position.File, d.Path)
				if own && strings.LastIndexByte(strings.TrimPrefix(dir, "/"), '/') < 0 && !slices.Contains(one.Files, at.Position.File) {
					one.Files = append(one.Files, at.Position.File)
				}
			}
		}
		out = append(out, one)
	}
	return out
}

// PutBack reports whether a document is declared in a file that was put back, or that is as
// it was and bound to one that was put back.
func (v *View) PutBack(m *document.Meta) bool {
	d := v.directory(m.Dir)
	return d != nil && d.PutBack != nil && d.PutBack(m.Pos.File)
}

// Faulty reports whether anything that a directory says is in error by itself, so that
// what it does not say any more may be missing for that reason.
func (v *View) Faulty(dir string) bool {
	d := v.directory(dir)
	return d != nil && (d.Dead(v.isDead) != nil || len(v.outcomes[d].Failed) > 0 || diag.HasErrors(v.outcomes[d].Diagnostics))
}

// Mentions reports whether something in the files of a directory refers to documents of a
// kind that the directory declares.
func (v *View) Mentions(dir string, kind schema.Kind) bool {
	d := v.directory(dir)
	return d != nil && slices.ContainsFunc(d.Files, func(f *syntax.File) bool { return f.Mention(document.KindIndex(string(kind))) })
}

// MentionedBelow reports whether a directory below one refers to documents of a kind that
// directories above it declare.
func (v *View) MentionedBelow(dir string, kind schema.Kind) bool {
	k := document.KindIndex(string(kind))
	return slices.ContainsFunc(v.repo.Directories, func(d *syntax.Directory) bool {
		return d.Path != dir && document.Within(d.Path, dir) && d.Refers()&(1<<k) != 0
	})
}

func (v *View) directory(path string) *syntax.Directory {
	i, ok := slices.BinarySearchFunc(v.repo.Directories, path, func(d *syntax.Directory, path string) int { return strings.Compare(d.Path, path) })
	if !ok {
		return nil
	}
	return v.repo.Directories[i]
}

// Former is a text that a directory was evaluated from before.
type Former struct {
	Dir string
	Text
	// Broken are the paths of the files that are to be replaced, with all that they are
	// bound to; nil for the whole directory.
	Broken []string
	// Library returns the content of a library by its name.
	Library func(name string) (LibraryText, error)
}

// With returns what the directories say if some of them say what they said before.
func (v *View) With(ctx context.Context, all []Former) (*Result, error) {
	replaced := map[string]syntax.Replacement{}
	for _, f := range all {
		former, err := v.repo.Former(f.Text, f.Library)
		if err != nil {
			return nil, err
		}
		r := syntax.Replacement{Former: former, Changed: v.repo.Changed(f.Dir, former)}
		if f.Broken != nil {
			r.Unit = v.repo.Unit(f.Dir, former, f.Broken)
		}
		replaced[f.Dir] = r
	}
	repo := v.repo.With(replaced)
	next := &View{Loader: v.Loader, repo: repo, evaluator: v.evaluator.With(repo), outcomes: map[*syntax.Directory]eval.Outcome{}}
	for _, d := range repo.Directories {
		if o, ok := v.outcomes[d]; ok {
			next.outcomes[d] = o
		}
	}
	return next.result(ctx)
}

// SameBesides reports whether a directory says the same as a text of it from before, but
// for plain documents.
func (v *View) SameBesides(f Former) bool {
	d := v.directory(f.Dir)
	former, err := v.repo.Former(f.Text, f.Library)
	return d != nil && err == nil && v.repo.SameBesides(d, former)
}

// FormerDocuments are the documents of one directory as a former text of it declares them
// under the directories that are above it today.
type FormerDocuments struct {
	documents map[eval.Identity]*eval.Document
	// diagnostics are what is wrong with documents today, by title.
	diagnostics map[string][]diag.Diagnostic
	view        *View
	dir         string
}

// Beside evaluates former texts, of different directories, without making them part of
// the view.
func (v *View) Beside(ctx context.Context, all []Former) (map[string]*FormerDocuments, error) {
	texts := map[string]*syntax.Former{}
	for _, f := range all {
		former, err := v.repo.Former(f.Text, f.Library)
		if err != nil {
			return nil, err
		}
		texts[f.Dir] = former
	}
	repo, dirs := v.repo.Beside(texts)
	beside := &View{Loader: v.Loader, repo: repo, evaluator: v.evaluator.With(repo), outcomes: map[*syntax.Directory]eval.Outcome{}}
	var todo []*syntax.Directory
	for _, d := range dirs {
		if d.Dead(v.isDead) == nil {
			todo = append(todo, d)
		}
	}
	if _, err := beside.evaluate(ctx, todo); err != nil {
		return nil, err
	}
	out := map[string]*FormerDocuments{}
	for dir, d := range dirs {
		out[dir] = v.formerDocuments(dir, beside.outcomes[d])
	}
	return out, nil
}

func (v *View) formerDocuments(dir string, o eval.Outcome) *FormerDocuments {
	out := &FormerDocuments{view: v, dir: dir, documents: map[eval.Identity]*eval.Document{}, diagnostics: map[string][]diag.Diagnostic{}}
	if o.Dead {
		return out
	}
	for i := range o.Documents {
		d := &o.Documents[i]
		out.documents[eval.Identity{Kind: d.Kind, Key: d.Key}] = d
	}
	for _, d := range o.Diagnostics {
		out.diagnostics[d.Document] = append(out.diagnostics[d.Document], d)
	}
	return out
}

// Document returns a document as it was. It is nil, with what is wrong, where the
// directories above do not admit it today, and nil alone where there is no such document.
func (f *FormerDocuments) Document(kind schema.Kind, key string) (document.Any, []diag.Diagnostic) {
	k := document.KindIndex(string(kind))
	id := eval.Identity{Kind: k, Key: key}
	doc, ok := f.documents[id]
	if !ok {
		return nil, f.diagnostics[id.Title()]
	}
	meta := document.Meta{Kind: kind, Key: key, Dir: f.dir, Pos: f.view.repo.Place(f.dir, k, key), Places: doc.Places, Text: doc.Text, Held: true}
	return kinds[k].Document(meta, doc.Spec), nil
}

// Torn reports whether a file that keeps its directory from being evaluated says a word.
func (v *View) Torn(word string) bool {
	re := regexp.MustCompile(`\b` + regexp.QuoteMeta(word) + `\b`)
	for _, d := range v.Dead() {
		for _, name := range d.Files {
			if f, ok := v.tree.File(name); ok && re.Match(f.Data) {
				return true
			}
		}
	}
	return false
}
