package source_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/testkit"
)

// Every kind of clone that users have. One that go-git can't read is read by
// git, and where there is no git the error names the case.
func TestKindsOfRepositories(t *testing.T) {
	origin := t.TempDir()
	history(t, origin)
	testkit.Git(t, origin, "config", "uploadpack.allowFilter", "true")
	testkit.Git(t, origin, "config", "uploadpack.allowAnySHA1InWant", "true")
	clone := func(t *testing.T, args ...string) string {
		dir := filepath.Join(t.TempDir(), "clone")
		testkit.Git(t, origin, append(append([]string{"clone", "-q"}, args...), dir)...)
		return dir
	}
	url := "file://" + filepath.ToSlash(origin)
	const head, before = "5", "2" // states of HEAD and HEAD~3

	cases := []struct {
		name string
		make func(t *testing.T) string
		// noGit is what the error says without git; "" where it succeeds.
		noGit string
	}{
		{"plain", func(t *testing.T) string { return clone(t, origin) }, ""},
		{"bare", func(t *testing.T) string { return clone(t, "--bare", origin) }, ""},
		{"git directory", func(t *testing.T) string { return filepath.Join(clone(t, origin), ".git") }, ""},
		{"packed", func(t *testing.T) string {
			dir := clone(t, url)
			testkit.Git(t, dir, "gc", "-q", "--aggressive")
			return dir
		}, ""},
		{"linked worktree", func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "linked")
			testkit.Git(t, clone(t, origin), "worktree", "add", "-q", "--detach", dir)
			return dir
		}, ""},
		{"separate git directory", func(t *testing.T) string {
			return clone(t, "--separate-git-dir="+filepath.Join(t.TempDir(), "elsewhere"), origin)
		}, ""},
		{"sparse checkout", func(t *testing.T) string {
			dir := clone(t, "--sparse", origin)
			testkit.Git(t, dir, "sparse-checkout", "set", "--cone", "cue.mod")
			return dir
		}, ""},
		{"replaced commit", func(t *testing.T) string {
			dir := clone(t, origin)
			testkit.Git(t, dir, "replace", "HEAD~3", "HEAD~4")
			return dir
		}, ""},
		{"shared", func(t *testing.T) string { return clone(t, "--shared", origin) }, "borrows objects"},
		{"partial, without blobs", func(t *testing.T) string { return clone(t, "--filter=blob:none", url) }, "partial clone"},
		{"partial, without trees", func(t *testing.T) string { return clone(t, "--filter=tree:0", "--no-checkout", url) }, "partial clone"},
		{"sha256", func(t *testing.T) string {
			dir := t.TempDir()
			history(t, dir, "--object-format=sha256")
			return dir
		}, "SHA-256"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := c.make(t)
			t.Run("without git", func(t *testing.T) {
				testkit.WithoutGit(t)
				tree, _, err := source.Open(t.Context(), dir, source.Options{Revision: "HEAD~3"})
				switch {
				case c.noGit == "" && err != nil:
					t.Error(err)
				case c.noGit == "" && state(t, tree) != before:
					t.Errorf("HEAD~3 is state %s", state(t, tree))
				case c.noGit != "" && (err == nil || !strings.Contains(err.Error(), c.noGit) || !strings.Contains(err.Error(), "git on the PATH")):
					t.Errorf("error %v; want it to name %q and the remedy", err, c.noGit)
				}
			})
			t.Run("with git", func(t *testing.T) {
				// Variables of a hook or of another repository must not lead astray.
				wrong := t.TempDir()
				t.Setenv("GIT_DIR", wrong)
				t.Setenv("GIT_WORK_TREE", wrong)
				t.Setenv("GIT_INDEX_FILE", filepath.Join(wrong, "index"))
				t.Setenv("GIT_OBJECT_DIRECTORY", wrong)
				t.Setenv("GIT_CONFIG_COUNT", "no number")
				t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(wrong, "config"))
				for revision, want := range map[string]string{"HEAD": head, "HEAD~3": before} {
					tree := open(t, dir, source.Options{Revision: revision})
					if got := state(t, tree); got != want {
						t.Errorf("%s is state %s, want %s", revision, got, want)
					}
					if len(tree.Files()) != 2 {
						t.Errorf("%s has %v", revision, paths(tree))
					}
				}
				_, _, err := source.Open(t.Context(), dir, source.Options{Revision: "HEAD:orgs/nowhere"})
				if err == nil || !strings.Contains(err.Error(), "there is no directory orgs/nowhere") {
					t.Error(err)
				}
			})
		})
	}
}

// A shallow clone has its newest commit, and says what to do for an older one.
func TestShallowClone(t *testing.T) {
	origin := t.TempDir()
	h := history(t, origin)
	dir := filepath.Join(t.TempDir(), "clone")
	testkit.Git(t, origin, "clone", "-q", "--depth=2", "file://"+filepath.ToSlash(origin), dir)
	check := func(t *testing.T) {
		if got := state(t, open(t, dir, source.Options{Revision: "HEAD~1"})); got != "4" {
			t.Errorf("HEAD~1 is state %s", got)
		}
		for _, revision := range []string{"HEAD~3", h[0], "side"} {
			_, _, err := source.Open(t.Context(), dir, source.Options{Revision: revision})
			if err == nil || !strings.Contains(err.Error(), "git fetch --unshallow") {
				t.Errorf("%s: %v", revision, err)
			}
		}
	}
	t.Run("with git", check)
	testkit.WithoutGit(t)
	t.Run("without git", check)
}

// Where git can't help either, the error says what is the matter.
func TestHopelessRepositories(t *testing.T) {
	origin, partial, future := t.TempDir(), filepath.Join(t.TempDir(), "clone"), t.TempDir()
	history(t, origin)
	testkit.Git(t, origin, "config", "uploadpack.allowFilter", "true")
	testkit.Git(t, origin, "clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+filepath.ToSlash(origin), partial)
	testkit.Git(t, partial, "remote", "set-url", "origin", "file:///nowhere")
	history(t, future)
	testkit.Git(t, future, "config", "core.repositoryformatversion", "1")
	testkit.Git(t, future, "config", "extensions.fromTheFuture", "true")
	for dir, says := range map[string]string{
		partial: "this is a partial clone, whose missing objects git could not fetch",
		future:  "fromthefuture",
	} {
		_, _, err := source.Open(t.Context(), dir, source.Options{Revision: "HEAD"})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want %q in it", err, says)
		}
	}
	testkit.WithoutGit(t)
	_, _, err := source.Open(t.Context(), future, source.Options{Revision: "HEAD"})
	if err == nil || !strings.Contains(err.Error(), "extension fromthefuture") {
		t.Error(err)
	}
}

// A damaged object is an error, whatever the library makes of it.
func TestDamagedObjects(t *testing.T) {
	dir := t.TempDir()
	history(t, dir)
	for _, object := range []string{"HEAD:orgs/acme/org.cue", "HEAD:orgs", "HEAD^{tree}", "HEAD"} {
		hash := testkit.Git(t, dir, "rev-parse", object)
		name := filepath.Join(dir, ".git", "objects", hash[:2], hash[2:])
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, damaged := range [][]byte{nil, whole[:len(whole)/2], append([]byte{0}, whole...)} {
			if err := errors.Join(os.Chmod(name, 0o644), os.WriteFile(name, damaged, 0o644)); err != nil {
				t.Fatal(err)
			}
			if tree, _, err := source.Open(t.Context(), dir, source.Options{Revision: "main"}); err == nil {
				t.Errorf("%s damaged: read as %v", object, paths(tree))
			}
		}
		if err := os.WriteFile(name, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
