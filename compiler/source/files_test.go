package source_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
)

// said renders diagnostics as "TEN0101 error orgs/acme".
func said(diags []diag.Diagnostic) []string {
	var all []string
	for _, d := range diags {
		all = append(all, fmt.Sprintf("%s %s %s", d.Code, d.Severity, d.Position))
	}
	return all
}

// ways are the three ways to read the same files, which must agree.
func ways(t *testing.T, dir string, o source.Options, want, diags []string) {
	t.Helper()
	check := func(t *testing.T, dir string, o source.Options) {
		tree, got, err := source.Open(t.Context(), dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, paths(tree)); d != "" {
			t.Errorf("files (-want +got):\n%s", d)
		}
		if d := cmp.Diff(diags, said(got)); d != "" {
			t.Errorf("diagnostics (-want +got):\n%s", d)
		}
	}
	t.Run("disk", func(t *testing.T) { check(t, dir, o) })
	testkit.Git(t, dir, "init", "-q")
	testkit.GitCommit(t, dir, "all")
	o.Revision = "HEAD"
	t.Run("commit", func(t *testing.T) { check(t, dir, o) })
	t.Run("commit, by git", func(t *testing.T) {
		shared := filepath.Join(t.TempDir(), "clone")
		testkit.Git(t, dir, "clone", "-q", "--shared", "--bare", dir, shared)
		check(t, shared, o)
	})
}

func TestWhichFiles(t *testing.T) {
	dir := t.TempDir()
	keep := map[string]string{
		"cue.mod/module.cue":                            module,
		"cue.mod/pkg/tenantry.dev/schema/schema.cue":    "x",
		"cue.mod/gen/k8s.io/api.cue":                    "x",
		"cue.mod/usr/k8s.io/api.cue":                    "x",
		"tenancy.cue":                                   "x",
		"apis/database/crd.yaml":                        "x",
		"apis/database/crd.yml":                         "x",
		"apis/database/values.json":                     "x",
		"orgs/acme/a.tenancy.lock":                      "x",
		"orgs/acme/.hidden.cue":                         "kept, so that loading refuses it",
		"orgs/acme/_hidden.cue":                         "kept, so that loading refuses it",
		"orgs/acme/cue.mod/module.cue":                  "kept, so that loading refuses it",
		"rendered-by-hand/x.cue":                        "only the exact path is excluded",
		"orgs/acme/rendered/x.cue":                      "only the path from the root is excluded",
		"orgs/" + strings.Repeat("deep/", 60) + "x.cue": "x",
	}
	testkit.WriteFiles(t, dir, keep)
	testkit.WriteFiles(t, dir, map[string]string{
		"README.md": "x", "Makefile": "x", "other.lock": "x", "x.CUE.txt": "x", "cue": "x",
		".config.yaml": "x", ".github/workflows/ci.yaml": "x", "orgs/.cache/x.cue": "x",
		"cue.mod/local.cue": "x", "cue.mod/cache/x.cue": "x", "cue.mod/x.yaml": "x",
		"rendered/clusters/eu-1/x.yaml": "x", "pins.yaml": "x",
	})
	want := slices.Sorted(func(yield func(string) bool) {
		for p := range keep {
			if !yield(p) {
				return
			}
		}
	})
	ways(t, dir, source.Options{Exclude: []string{"rendered/", "./pins.yaml", ".", "../elsewhere"}}, want, []string{"TEN0137 error orgs/.cache"})
}

// Below orgs/, what looks like a source by its name is read or reported.
func TestUnreadNames(t *testing.T) {
	const name, dot, dir = "its name ends in neither", "this file: its name begins with a dot", "the files of this directory"
	for _, c := range []struct{ path, why, better string }{
		{"orgs/acme/prod.cue.bak", name, "prod.cue"},
		{"orgs/acme/prod.cue~", name, "prod.cue"},
		{"orgs/acme/prod.cue.~1~", name, "prod.cue"},
		{"orgs/acme/prod.cue.txt", name, "prod.cue"},
		{"orgs/acme/prod.cue ", name, "prod.cue"},
		{"orgs/acme/prod.cue.", name, "prod.cue"},
		{"orgs/acme/prod.CUE.orig", name, "prod.CUE"},
		{"orgs/acme/prod.yml.disabled", name, "prod.yml"},
		{"orgs/acme/prod.yaml-off", name, "prod.yaml"},
		{"orgs/acme/prod.json_old", name, "prod.json"},
		{"orgs/acme/prod.yaml.gz", name, "prod.yaml"},
		{"orgs/acme/.prod.cue.bak", name, "prod.cue"},
		{"orgs/prod.cue.bak", name, "prod.cue"},
		{"orgs/acme/testdata/prod.cue.bak", name, "prod.cue"},
		{"orgs/acme/.prod.yaml", dot, "prod.yaml"},
		{"orgs/acme/.prod.json", dot, "prod.json"},
		{"orgs/acme/.prod/x.cue", dir, "prod"},
		{"orgs/acme/.prod/deep/.deeper/x.yaml.bak", dir, "prod"},
		{"orgs/.acme/x.json", dir, "acme"},
		{"orgs/acme/.prod/cue.mod/module.cue", dir, "prod"},

		// What is read, or refused by those who read it.
		{"orgs/acme/prod.cue", "", ""},
		{"orgs/acme/.prod.cue", "", ""},
		{"orgs/acme/_prod.cue", "", ""},
		{"orgs/acme/prod.YAML", "", ""},
		{"orgs/acme/_prod/x.cue", "", ""},
		{"orgs/acme/testdata/x.cue", "", ""},
		{"orgs/acme/cue.mod/module.cue", "", ""},
		{"orgs/acme/i.tenancy.lock", "", ""},

		// What nobody takes for a source.
		{"orgs/acme/README.md", "", ""},
		{"orgs/acme/prod.cue.md", "", ""},
		{"orgs/acme/prod.yaml.license", "", ""},
		{"orgs/acme/CODEOWNERS", "", ""},
		{"orgs/acme/logo.png", "", ""},
		{"orgs/acme/cue", "", ""},
		{"orgs/acme/prod.cues", "", ""},
		{"orgs/acme/prod.jsonnet", "", ""},
		{"orgs/acme/.gitkeep", "", ""},
		{"orgs/acme/.prod/README.md", "", ""},
		{"orgs/acme/.prod.cue.swp", "", ""}, // while an editor is open
		{"orgs/acme/#prod.cue#", "", ""},
		{"orgs/acme/.#prod.yaml.bak", "", ""},

		// Elsewhere, other tools have their files.
		{"classes/standard.cue.bak", "", ""},
		{".github/workflows/ci.yaml", "", ""},
		{".pre-commit-config.yaml", "", ""},
		{"organizations/x.cue.bak", "", ""},
	} {
		root := t.TempDir()
		testkit.WriteFiles(t, root, map[string]string{"cue.mod/module.cue": module, c.path: "x"})
		_, got, err := source.Open(t.Context(), root, source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if c.why == "" {
			if len(got) > 0 {
				t.Errorf("%s: %v", c.path, got)
			}
			continue
		}
		help := "rename it to " + c.better + ", or move it out of orgs/"
		if len(got) != 1 || got[0].Code != diag.UnreadFile || !strings.Contains(got[0].Message, c.why) || got[0].Suggestion != help {
			t.Errorf("%s: %v, want %q and %q", c.path, got, c.why, help)
		}
	}
}

// A hidden directory below orgs/ is named once, whatever is in it, and what is excluded is
// not looked into.
func TestUnreadDirectories(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, map[string]string{
		"cue.mod/module.cue": module, "orgs/acme/.old/a.cue": "x", "orgs/acme/.old/b/c.yaml": "x", "orgs/acme/.old/b/.d/e.json": "\xff",
		"orgs/acme/.out/x.cue": "x", "orgs/acme/out.yaml.bak": "x", "orgs/.git-like/config.yaml": "x",
	})
	if err := os.Symlink("a.cue", filepath.Join(dir, "orgs/acme/.old/link.cue")); err != nil {
		t.Skip(err)
	}
	ways(t, dir, source.Options{Exclude: []string{"orgs/acme/.out", "orgs/acme/out.yaml.bak"}}, []string{"cue.mod/module.cue"},
		[]string{"TEN0137 error orgs/.git-like", "TEN0137 error orgs/acme/.old"})
}

// Links are never followed; one that could hide an organization is an error.
func TestSymlinks(t *testing.T) {
	dir := t.TempDir()
	outside := t.TempDir()
	testkit.WriteFiles(t, outside, map[string]string{"secret.cue": "x"})
	testkit.WriteFiles(t, dir, map[string]string{"cue.mod/module.cue": module, "orgs/acme/org.cue": "x", "docs/README.md": "x"})
	for link, to := range map[string]string{
		"orgs/loop":        "../orgs",
		"orgs/acme/self":   "self",
		"orgs/beta":        outside,
		"orgs/acme/x.cue":  "org.cue",
		"orgs/acme/y.yaml": "/etc/passwd",
		"orgs/acme/.prod":  outside,
		"README.md":        "docs/README.md",
		".dot":             outside,
		"cue.mod/vendor":   outside,
		"cue.mod/pkg":      outside,
	} {
		if err := os.Symlink(to, filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Skip(err)
		}
	}
	ways(t, dir, source.Options{}, []string{"cue.mod/module.cue", "orgs/acme/org.cue"}, []string{
		"TEN0102 warning README.md", "TEN0101 error cue.mod/pkg", "TEN0102 warning orgs/acme/.prod", "TEN0101 error orgs/acme/self", "TEN0101 error orgs/acme/x.cue",
		"TEN0101 error orgs/acme/y.yaml", "TEN0101 error orgs/beta", "TEN0101 error orgs/loop",
	})
	if err := os.RemoveAll(filepath.Join(dir, "cue.mod")); err != nil {
		t.Fatal(err)
	}
	testkit.WriteFiles(t, outside, map[string]string{"module.cue": module})
	if err := os.Symlink(outside, filepath.Join(dir, "cue.mod")); err != nil {
		t.Fatal(err)
	}
	_, _, err := source.Open(t.Context(), dir, source.Options{})
	if err == nil || !strings.Contains(err.Error(), "its cue.mod is a symbolic link") {
		t.Error(err)
	}
}

func TestSubmodule(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	testkit.Git(t, other, "init", "-q")
	testkit.WriteFiles(t, other, map[string]string{"x.cue": "x"})
	testkit.GitCommit(t, other, "x")
	testkit.Git(t, dir, "init", "-q")
	testkit.WriteFiles(t, dir, map[string]string{"cue.mod/module.cue": module})
	testkit.Git(t, dir, "submodule", "--quiet", "add", other, "orgs/acme")
	ways(t, dir, source.Options{}, []string{"cue.mod/module.cue"}, []string{"TEN0103 warning orgs/acme"})
}

func TestInvalidUTF8(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, map[string]string{
		"cue.mod/module.cue": module,
		"a.cue":              "ok: \"é\"\nbad: \"é\xff\"\n",
		"b.yaml":             "\xfe\xff",
		"c.json":             "{}\n\xc3",
		"d.cue":              "replacement character is fine: \uFFFD\n",
		"e.cue":              "\xed\xa0\x80 a surrogate",
		"f.md":               "\xff not read",
	})
	ways(t, dir, source.Options{}, []string{"cue.mod/module.cue", "d.cue"}, []string{
		"TEN0107 error a.cue:2:9", "TEN0107 error b.yaml:1:1", "TEN0107 error c.json:2:1", "TEN0107 error e.cue:1:1",
	})
}

func TestLimits(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, map[string]string{
		"cue.mod/module.cue": strings.Repeat("m", 40), "a.cue": strings.Repeat("a", 100), "b.cue": strings.Repeat("b", 101),
		"c.cue": strings.Repeat("c", 100), "d.cue": strings.Repeat("d", 102), "e.cue": "",
	})
	o := source.Options{MaxFile: 100, MaxTotal: 250}
	ways(t, dir, o, []string{"a.cue", "c.cue", "cue.mod/module.cue", "e.cue"}, []string{"TEN0104 error b.cue", "TEN0104 error d.cue"})
	// Of a tenancy that is too large nothing is taken.
	o.MaxTotal = 150
	ways(t, dir, o, nil, []string{"TEN0104 error b.cue", "TEN0105 error c.cue"})
}

// A few small git objects can describe more files than any machine can hold.
func TestTreeBomb(t *testing.T) {
	dir := t.TempDir()
	testkit.Git(t, dir, "init", "-q")
	testkit.WriteFiles(t, dir, map[string]string{"cue.mod/module.cue": module, "x.cue": ""})
	testkit.GitCommit(t, dir, "one")
	tree := testkit.Git(t, dir, "rev-parse", "HEAD^{tree}")
	for range 12 {
		var entries strings.Builder
		for i := range 10 {
			fmt.Fprintf(&entries, "040000 tree %s\td%d\n", tree, i)
		}
		fmt.Fprintf(&entries, "040000 tree %s\tcue.mod\n", testkit.Git(t, dir, "rev-parse", "HEAD:cue.mod"))
		list := filepath.Join(dir, ".git", "entries")
		testkit.WriteFiles(t, dir, map[string]string{".git/entries": entries.String()})
		tree = testkit.Git(t, dir, "-c", "alias.mk=!git mktree <"+list, "mk")
	}
	testkit.Git(t, dir, "update-ref", "HEAD", testkit.Git(t, dir, "commit-tree", "-m", "bomb", tree))
	shared := filepath.Join(t.TempDir(), "clone")
	testkit.Git(t, dir, "clone", "-q", "--shared", "--bare", dir, shared)
	for _, place := range []string{dir, shared} {
		_, diags, err := source.Open(t.Context(), place, source.Options{Revision: "HEAD", MaxEntries: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		if len(diags) != 1 || diags[0].Code != diag.TreeTooLarge {
			t.Errorf("diagnostics %v", said(diags))
		}
	}
}

func TestUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs permissions and pipes")
	}
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, map[string]string{"cue.mod/module.cue": module, "a/x.cue": "x", "b/x.cue": "x", "c.cue": "x"})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.cue"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	want, wantDiags := []string{"a/x.cue", "b/x.cue", "c.cue", "cue.mod/module.cue"}, []string{"TEN0108 error pipe.cue"}
	if os.Geteuid() != 0 { // nothing is unreadable for root
		for _, name := range []string{"a", "c.cue"} {
			full := filepath.Join(dir, name)
			if err := os.Chmod(full, 0); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Chmod(full, 0o755) })
		}
		want = []string{"b/x.cue", "cue.mod/module.cue"}
		wantDiags = []string{"TEN0106 error a", "TEN0106 error c.cue", "TEN0108 error pipe.cue"}
	}
	tree, diags, err := source.Open(t.Context(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, paths(tree)) + cmp.Diff(wantDiags, said(diags)); d != "" {
		t.Error(d)
	}
}

// A path must not be able to forge a line of a report.
func TestRefusedPaths(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, map[string]string{"cue.mod/module.cue": module})
	for _, name := range []string{"a\n::error::b.cue", "bad\xff.cue", "back\\slash.cue", "rtl\u202e.cue", "fine é.cue", "ignored\n.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Skip(err)
		}
	}
	ways(t, dir, source.Options{}, []string{"cue.mod/module.cue", "fine é.cue"}, []string{
		`TEN0109 error a\n::error::b.cue`, `TEN0109 error back\slash.cue`, `TEN0109 error bad\xff.cue`, `TEN0109 error rtl\u202e.cue`,
	})
}

func TestNothingToCompile(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, map[string]string{"file": "x"})
	for place, says := range map[string]string{
		filepath.Join(dir, "missing"): "there is no directory",
		filepath.Join(dir, "file"):    "is a file",
		dir:                           "`tenantry init` makes one",
	} {
		if _, _, err := source.Open(t.Context(), place, source.Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want %q", place, err, says)
		}
	}
}

func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	history(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, revision := range []string{"", "HEAD", "main@{0}"} {
		if _, _, err := source.Open(ctx, dir, source.Options{Revision: revision}); !errors.Is(err, ctx.Err()) {
			t.Errorf("%q: %v", revision, err)
		}
	}
}

// What the compiler wrote into the repo is no source; below orgs/ nothing passes
// for an output, or a team could hide files.
func TestOutputsAreNoSource(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, map[string]string{
		"cue.mod/module.cue": "module: \"a.example/b\"\n", "tenancy.cue": "package tenancy\n",
		"out/pins/_platform.yaml": "x: 1\n", "out/inventory/acme.json": "{}", "out/clusters/eu/a.yaml": "x: 1\n", "out/notes.yaml": "x: 1\n",
		"orgs/acme/pins/_platform.yaml": "x: 1\n", "orgs/acme/clusters/a.cue": "package tenancy\n",
	})
	got := paths(open(t, dir, source.Options{}))
	want := []string{"cue.mod/module.cue", "orgs/acme/clusters/a.cue", "orgs/acme/pins/_platform.yaml", "out/notes.yaml", "tenancy.cue"}
	if !slices.Equal(got, want) {
		t.Errorf("the tree holds %v, want %v", got, want)
	}
}
