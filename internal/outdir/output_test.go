//go:build unix

package outdir

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tenantry/tenantry/internal/testkit"
)

// tree maps paths to content. Empty directories end in a slash, the content of a
// symbolic link is its target after "-> ".
type tree map[string]string

// doc is a file that the compiler could have written.
func doc(content string) string { return Header + content + "\n" }

// read returns all of dir but the writer's own directory.
func read(t testing.TB, dir string) tree {
	t.Helper()
	out := tree{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		switch {
		case rel == stateDir:
			return fs.SkipDir
		case e.IsDir():
			entries, err := os.ReadDir(name)
			if len(entries) == 0 && rel != "." {
				out[rel+"/"] = ""
			}
			return err
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(name)
			out[rel] = "-> " + target
			return err
		}
		data, err := os.ReadFile(name)
		out[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// put writes files as a person would.
func put(t testing.TB, dir string, files tree) {
	t.Helper()
	for name, content := range files {
		full := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(full), 0o755)
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = errors.Join(err, os.Symlink(target, full))
		} else if strings.HasSuffix(name, "/") {
			err = errors.Join(err, os.MkdirAll(full, 0o755))
		} else {
			err = errors.Join(err, os.WriteFile(full, []byte(content), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// begin starts a build into dir, which ends with the test at the latest.
func begin(t testing.TB, dir string) *Writer {
	t.Helper()
	w, err := Begin(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Abort)
	return w
}

// try builds files into dir.
func try(dir string, files tree, o Options) (Stats, error) {
	w, err := Begin(dir, o)
	if err != nil {
		return Stats{}, err
	}
	defer w.Abort()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.Write(name, []byte(files[name])); err != nil {
			return Stats{}, err
		}
	}
	return w.Commit()
}

func build(t testing.TB, dir string, files tree) Stats {
	t.Helper()
	stats, err := try(dir, files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func union(trees ...tree) tree {
	out := tree{}
	for _, t := range trees {
		maps.Copy(out, t)
	}
	return out
}

func expect(t testing.TB, dir string, want tree) {
	t.Helper()
	if d := cmp.Diff(want, read(t, dir)); d != "" {
		t.Fatalf("the output is not what it should be (-want +got):\n%s", d)
	}
}

// expectTidy wants nothing left of a build.
func expectTidy(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, stateDir))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if d := cmp.Diff([]string{".gitignore", "lock"}, names); d != "" {
		t.Errorf("left in %s: %s", stateDir, d)
	}
}

func stat(t testing.TB, name string) fs.FileInfo {
	t.Helper()
	info, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestBuilds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "rendered")
	first := tree{
		"clusters/eu/platform/crds.yaml": doc("crds"), "clusters/eu/tenants/acme/a.yaml": doc("a"), "clusters/eu/tenants/acme/b.yaml": doc("b"),
		"clusters/us/x.yaml": doc("x"), "gitops/flux/eu/k.yaml": doc("k"), "pins/acme.yaml": doc("pins"),
		"inventory/acme.json": `{ "generator" : "tenantry", "n": 1}`,
	}
	if d := cmp.Diff(Stats{Written: 7}, build(t, dir, first)); d != "" {
		t.Error(d)
	}
	expect(t, dir, first)
	expectTidy(t, dir)

	foreign := tree{
		"README.md": "mine", "clusters/eu/tenants/acme/NOTES": "mine", "clusters/us/deep/er/own.yaml": "kind: Mine\n", "clusters/us/empty/dir/": "",
		"gitops/link": "-> /etc/passwd", "inventory/hand.json": `{"n": 1, "generator": "tenantry"}`,
	}
	put(t, dir, foreign)
	if err := os.Chmod(filepath.Join(dir, "clusters/us/deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	kept, pins := stat(t, filepath.Join(dir, "clusters/eu/tenants/acme/a.yaml")), stat(t, filepath.Join(dir, "pins"))

	second := maps.Clone(first)
	delete(second, "clusters/us/x.yaml")
	delete(second, "gitops/flux/eu/k.yaml")
	second["clusters/eu/tenants/acme/b.yaml"] = doc("b2")
	second["clusters/eu/tenants/acme/c.yaml"] = doc("c")
	if d := cmp.Diff(Stats{Written: 2, Unchanged: 4, Removed: 2, Foreign: 4}, build(t, dir, second)); d != "" {
		t.Error(d)
	}
	expect(t, dir, union(second, foreign))
	expectTidy(t, dir)
	if now := stat(t, filepath.Join(dir, "clusters/eu/tenants/acme/a.yaml")); !os.SameFile(kept, now) || !now.ModTime().Equal(kept.ModTime()) {
		t.Error("an unchanged file was rewritten")
	}
	if !os.SameFile(pins, stat(t, filepath.Join(dir, "pins"))) {
		t.Error("a directory in which nothing changed was exchanged")
	}
	if mode := stat(t, filepath.Join(dir, "clusters/us/deep")).Mode().Perm(); mode != 0o700 {
		t.Errorf("the mode of a directory became %o", mode)
	}

	clusters := stat(t, filepath.Join(dir, "clusters"))
	if d := cmp.Diff(Stats{Unchanged: 6, Foreign: 4}, build(t, dir, second)); d != "" {
		t.Error(d)
	}
	if !os.SameFile(clusters, stat(t, filepath.Join(dir, "clusters"))) {
		t.Error("a build that changes nothing exchanged a directory")
	}

	if d := cmp.Diff(Stats{Removed: 6, Foreign: 4}, build(t, dir, nil)); d != "" {
		t.Error(d)
	}
	expect(t, dir, foreign)
	expectTidy(t, dir)
}

func TestKeep(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, tree{"clusters/eu/a.yaml": doc("a"), "clusters/eu/b.yaml": doc("b"), "pins/acme.yaml": doc("p")})
	w := begin(t, dir)
	if err := w.Keep("clusters/eu/a.yaml"); err != nil {
		t.Error(err)
	}
	if err := w.Keep("pins/acme.yaml"); err != nil {
		t.Error(err)
	}
	if err := w.Write("clusters/eu/c.yaml", []byte(doc("c"))); err != nil {
		t.Error(err)
	}
	stats, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Stats{Written: 1, Unchanged: 2, Removed: 1}, stats); d != "" {
		t.Error(d)
	}
	expect(t, dir, tree{"clusters/eu/a.yaml": doc("a"), "clusters/eu/c.yaml": doc("c"), "pins/acme.yaml": doc("p")})
}

// What a caller knows of the former output changes nothing but the time that a build
// takes, whatever is kept, written, new or gone.
func TestKnow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom(Roots).Draw(t, "root") + rapid.SampledFrom([]string{"/a/", "/b/", "/b/c/"}).Draw(t, "directory") +
				rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "file") + ".yaml"
		})
		content := rapid.SampledFrom([]string{doc("1"), doc("2")})
		former, next := rapid.MapOfN(name, content, 0, 9).Draw(rt, "former"), rapid.MapOfN(name, content, 0, 3).Draw(rt, "next")
		var keep []string
		for _, path := range slices.Sorted(maps.Keys(former)) {
			if _, ok := next[path]; !ok && rapid.IntRange(0, 9).Draw(rt, "stays") > 0 {
				keep = append(keep, path)
			}
		}
		result := func(know bool) (Stats, tree) {
			dir := testkit.MemoryDir(t)
			build(t, dir, former)
			w, err := Begin(dir, Options{})
			if err != nil {
				rt.Fatal(err)
			}
			defer w.Abort()
			if know {
				w.Know(len(former), func(path string) bool { _, ok := former[path]; return ok })
			}
			err = w.Keep(keep...)
			for path, data := range next {
				err = errors.Join(err, w.Write(path, []byte(data)))
			}
			stats, failed := w.Commit()
			if err := errors.Join(err, failed); err != nil {
				rt.Fatal(err)
			}
			return stats, read(t, dir)
		}
		wantStats, want := result(false)
		stats, got := result(true)
		if d := cmp.Diff(want, got); d != "" {
			rt.Error(d)
		}
		if d := cmp.Diff(wantStats, stats); d != "" {
			rt.Error(d)
		}
	})
}

func TestFileIsKeptAndWritten(t *testing.T) {
	for _, know := range []bool{false, true} {
		dir := t.TempDir()
		former := tree{"clusters/eu/a.yaml": doc("a"), "clusters/eu/b.yaml": doc("b")}
		build(t, dir, former)
		w := begin(t, dir)
		if know {
			w.Know(len(former), func(path string) bool { _, ok := former[path]; return ok })
		}
		if err := errors.Join(w.Keep("clusters/eu/a.yaml"), w.Write("clusters/eu/a.yaml", []byte(doc("other")))); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Commit(); err == nil || !strings.Contains(err.Error(), "clusters/eu/a.yaml is written twice") {
			t.Errorf("known is %v: %v", know, err)
		}
		expect(t, dir, former)
	}
}

func TestFileThatGoesDuringABuild(t *testing.T) {
	dir := t.TempDir()
	former := tree{"clusters/eu/a.yaml": doc("a"), "clusters/eu/b.yaml": doc("b")}
	build(t, dir, former)
	w := begin(t, dir)
	if err := errors.Join(w.Keep("clusters/eu/a.yaml"), w.Keep("clusters/eu/b.yaml"), os.Remove(filepath.Join(dir, "clusters/eu/a.yaml"))); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err == nil {
		t.Error("a file to keep was gone, and nobody noticed")
	}
	expect(t, dir, tree{"clusters/eu/b.yaml": doc("b")})
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	former := tree{"clusters/eu/a.yaml": doc("a")}
	build(t, dir, former)
	w, err := Begin(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write("clusters/eu/a.yaml", []byte(doc("other"))); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	w.Abort()
	expect(t, dir, former)
	expectTidy(t, dir)
	if _, err := w.Commit(); err == nil {
		t.Error("an aborted build was committed")
	}
	if err := w.Write("clusters/eu/b.yaml", []byte(doc("b"))); err == nil {
		t.Error("an aborted build was written to")
	}
	next := tree{"clusters/eu/a.yaml": doc("next")}
	w, err = Begin(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write("clusters/eu/a.yaml", []byte(doc("next"))); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	expect(t, dir, next)
}

func TestOneBuildAtATime(t *testing.T) {
	dir := t.TempDir()
	w, err := Begin(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Begin(dir, Options{})
	if want := fmt.Sprintf("another build is running (process %d) in %s", os.Getpid(), dir); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if err := w.Write("pins/a.yaml", []byte(doc("a"))); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, tree{"pins/a.yaml": doc("a")})
}

func TestConcurrentWrites(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		w, err := Begin(dir, Options{Workers: 4})
		if err != nil {
			t.Fatal(err)
		}
		want := tree{}
		var wg sync.WaitGroup
		for i := range 400 {
			name, content := fmt.Sprintf("clusters/c%d/tenants/o%d/%d.yaml", i%3, i%7, i), doc(fmt.Sprint(i*(1+round*(i%2))))
			want[name] = content
			wg.Go(func() {
				if err := w.Write(name, []byte(content)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if _, err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		expect(t, dir, want)
	}
}

// TestAnySequenceOfBuilds builds at random and has a person add files between
// the builds: the output is always the last build and what the person added.
func TestAnySequenceOfBuilds(t *testing.T) {
	top := testkit.MemoryDir(t)
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(top, "")
		if err != nil {
			rt.Fatal(err)
		}
		names := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 1, 3), func(parts []string) string { return strings.Join(parts, "/") })
		foreign := tree{}
		for range rapid.IntRange(1, 4).Draw(rt, "builds") {
			files := tree{}
			for range rapid.IntRange(0, 6).Draw(rt, "files") {
				name := rapid.SampledFrom(Roots).Draw(rt, "root") + "/" + names.Draw(rt, "name") + ".yaml"
				files[name] = doc(rapid.SampledFrom([]string{"1", "2", "33"}).Draw(rt, "content"))
			}
			before := read(t, dir)
			stats, err := try(dir, files, Options{noExchange: rapid.Bool().Draw(rt, "no exchange")})
			if err != nil {
				rt.Fatal(err)
			}
			want, unchanged, added := union(files, foreign), 0, 0
			for name, content := range files {
				if before[name] == content {
					unchanged++
				}
			}
			for name := range foreign {
				if strings.Contains(name, "/") && !strings.HasSuffix(name, "/") {
					added++
				}
			}
			removed := 0
			for name := range before {
				_, added := foreign[name]
				if _, stays := files[name]; !added && !stays {
					removed++
				}
			}
			if d := cmp.Diff(Stats{Written: len(files) - unchanged, Unchanged: unchanged, Removed: removed, Foreign: added}, stats); d != "" {
				rt.Fatal(d)
			}
			if d := cmp.Diff(want, read(t, dir)); d != "" {
				rt.Fatal(d)
			}
			for i := range rapid.IntRange(0, 2).Draw(rt, "added by hand") {
				name := rapid.SampledFrom(Roots).Draw(rt, "root") + "/" + names.Draw(rt, "name") + fmt.Sprintf("-%d-%d", len(foreign), i)
				content := rapid.SampledFrom([]string{"x", "-> nowhere", "-> /", "/"}).Draw(rt, "content")
				if content == "/" {
					name, content = name+"/", ""
				}
				foreign[name] = content
				put(t, dir, tree{name: content})
			}
		}
	})
}
