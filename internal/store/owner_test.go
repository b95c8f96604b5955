//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
)

// A directory that others may write to is not used, and one that is empty is
// closed to them.
func TestOthersMayWrite(t *testing.T) {
	for _, mode := range []os.FileMode{0o777, 0o770, 0o722, 0o707 | os.ModeSticky} {
		dir := filepath.Join(t.TempDir(), "cache")
		open(t, dir).Put(key("k"), []byte("data"))
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		c, err := store.Open(dir)
		if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "others may write") {
			t.Errorf("mode %o: %v", mode, err)
		}
		if _, ok := c.Get(key("k")); ok || !c.Disabled() {
			t.Errorf("mode %o: the cache is used", mode)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	open(t, empty).Put(key("k"), []byte("data"))
	if info, err := os.Stat(empty); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("an empty directory was left as %v, %v", info.Mode(), err)
	}
}

// What is made is nobody else's to read, and an entry that others may write to, or
// that somebody else owns, is a miss.
func TestEntriesAreTheUsers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "cache")
	c := open(t, dir)
	c.Put(key("k"), []byte("data"))
	entry := entries(t, dir)[0]
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Dir(entry): 0o700, entry: 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %o", name, info.Mode(), err, want)
		}
	}
	if err := os.Chmod(entry, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Get(key("k")); ok {
		t.Error("an entry that others may write to was read")
	}
	if os.Geteuid() != 0 {
		return // only root can give files away
	}
	if err := os.Chmod(entry, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{entry, dir} {
		if err := os.Chown(name, 4711, -1); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := c.Get(key("k")); ok {
		t.Error("an entry of another user was read")
	}
	if c, err := store.Open(dir); err == nil || !c.Disabled() {
		t.Errorf("a directory of another user is used: %v", err)
	}
}
