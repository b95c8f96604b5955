package source_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/source"
)

const module = "module: \"acme.example/tenancy@v0\"\nlanguage: version: \"v0.17.0\"\n"

// write puts files into a directory.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, data := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// git runs the git binary in a directory, with settings of its own only.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	binary, err := exec.LookPath("git")
	if err != nil {
		t.Skip("this test needs git")
	}
	cmd := exec.Command(binary, append([]string{"-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main",
		"-c", "user.name=Ada", "-c", "user.email=ada@acme.example", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func commit(t testing.TB, dir, message string) string {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "--allow-empty", "-m", message)
	return git(t, dir, "rev-parse", "HEAD")
}

// history makes a repository of five commits on main; org.cue says "n: 1" to
// "n: 5" in them. The second is tagged v1 (light) and v2 (annotated), the last
// but one has a second parent on the branch side, where org.cue says "n: 99".
func history(t testing.TB, dir string, initArgs ...string) (hashes []string) {
	t.Helper()
	git(t, dir, append([]string{"init", "-q"}, initArgs...)...)
	write(t, dir, map[string]string{"cue.mod/module.cue": module, "README.md": "not read\n"})
	state := func(n string) { write(t, dir, map[string]string{"orgs/acme/org.cue": "n: " + n + "\n"}) }
	for i, n := range []string{"1", "2", "3"} {
		state(n)
		hashes = append(hashes, commit(t, dir, "state "+n))
		if i == 1 {
			git(t, dir, "tag", "v1")
			git(t, dir, "tag", "-a", "-m", "release", "v2")
			git(t, dir, "tag", "-a", "-m", "a tag of a tag", "v3", "v2")
		}
	}
	git(t, dir, "checkout", "-q", "-b", "side", "HEAD~1")
	state("99")
	commit(t, dir, "state 99")
	git(t, dir, "checkout", "-q", "main")
	git(t, dir, "merge", "-q", "-s", "ours", "-m", "merge", "side")
	state("4")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "--amend", "-m", "state 4")
	hashes = append(hashes, git(t, dir, "rev-parse", "HEAD"))
	state("5")
	return append(hashes, commit(t, dir, "state 5"))
}

// noGit runs the rest of the test on a machine without git.
func noGit(t *testing.T) {
	t.Helper()
	t.Setenv("PATH", t.TempDir())
}

// open opens a tree that must have no diagnostics.
func open(t testing.TB, dir string, o source.Options) *source.Tree {
	t.Helper()
	tree, diags, err := source.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatalf("Open(%q): %v", o.Revision, err)
	}
	for _, d := range diags {
		t.Errorf("Open(%q): unexpected diagnostic %s %s: %s", o.Revision, d.Code, d.Position, d.Message)
	}
	return tree
}

// state is what org.cue says in a tree of history.
func state(t testing.TB, tree *source.Tree) string {
	t.Helper()
	f, ok := tree.File("orgs/acme/org.cue")
	if !ok {
		t.Fatalf("%s has no orgs/acme/org.cue: %v", tree.Name(), paths(tree))
	}
	return strings.TrimSpace(strings.TrimPrefix(string(f.Data), "n: "))
}

func paths(tree *source.Tree) []string {
	var all []string
	for _, f := range tree.Files() {
		all = append(all, f.Path)
	}
	return all
}
