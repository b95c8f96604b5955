package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// Options say what Open reads. The zero value reads the directory as it is on
// disk, with the default limits.
type Options struct {
	// Revision is a git revision as `git rev-parse` takes it (a tag, a branch,
	// a hash or its beginning, HEAD~3, main^2), and may name a directory in it,
	// relative to the root of the git repository: "main:tenancy". Empty means
	// the directory on disk.
	Revision string
	// Exclude are paths relative to the tenancy repo's root that are not read,
	// such as the directory of the output.
	Exclude []string
	// MaxFile is the size in bytes above which a file is refused; 0 means 8 MiB.
	MaxFile int64
	// MaxTotal bounds the bytes of all files together; 0 means 1 GiB.
	MaxTotal int64
	// MaxEntries bounds the files and directories that are looked at; 0 means
	// two million. A few kilobytes of git objects can describe a tree of
	// billions.
	MaxEntries int
}

func (o Options) withDefaults() Options {
	if o.MaxFile <= 0 {
		o.MaxFile = 8 << 20
	}
	if o.MaxTotal <= 0 {
		o.MaxTotal = 1 << 30
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = 2_000_000
	}
	return o
}

// moduleFile is what makes a directory the root of a tenancy repo.
const moduleFile = "cue.mod/module.cue"

// Open reads the tenancy repo whose root is dir. With a revision, dir is a git
// work tree, a directory inside one, or a bare repository.
//
// Diagnostics tell which files were left out, and why; the tree holds all
// others, or none where there are too many. An error means that there is nothing to compile: no such directory
// or revision, or no tenancy repo in it.
func Open(ctx context.Context, dir string, o Options) (*Tree, []diag.Diagnostic, error) {
	o = o.withDefaults()
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("there is no directory %s", dir)
	case err != nil:
		return nil, nil, fmt.Errorf("cannot read %s: %w", dir, reason(err))
	case !info.IsDir():
		return nil, nil, fmt.Errorf("%s is a file; name the directory of the tenancy repo", dir)
	}
	if o.Revision != "" {
		return openRevision(ctx, dir, o)
	}
	return openDirectory(ctx, dir, o)
}

func openDirectory(ctx context.Context, dir string, o Options) (*Tree, []diag.Diagnostic, error) {
	l := newListing(o)
	if err := listDirectory(ctx, l, dir); err != nil {
		return nil, nil, err
	}
	if !l.isTenancy && !l.tooLarge {
		hint := ""
		if root, ok := rootAbove(dir); ok {
			hint = fmt.Sprintf("; the root of the tenancy repo seems to be %s", root)
		}
		return nil, l.diagnostics(), notTenancy(l, dir, hint)
	}
	files, err := readDirectory(ctx, l, dir)
	if err != nil {
		return nil, nil, err
	}
	return NewTree(files, "working tree", ""), l.diagnostics(), nil
}

func notTenancy(l *listing, place, hint string) error {
	if l.linkedModule != "" {
		return fmt.Errorf("%s is not the root of a tenancy repo: its %s is a symbolic link, which is never followed", place, l.linkedModule)
	}
	if hint == "" {
		hint = "; `tenantry init` makes one"
	}
	return fmt.Errorf("%s is not the root of a tenancy repo: it has no %s%s", place, moduleFile, hint)
}

// rootAbove returns the nearest directory above dir that is a tenancy repo's root.
func rootAbove(dir string) (string, bool) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", false
	}
	for up := filepath.Dir(abs); ; up = filepath.Dir(up) {
		if _, err := os.Stat(filepath.Join(up, filepath.FromSlash(moduleFile))); err == nil {
			return up, true
		}
		if up == filepath.Dir(up) {
			return "", false
		}
	}
}

// reason strips the operation and the path from an error of package os: the
// message around it names them in the user's terms.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// shortHash is the beginning of a commit's hash that people read.
func shortHash(hash string) string { return hash[:min(7, len(hash))] }

// revisionName names a revision for people, without saying a hash twice.
func revisionName(revision, hash string) string {
	if strings.HasPrefix(hash, revision) {
		return shortHash(hash)
	}
	return fmt.Sprintf("%s (%s)", revision, shortHash(hash))
}
