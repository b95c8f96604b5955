package source_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tenantry/tenantry/compiler/source/sourcetest"
)

// File and Under agree with a plain search through all files.
func TestTreeLookup(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "b", "a-b", "a.b", "a0", "é"})
	path := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "segments"), "/")
	})
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.MapOf(path, rapid.String()).Draw(t, "files")
		tree := sourcetest.Tree(files)
		all := paths(tree)
		if !slices.IsSorted(all) || len(all) != len(files) {
			t.Fatalf("files %v of %v", all, files)
		}
		dir := rapid.OneOf(path, rapid.SampledFrom([]string{"", "."})).Draw(t, "dir")
		var want, got []string
		for _, p := range all {
			if dir == "" || dir == "." || strings.HasPrefix(p, dir+"/") {
				want = append(want, p)
			}
		}
		for _, f := range tree.Under(dir) {
			got = append(got, f.Path)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("Under(%q):\n%s", dir, d)
		}
		f, ok := tree.File(dir)
		data, exists := files[dir]
		if ok != exists || string(f.Data) != data {
			t.Fatalf("File(%q) = %q, %v; want %q, %v", dir, f.Data, ok, data, exists)
		}
	})
}

// Two trees have one digest exactly if they hold the same files.
func TestDigest(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab/\x00")), 1, 4, -1)
	files := rapid.MapOfN(text, text, 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		a, b := files.Draw(t, "a"), files.Draw(t, "b")
		same := cmp.Equal(a, b)
		if got := sourcetest.Tree(a).Digest() == sourcetest.Tree(b).Digest(); got != same {
			t.Fatalf("same files: %v, same digest: %v", same, got)
		}
	})
}
