package testkit

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// Updating says whether TENANTRY_UPDATE=1 asks tests to rewrite what they expect.
func Updating() bool { return os.Getenv("TENANTRY_UPDATE") != "" }

// Golden compares a committed file with what it should hold. TENANTRY_UPDATE=1 writes
// the file instead.
func Golden(t testing.TB, name, have string) {
	t.Helper()
	if Updating() {
		WriteFile(t, name, have)
		return
	}
	if diff := cmp.Diff(ReadFile(t, name), have); diff != "" {
		t.Errorf("%s has drifted (-committed +made); TENANTRY_UPDATE=1 renews it:\n%s", name, diff)
	}
}

// GoldenFiles compares the files of a committed directory with what it should hold.
// TENANTRY_UPDATE=1 replaces the directory instead, where it differs.
func GoldenFiles(t testing.TB, dir string, have map[string]string) {
	t.Helper()
	committed := map[string]string{}
	if _, err := os.Stat(dir); err == nil || !Updating() {
		committed = ReadFiles(t, dir)
	}
	diff := Differences(committed, have)
	if diff == "" {
		return
	}
	if !Updating() {
		t.Errorf("%s has drifted (-committed +made); TENANTRY_UPDATE=1 renews it:\n%s", filepath.ToSlash(dir), diff)
		return
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	WriteFiles(t, dir, have)
}

// GoldenEntry compares a file of an archive with what it should hold; a file that the
// archive does not have is empty. TENANTRY_UPDATE=1 writes the archive at name instead,
// with the file as its last if it is new.
func GoldenEntry(t testing.TB, name string, archive *txtar.Archive, entry, have string) {
	t.Helper()
	committed := Files(archive)[entry]
	if committed == have {
		return
	}
	if !Updating() {
		t.Errorf("%s of %s has drifted (-committed +made); TENANTRY_UPDATE=1 renews it:\n%s", entry, name, cmp.Diff(committed, have))
		return
	}
	set(archive, entry, have)
	WriteArchive(t, name, archive)
}

func set(archive *txtar.Archive, entry, data string) {
	for i, f := range archive.Files {
		if f.Name == entry {
			archive.Files[i].Data = []byte(data)
			return
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: entry, Data: []byte(data)})
}
