// Package testkit is what the tests of all packages share: files in directories and
// archives, golden files, git repositories. It knows nothing of tenancy.
package testkit

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// WriteFile writes a file, and makes the directories that it is in.
func WriteFile(t testing.TB, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ReadFile returns what a file holds.
func ReadFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// WriteFiles writes files below a directory. What else is there stays.
func WriteFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, data := range files {
		WriteFile(t, filepath.Join(dir, filepath.FromSlash(name)), data)
	}
}

// ReadFiles returns the files below a directory by path, without those of .tenantry,
// which is where an output keeps notes of its own.
func ReadFiles(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".tenantry" {
				return fs.SkipDir
			}
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Archives calls test as a subtest for each txtar archive that a pattern matches, and
// fails if there is none. The subtest is named after the file.
func Archives(t *testing.T, pattern string, test func(t *testing.T, name string, archive *txtar.Archive)) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives match %s: %v", pattern, err)
	}
	fixed := filepath.ToSlash(pattern[:strings.IndexAny(pattern+"*", "*?[")])
	for _, name := range names {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(name), fixed), ".txtar"), func(t *testing.T) {
			test(t, name, Archive(t, name))
		})
	}
}

// Archive reads a txtar archive.
func Archive(t testing.TB, name string) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// Files returns the files of an archive by name, without some of them.
func Files(archive *txtar.Archive, without ...string) map[string]string {
	files := map[string]string{}
	for _, f := range archive.Files {
		if !slices.Contains(without, f.Name) {
			files[f.Name] = string(f.Data)
		}
	}
	return files
}

// WriteArchive writes a txtar archive.
func WriteArchive(t testing.TB, name string, archive *txtar.Archive) {
	t.Helper()
	WriteFile(t, name, strings.TrimLeft(string(txtar.Format(archive)), "\n"))
}

// Texts returns files as texts.
func Texts(files map[string][]byte) map[string]string {
	texts := make(map[string]string, len(files))
	for name, data := range files {
		texts[name] = string(data)
	}
	return texts
}

// Differences names the files that differ, and shows how the first few do. It is empty
// if none differs.
func Differences(before, after map[string]string) string {
	const shown = 3
	names := maps.Clone(before)
	maps.Copy(names, after)
	var out strings.Builder
	n := 0
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, inBefore := before[name]
		b, inAfter := after[name]
		if inBefore && inAfter && a == b {
			continue
		}
		fmt.Fprintln(&out, name)
		if n++; n <= shown {
			fmt.Fprintln(&out, cmp.Diff(strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")))
		}
	}
	return out.String()
}
