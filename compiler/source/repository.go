package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// repository is where a git repository lies on disk.
type repository struct {
	root   string // the work tree, or the bare repository itself
	gitDir string // HEAD of this work tree
	common string // objects and branches; gitDir unless the work tree is a linked one
}

// Below returns the slash path of a directory inside its git repository, "" for the
// root of one and for what lies in none.
func Below(dir string) string {
	_, sub, err := locate(dir)
	if err != nil {
		return ""
	}
	return sub
}

// locate finds the git repository of a directory, and the slash path of the
// directory inside it. Environment variables such as GIT_DIR play no part: the
// user named a directory.
func locate(dir string) (repository, string, error) {
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return repository{}, "", fmt.Errorf("cannot read %s: %w", dir, reason(err))
	}
	if isGitDir(abs) {
		return repository{root: abs, gitDir: abs, common: commonDir(abs)}, "", nil
	}
	for root := abs; ; root = filepath.Dir(root) {
		if gitDir, ok := gitDirOf(root); ok {
			sub, err := filepath.Rel(root, abs)
			if err != nil {
				return repository{}, "", err
			}
			return repository{root: root, gitDir: gitDir, common: commonDir(gitDir)}, treePath(filepath.ToSlash(sub)), nil
		}
		if root == filepath.Dir(root) {
			return repository{}, "", fmt.Errorf("%s is not in a git repository, so it has no revisions", dir)
		}
	}
}

// gitDirOf returns the git directory of a work tree's root.
func gitDirOf(root string) (string, bool) {
	dot := filepath.Join(root, ".git")
	if isGitDir(dot) {
		return dot, true
	}
	target, ok := pointer(dot, "gitdir:")
	return target, ok && isGitDir(target)
}

// isGitDir uses git's own test.
func isGitDir(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "HEAD"))
	return err == nil && isDir(filepath.Join(commonDir(dir), "objects")) && isDir(filepath.Join(commonDir(dir), "refs"))
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func exists(elem ...string) bool {
	_, err := os.Stat(filepath.Join(elem...))
	return err == nil
}

func commonDir(gitDir string) string {
	if dir, ok := pointer(filepath.Join(gitDir, "commondir"), ""); ok {
		return dir
	}
	return gitDir
}

// pointer reads a file that holds a path, relative to its own directory.
func pointer(name, prefix string) (string, bool) {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || info.Size() > 1<<16 {
		return "", false
	}
	data, err := os.ReadFile(name)
	text, ok := strings.CutPrefix(string(data), prefix)
	text = strings.TrimSpace(text)
	if err != nil || !ok || text == "" {
		return "", false
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(filepath.Dir(name), text)
	}
	return text, true
}

// treePath is a path inside a git tree, "" for its root.
func treePath(p string) string {
	if p = path.Clean(p); p == "." {
		return ""
	}
	return p
}

// target is a directory in a commit.
type target struct {
	commit string // as asked for: "main~2"
	dir    string // "" is the root of the git repository
}

func (t target) String() string {
	if t.dir == "" {
		return t.commit
	}
	return t.commit + ":" + t.dir
}

// parseTarget splits "main:tenancy". Without a colon the directory is sub, the
// one that the user named on disk.
func parseTarget(revision, sub string) (target, error) {
	commit, dir, hasDir := cutPath(revision)
	switch {
	case commit == "":
		return target{}, fmt.Errorf("%q names no commit", revision)
	case strings.HasPrefix(commit, "-") || strings.HasPrefix(commit, "^") || strings.Contains(commit, ".."):
		return target{}, fmt.Errorf("%q is not a revision: name one commit, not an option or a range", revision)
	case strings.ContainsAny(revision, "\x00\n\r"):
		return target{}, fmt.Errorf("%q is not a revision", revision)
	}
	if !hasDir {
		return target{commit, sub}, nil
	}
	if strings.HasPrefix(dir, "./") || strings.HasPrefix(dir, "../") {
		dir = path.Join(sub, dir)
	}
	dir = treePath(dir)
	if path.IsAbs(dir) || dir == ".." || strings.HasPrefix(dir, "../") {
		return target{}, fmt.Errorf("%q leaves the git repository", revision)
	}
	return target{commit, dir}, nil
}

// cutPath cuts at the first colon that is not in braces: "HEAD^{/fix: it}:dir".
func cutPath(revision string) (commit, dir string, found bool) {
	depth := 0
	for i, c := range revision {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth--
		case c == ':' && depth == 0:
			return revision[:i], revision[i+1:], true
		}
	}
	return revision, "", false
}

// refusal is an error about what the user asked for. No other way to read the
// repository would find it there.
type refusal struct{ error }

// errNoRevision says that no commit has the name.
var errNoRevision = errors.New("no such revision")

// snapshot is a listing of a commit that was read.
type snapshot struct {
	listing *listing
	files   []File
	commit  string // the full hash
}

// openRevision reads a tenancy repo at a revision.
func openRevision(ctx context.Context, dir string, o Options) (*Tree, []diag.Diagnostic, error) {
	tree, snap, t, err := readRevision(ctx, dir, o)
	if err != nil {
		return nil, nil, err
	}
	if !snap.isTenancy && !snap.tooLarge {
		return nil, snap.diagnostics(), notTenancy(snap, t.String(), "")
	}
	return tree, snap.diagnostics(), nil
}

// readRevision reads a directory of a revision, whatever it is.
func readRevision(ctx context.Context, dir string, o Options) (*Tree, *listing, target, error) {
	repo, sub, err := locate(dir)
	if err != nil {
		return nil, nil, target{}, err
	}
	t, err := parseTarget(o.Revision, sub)
	if err != nil {
		return nil, nil, t, err
	}
	snap, err := readWithLibrary(ctx, repo, t, o)
	if err != nil && ctx.Err() == nil && !errors.As(err, &refusal{}) {
		if git, lookErr := exec.LookPath("git"); lookErr == nil {
			snap, err = readWithCommand(ctx, gitCommand{git, repo.root}, t, o)
			err = explain(err, repo, t, true)
		} else {
			err = explain(err, repo, t, false)
		}
	}
	if ctx.Err() != nil {
		return nil, nil, t, ctx.Err()
	}
	if err != nil {
		return nil, nil, t, err
	}
	return NewTree(snap.files, revisionName(o.Revision, snap.commit), snap.commit), snap.listing, t, nil
}
