package source_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/testkit"
)

// TestMergeBase compares with git itself, with and without git at hand.
func TestMergeBase(t *testing.T) {
	dir := t.TempDir()
	history(t, dir)
	testkit.Git(t, dir, "checkout", "-q", "-b", "topic", "HEAD~1")
	testkit.GitCommit(t, dir, "on topic")
	testkit.Git(t, dir, "checkout", "-q", "-b", "crossing", "main")
	testkit.Git(t, dir, "merge", "-q", "-s", "ours", "-m", "crossing", "topic")
	testkit.Git(t, dir, "checkout", "-q", "--orphan", "other")
	testkit.GitCommit(t, dir, "of no relation")
	testkit.Git(t, dir, "checkout", "-q", "main")
	want := map[string]string{}
	for _, revision := range []string{"HEAD", "topic", "side", "crossing", "v1", "topic~1", "main~4"} {
		want[revision] = testkit.Git(t, dir, "merge-base", revision, "main")
	}
	shallow := t.TempDir()
	testkit.Git(t, shallow, "clone", "-q", "--depth", "1", "--no-single-branch", "file://"+dir, ".")
	check := func(t *testing.T) {
		for revision, want := range want {
			if hash, branch, err := source.MergeBase(t.Context(), dir, revision); hash != want || branch != "main" || err != nil {
				t.Errorf("%s: have %s of %s, %v; want %s of main", revision, hash, branch, err, want)
			}
		}
		for place, errors := range map[string]map[string]string{
			dir:     {"other": "no common history", "v9": "no revision v9"},
			shallow: {"origin/topic": "fetch-depth: 0"},
		} {
			for revision, want := range errors {
				if _, _, err := source.MergeBase(t.Context(), place, revision); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: have %v, want an error with %q", revision, err, want)
				}
			}
		}
	}
	t.Run("git", check)
	t.Run("no git", func(t *testing.T) {
		if _, err := exec.LookPath("git"); err != nil {
			t.Skip("this is the only way here")
		}
		testkit.WithoutGit(t)
		check(t)
	})
}

// A shallow clone that reaches back far enough is as good as a whole one.
func TestMergeBaseOfShallowClone(t *testing.T) {
	dir, clone := t.TempDir(), t.TempDir()
	hashes := history(t, dir)
	testkit.Git(t, dir, "checkout", "-q", "-b", "topic", "HEAD~1")
	testkit.GitCommit(t, dir, "on topic")
	testkit.Git(t, dir, "checkout", "-q", "main")
	testkit.Git(t, clone, "clone", "-q", "--depth", "2", "--no-single-branch", "--branch", "topic", "file://"+dir, ".")
	if hash, branch, err := source.MergeBase(t.Context(), clone, "HEAD"); hash != hashes[3] || branch != "origin/HEAD" || err != nil {
		t.Errorf("have %s of %s, %v; want %s of origin/HEAD", hash, branch, err, hashes[3])
	}
}
