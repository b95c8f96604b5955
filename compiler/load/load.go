// Package load is the compiler's second pass: CUE evaluates the files of a
// tenancy repo, and documents come out as Go values that know where each of
// their fields stands.
//
// The directory tree is the hierarchy. A directory's instance is the package
// tenancy of its own files unified with that of every directory above it, so
// what a directory constrains by pattern, nothing below can loosen. Directories
// never see their siblings, so each is evaluated by itself, in parallel, and its
// outcome is kept in a cache under all that it depends on.
//
// CUE by itself would let a descendant leave or loosen that hierarchy, and would
// leave files out in silence. What is added here keeps the promise:
//
//   - every map of documents is held to the schema in this binary, whatever the
//     repo embeds or vendors;
//   - plain documents of the directories above are overwritten by spaces in a
//     descendant's instance, unless something there refers to them: they cannot
//     be changed from below, and are not evaluated once for each descendant;
//   - a document is declared in one directory, which must contain its key;
//   - where a directory redefines names that patterns above it use, or where
//     these carry defaults, its documents are evaluated once more under the
//     directories above alone;
//   - files that CUE would skip, and nested modules, are errors.
//
// An error fails as little as can be told: a document, or a directory and all
// below it.
package load

import (
	"context"
	"runtime"
	"time"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/schema"
)

// kinds are the kinds of documents; the index of a kind stands for it.
var kinds = document.Kinds()

// Failure is what could not be had: one document, or, where Kind is empty, a
// whole directory and everything below it.
type Failure struct {
	Kind schema.Kind
	Key  string
	Dir  string
}

// Result is what a tenancy repo declares.
type Result struct {
	Documents   *document.Documents
	Failures    []Failure
	Diagnostics []diag.Diagnostic
	Stats       Stats
	// View is what the directories say, for further questions.
	View *View
}

// Stats tells how much work a load was.
type Stats struct {
	Directories int
	// Cached are the directories whose outcome was found in the cache.
	Cached    int
	Documents int
}

// Options of a Loader.
type Options struct {
	// Cache may be nil.
	Cache *store.Cache
	// Evaluated may be nil; runs that are given the same share what they evaluate.
	Evaluated *Evaluated
	// Workers is the number of directories evaluated at a time; by default one
	// for each processor.
	Workers int
	// Build identifies the program, on which cached outcomes depend.
	Build string
	// Timeout bounds the evaluation of one directory; by default a minute.
	Timeout time.Duration
	// MaxMemory bounds the heap, in bytes, while directories are evaluated; by
	// default 6 GiB.
	MaxMemory int64
	// Refused are the files that the source pass could not read. They may have held
	// limits: their directories, and all below, are as good as unparsed.
	Refused []diag.Diagnostic
	// Targets are what documents may name, as the schema has it where it is empty.
	Targets target.Table
	// Former returns the directory that declared a document of a kind and key in the last
	// build; it may be nil. Of several directories that may declare a document, the one
	// that did goes on to. It is called once everything is evaluated.
	Former func(kind schema.Kind, key string) (dir string, ok bool)
	// OnProgress is called after each directory, from several goroutines.
	OnProgress func(done, total int)
}

// Loader loads one tree.
type Loader struct {
	tree    *source.Tree
	options Options

	schemaDigest [32]byte
}

// New returns a loader of the tree.
func New(tree *source.Tree, o Options) *Loader {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.MaxMemory <= 0 {
		o.MaxMemory = 6 << 30
	}
	if o.Evaluated == nil {
		o.Evaluated = &Evaluated{}
	}
	return &Loader{tree: tree, options: o}
}

// Load evaluates every directory of the tree. What is wrong with the repo stands
// in the result; the error says why the run could not go on.
func (l *Loader) Load(ctx context.Context) (*Result, error) {
	v, err := l.read(ctx)
	if err != nil {
		return nil, err
	}
	return v.result(ctx)
}

// read reads the syntax of all files and sorts them into directories.
func (l *Loader) read(ctx context.Context) (*View, error) {
	files := schema.FilesFor(l.options.Targets.Names())
	l.schemaDigest = schema.Digest(files)
	repo, err := syntax.Read(l.tree, l.options.Refused, func(language string, directories [][]*syntax.File) error {
		return l.analyzeAll(ctx, language, directories)
	})
	if err != nil {
		return nil, err
	}
	evaluator, err := eval.New(repo, files)
	if err != nil {
		return nil, err
	}
	return &View{Loader: l, repo: repo, evaluator: evaluator, outcomes: map[*syntax.Directory]eval.Outcome{}}, nil
}
