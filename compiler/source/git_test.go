package source_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/testkit"
)

const module = "module: \"acme.example/tenancy@v0\"\nlanguage: version: \"v0.17.0\"\n"

// history makes a repository of five commits on main; org.cue says "n: 1" to
// "n: 5" in them. The second is tagged v1 (light) and v2 (annotated), the last
// but one has a second parent on the branch side, where org.cue says "n: 99".
func history(t testing.TB, dir string, initArgs ...string) (hashes []string) {
	t.Helper()
	testkit.Git(t, dir, append([]string{"init", "-q"}, initArgs...)...)
	testkit.WriteFiles(t, dir, map[string]string{"cue.mod/module.cue": module, "README.md": "not read\n"})
	state := func(n string) { testkit.WriteFiles(t, dir, map[string]string{"orgs/acme/org.cue": "n: " + n + "\n"}) }
	for i, n := range []string{"1", "2", "3"} {
		state(n)
		hashes = append(hashes, testkit.GitCommit(t, dir, "state "+n))
		if i == 1 {
			testkit.Git(t, dir, "tag", "v1")
			testkit.Git(t, dir, "tag", "-a", "-m", "release", "v2")
			testkit.Git(t, dir, "tag", "-a", "-m", "a tag of a tag", "v3", "v2")
		}
	}
	testkit.Git(t, dir, "checkout", "-q", "-b", "side", "HEAD~1")
	state("99")
	testkit.GitCommit(t, dir, "state 99")
	testkit.Git(t, dir, "checkout", "-q", "main")
	testkit.Git(t, dir, "merge", "-q", "-s", "ours", "-m", "merge", "side")
	state("4")
	testkit.Git(t, dir, "add", "-A")
	testkit.Git(t, dir, "commit", "-q", "--amend", "-m", "state 4")
	hashes = append(hashes, testkit.Git(t, dir, "rev-parse", "HEAD"))
	state("5")
	return append(hashes, testkit.GitCommit(t, dir, "state 5"))
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
