package testkit_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/testkit"
)

// failures is a test that remembers what fails in it.
type failures struct {
	testing.TB
	messages []string
}

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, args ...any) {
	f.messages = append(f.messages, format)
}

// A golden that differs fails, is renewed on demand, and holds from then on.
func TestGoldens(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, map[string]string{"page.md": "old\n", "tree/a": "1", "tree/gone": "", "case.txtar": "-- in --\nx\n-- want --\nold\n"})
	name := filepath.Join(dir, "case.txtar")
	compare := func(t testing.TB) {
		testkit.Golden(t, filepath.Join(dir, "page.md"), "new\n")
		testkit.GoldenFiles(t, filepath.Join(dir, "tree"), map[string]string{"a": "2", "b/c": "3"})
		testkit.GoldenEntry(t, name, testkit.Archive(t, name), "want", "new\n")
		testkit.GoldenEntry(t, name, testkit.Archive(t, name), "more", "added\n")
	}
	t.Setenv("TENANTRY_UPDATE", "")
	before := &failures{TB: t}
	if compare(before); len(before.messages) != 4 {
		t.Errorf("%d of 4 goldens fail: %q", len(before.messages), before.messages)
	}
	t.Setenv("TENANTRY_UPDATE", "1")
	compare(t)
	t.Setenv("TENANTRY_UPDATE", "")
	compare(t)
	want := map[string]string{"page.md": "new\n", "tree/a": "2", "tree/b/c": "3", "case.txtar": "-- in --\nx\n-- want --\nnew\n-- more --\nadded\n"}
	if diff := cmp.Diff(want, testkit.ReadFiles(t, dir)); diff != "" {
		t.Errorf("(-want +have):\n%s", diff)
	}
}

// Differences shows three files at most and names all.
func TestDifferences(t *testing.T) {
	before := map[string]string{"a": "1", "b": "1", "c": "1", "d": "1", "same": "1"}
	after := map[string]string{"a": "2", "b": "2", "c": "2", "new": "", "same": "1"}
	text := testkit.Differences(before, after)
	for _, name := range []string{"a\n", "b\n", "c\n", "d\n", "new\n"} {
		if !strings.Contains(text, name) {
			t.Errorf("%q is not named in:\n%s", name, text)
		}
	}
	if strings.Contains(text, "same") || strings.Count(text, "[]string") != 3 {
		t.Errorf("too much is shown:\n%s", text)
	}
	if text := testkit.Differences(before, before); text != "" {
		t.Errorf("equal files differ: %s", text)
	}
}
