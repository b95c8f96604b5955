package source_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/testkit"
)

// Revisions mean what they mean to git, with and without git on the machine.
func TestRevisions(t *testing.T) {
	dir := t.TempDir()
	h := history(t, dir)
	testkit.Git(t, dir, "update-ref", "refs/remotes/origin/main", h[2])
	testkit.Git(t, dir, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	// A branch whose name is the beginning of another commit's hash: the branch wins.
	testkit.Git(t, dir, "branch", h[0][:7], h[1])

	cases := []struct{ revision, state string }{
		{"HEAD", "5"}, {"@", "5"}, {"main", "5"}, {"refs/heads/main", "5"}, {"heads/main", "5"}, {"side", "99"},
		{"v1", "2"}, {"v2", "2"}, {"v3", "2"}, {"v2^{commit}", "2"}, {"v2^{}", "2"}, {"v2~1", "1"}, {"tags/v2", "2"},
		{"origin/main", "3"}, {"origin", "3"},
		{h[2], "3"}, {strings.ToUpper(h[2]), "3"}, {h[3][:9], "4"}, {h[3][:8] + "~0", "4"}, {h[0][:7], "2"},
		{"HEAD~3", "2"}, {"HEAD^", "4"}, {"HEAD~", "4"}, {"HEAD^^", "3"}, {"HEAD^0", "5"},
		{"HEAD^^2", "99"}, {"main~1^2", "99"}, {"main~1^1", "3"}, {"main~1^2~1", "2"},
	}
	check := func(t *testing.T) {
		for _, c := range cases {
			tree := open(t, dir, source.Options{Revision: c.revision})
			if got := state(t, tree); got != c.state {
				t.Errorf("%s: state %s, want %s", c.revision, got, c.state)
			}
			if len(tree.Revision()) != 40 {
				t.Errorf("%s: revision %q is no full hash", c.revision, tree.Revision())
			}
		}
	}
	t.Run("with git", check)
	// What only git can answer.
	if got := state(t, open(t, dir, source.Options{Revision: "main@{1}"})); got != "4" {
		t.Errorf("main@{1}: state %s, want 4", got)
	}
	if got := state(t, open(t, dir, source.Options{Revision: "HEAD^{/state 3}"})); got != "3" {
		t.Errorf("HEAD^{/state 3}: state %s, want 3", got)
	}
	testkit.WithoutGit(t)
	t.Run("without git", check)

	for revision, name := range map[string]string{
		"HEAD~3": "HEAD~3 (" + h[1][:7] + ")", h[2]: h[2][:7], "main:.": "main:. (" + h[4][:7] + ")",
	} {
		if got := open(t, dir, source.Options{Revision: revision}).Name(); got != name {
			t.Errorf("the tree of %s is named %q, want %q", revision, got, name)
		}
	}
}

// What is no revision is refused with a reason, never taken for another one.
func TestUnknownRevisions(t *testing.T) {
	dir := t.TempDir()
	h := history(t, dir)
	blob := testkit.Git(t, dir, "rev-parse", "HEAD:README.md")
	cases := []struct{ revision, says string }{
		{"nowhere", "there is no revision nowhere"},
		{"HEAD~100", "there is no revision HEAD~100"},
		{"main~1^3", "there is no revision main~1^3"},
		{"HEAD^2", "there is no revision HEAD^2"},
		{"0123456", "there is no revision 0123456"},
		{strings.Repeat("0123", 10), ""},
		{"../HEAD", "not an option or a range"},
		{"config", "there is no revision config"},
		{"main..side", "not an option or a range"},
		{"^main", "not an option or a range"},
		{"--all", "not an option or a range"},
		{":orgs", "names no commit"},
		{"HEAD\nmain", "is not a revision"},
		{blob, "is a blob; name a commit"},
		{"HEAD:nowhere", "there is no directory nowhere at revision HEAD"},
		{"HEAD:README.md", "there is no directory README.md at revision HEAD"},
		{"HEAD:../x", "leaves the git repository"},
		{"HEAD:orgs", "HEAD:orgs is not the root of a tenancy repo"},
		{h[0] + "~1", "there is no revision"},
		{"~1", ""}, {"^2", ""}, {"HEAD^{tree}", ""}, {"HEAD~99999999999999999999", ""}, {"@{-1}x", ""}, {"HEAD^-", ""},
	}
	check := func(t *testing.T) {
		for _, c := range cases {
			tree, _, err := source.Open(t.Context(), dir, source.Options{Revision: c.revision})
			if err == nil {
				t.Errorf("%q was read as %s", c.revision, tree.Name())
			} else if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q: %v; want %q in it", c.revision, err, c.says)
			}
		}
	}
	t.Run("with git", check)
	testkit.WithoutGit(t)
	t.Run("without git", check)
	_, _, err := source.Open(t.Context(), dir, source.Options{Revision: "main@{1}"})
	if err == nil || !strings.Contains(err.Error(), "needs git on the PATH") {
		t.Errorf("main@{1} without git: %v", err)
	}
	_, _, err = source.Open(t.Context(), t.TempDir(), source.Options{Revision: "main"})
	if err == nil || !strings.Contains(err.Error(), "not in a git repository") {
		t.Errorf("outside a repository: %v", err)
	}
}

// Two commits whose hashes begin alike: a short hash must not pick one.
func TestAmbiguousHash(t *testing.T) {
	dir := t.TempDir()
	testkit.Git(t, dir, "init", "-q")
	tree := testkit.Git(t, dir, "write-tree")
	seen := map[string]string{}
	var prefix string
	for i := 0; prefix == ""; i++ {
		hash := testkit.Git(t, dir, "commit-tree", "-m", time.Duration(i).String(), tree)
		if _, ok := seen[hash[:4]]; ok {
			prefix = hash[:4]
		}
		seen[hash[:4]] = hash
		if i > 1500 {
			t.Fatal("no two of 1,500 hashes begin with the same four digits")
		}
	}
	testkit.WithoutGit(t)
	_, _, err := source.Open(t.Context(), dir, source.Options{Revision: prefix})
	if err == nil || !strings.Contains(err.Error(), "the hashes of 2 commits begin with "+prefix) {
		t.Error(err)
	}
}

// A subdirectory of a git repository can be the tenancy repo.
func TestSubdirectory(t *testing.T) {
	dir := t.TempDir()
	testkit.Git(t, dir, "init", "-q")
	testkit.WriteFiles(t, dir, map[string]string{"tenancy/cue.mod/module.cue": module, "tenancy/orgs/acme/org.cue": "n: 1\n", "other.cue": "x: 1\n"})
	testkit.GitCommit(t, dir, "one")
	testkit.WriteFiles(t, dir, map[string]string{"tenancy/orgs/acme/org.cue": "n: 2\n"})
	sub := filepath.Join(dir, "tenancy")

	check := func(t *testing.T) {
		for _, c := range []struct{ dir, revision, state string }{
			{sub, "", "2"}, {sub, "HEAD", "1"}, {dir, "HEAD:tenancy", "1"}, {dir, "HEAD:./tenancy/", "1"},
			{sub, "HEAD:tenancy", "1"}, {sub, "HEAD:./", "1"}, {filepath.Join(sub, "orgs"), "HEAD:../", "1"},
		} {
			tree := open(t, c.dir, source.Options{Revision: c.revision})
			if got := state(t, tree); got != c.state || len(tree.Files()) != 2 {
				t.Errorf("%s at %q: state %s, files %v; want state %s and two files", c.dir, c.revision, got, paths(tree), c.state)
			}
		}
		_, _, err := source.Open(t.Context(), filepath.Join(sub, "orgs"), source.Options{})
		if err == nil || !strings.Contains(err.Error(), "seems to be "+sub) {
			t.Errorf("a directory inside the tenancy repo: %v", err)
		}
	}
	t.Run("with git", check)
	testkit.WithoutGit(t)
	t.Run("without git", check)
}

// The work tree and a commit of the same content are the same tree, and a
// repository that go-git wrote reads as one that git wrote.
func TestSameContentSameDigest(t *testing.T) {
	files := map[string]string{
		"cue.mod/module.cue": module, "tenancy.cue": "a", "a.b/x.cue": "1", "a/x.cue": "2", "a-b/x.yaml": "3", "a/empty.json": "",
		"orgs/acme/a.tenancy.lock": "l", "README.md": "no", ".github/ci.yaml": "no",
	}
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, files)
	repo, err := gogit.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	work, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	if err := work.AddGlob("."); err != nil {
		t.Fatal(err)
	}
	signature := object.Signature{Name: "Ada", Email: "ada@acme.example", When: time.Unix(1, 0)}
	hash, err := work.Commit("all", &gogit.CommitOptions{Author: &signature})
	if err != nil {
		t.Fatal(err)
	}
	disk, revision := open(t, dir, source.Options{}), open(t, dir, source.Options{Revision: "HEAD"})
	if disk.Digest() != revision.Digest() {
		t.Errorf("the work tree has %v, the commit %v", paths(disk), paths(revision))
	}
	if revision.Revision() != hash.String() || disk.Revision() != "" || disk.Name() != "working tree" {
		t.Errorf("revision %q, %q of %q", revision.Revision(), disk.Revision(), disk.Name())
	}
	other := t.TempDir()
	testkit.WriteFiles(t, other, files)
	testkit.Git(t, other, "init", "-q")
	testkit.GitCommit(t, other, "all")
	if open(t, other, source.Options{Revision: "HEAD"}).Digest() != disk.Digest() {
		t.Error("the same files committed by git differ")
	}
	testkit.WriteFiles(t, dir, map[string]string{"a/x.cue": "changed"})
	if open(t, dir, source.Options{}).Digest() == disk.Digest() {
		t.Error("a change of one file does not show in the digest")
	}
}
