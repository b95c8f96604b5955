package store_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tenantry/tenantry/internal/store"
)

func open(t testing.TB, dir string) *store.Cache {
	t.Helper()
	c, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func key(s string) store.Key { return store.NewKey("v1", "test").String(s).Key() }

// entries are the files of a cache directory.
func entries(t interface{ Fatal(...any) }, dir string) []string {
	var all []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What was put last under a key is what any later run gets.
func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "cache")
	rapid.Check(t, func(rt *rapid.T) {
		k := key(rapid.StringN(0, 2, -1).Draw(rt, "key"))
		data := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(rt, "data")
		open(t, dir).Put(k, data)
		got, ok := open(t, dir).Get(k)
		if !ok || !bytes.Equal(got, data) {
			rt.Fatalf("got %d bytes, %v; put %d bytes", len(got), ok, len(data))
		}
	})
	if _, ok := open(t, dir).Get(key("never put")); ok {
		t.Error("an entry that nobody put")
	}
}

// A damaged entry is a miss, and the next Put repairs it.
func TestDamagedEntries(t *testing.T) {
	dir := t.TempDir()
	c, k := open(t, dir), key("k")
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data")
		c.Put(k, data)
		files := entries(t, dir)
		if len(files) != 1 {
			t.Fatalf("files %v", files)
		}
		whole, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		damaged := slices.Clone(whole)
		switch rapid.SampledFrom([]string{"flip", "truncate", "append", "zeros"}).Draw(t, "damage") {
		case "flip":
			at := rapid.IntRange(0, len(damaged)-1).Draw(t, "at")
			damaged[at] ^= rapid.ByteRange(1, 255).Draw(t, "bits")
		case "truncate":
			damaged = damaged[:rapid.IntRange(0, len(damaged)-1).Draw(t, "length")]
		case "append":
			damaged = append(damaged, rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "more")...)
		case "zeros":
			clear(damaged)
		}
		if err := os.WriteFile(files[0], damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Get(k); ok {
			t.Fatalf("a damaged entry was read as %q", got)
		}
		c.Put(k, data)
		if got, ok := c.Get(k); !ok || !bytes.Equal(got, data) {
			t.Fatal("a damaged entry was not repaired")
		}
	})
}

// An entry under another entry's name is a miss.
func TestMisplacedEntry(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	c.Put(key("a"), []byte("a"))
	from := entries(t, dir)[0]
	c.Put(key("b"), []byte("b"))
	for _, f := range entries(t, dir) {
		if f != from {
			if err := os.Rename(from, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, ok := c.Get(key("b")); ok {
		t.Errorf("the key of b gave %q", got)
	}
}

// Readers beside writers of the same key see a whole entry or none.
func TestConcurrentWriters(t *testing.T) {
	dir := t.TempDir()
	k := key("k")
	var all sync.WaitGroup
	for w := range 8 {
		c := open(t, dir)
		all.Go(func() {
			data := bytes.Repeat([]byte{byte('a' + w)}, 10_000*(w+1))
			for range 50 {
				c.Put(k, data)
				if got, ok := c.Get(k); !ok || len(got)%10_000 != 0 || bytes.Count(got, got[:1]) != len(got) {
					t.Errorf("read %d bytes, %v", len(got), ok)
				}
			}
		})
	}
	all.Wait()
	if files := entries(t, dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// Two sequences of fields have one key exactly if they are the same.
func TestKeys(t *testing.T) {
	// A field is a string of few letters or a number, so that different cuts
	// of the same bytes are drawn often.
	field := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00")), 0, 3, -1).AsAny(),
		rapid.IntRange(-1, 3).AsAny())
	fields := rapid.SliceOfN(field, 0, 3)
	keyOf := func(fields []any) store.Key {
		h := store.NewKey("v1", "test")
		for _, f := range fields {
			switch f := f.(type) {
			case string:
				h.String(f)
			case int:
				h.Int(f)
			}
		}
		return h.Key()
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := fields.Draw(t, "a"), fields.Draw(t, "b")
		if same := slices.Equal(a, b); (keyOf(a) == keyOf(b)) != same {
			t.Fatalf("%q and %q: same fields %v, same key %v", a, b, same, !same)
		}
	})
	if store.NewKey("v1", "k").String("x").Key() != store.NewKey("v1", "k").Bytes([]byte("x")).Key() {
		t.Error("a string and its bytes have different keys")
	}
	if store.NewKey("v1", "k").Key() == store.NewKey("v2", "k").Key() || store.NewKey("v1k", "").Key() == store.NewKey("v1", "k").Key() {
		t.Error("another version or kind has the same key")
	}
}

// A cache that cannot work is disabled or misses; it never fails.
func TestUnusableDirectories(t *testing.T) {
	use := func(c *store.Cache) (ok bool) {
		c.Put(key("k"), []byte("data"))
		c.Trim(0, store.MaxUnused)
		_, ok = c.Get(key("k"))
		return ok
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := store.Open(filepath.Join(file, "cache"))
	if err == nil || !strings.Contains(err.Error(), "the cache directory "+file) {
		t.Errorf("a directory below a file: %v", err)
	}
	if !c.Disabled() || use(c) {
		t.Error("a directory below a file: the cache works")
	}
	if c := open(t, ""); !c.Disabled() || use(c) || use(nil) {
		t.Error("no directory: the cache works")
	}
	gone := filepath.Join(t.TempDir(), "gone")
	c = open(t, gone)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(gone, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if use(c) {
		t.Error("the directory became a file: the cache works")
	}
	blocked := t.TempDir()
	c = open(t, blocked)
	c.Put(key("k"), nil)
	entry := entries(t, blocked)[0]
	if err := os.Remove(entry); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(entry, 0o700); err != nil {
		t.Fatal(err)
	}
	if use(c) {
		t.Error("an entry is a directory: it was read")
	}
	if os.Geteuid() == 0 {
		return // nothing is unreadable or read-only for root
	}
	locked := t.TempDir()
	c = open(t, locked)
	c.Put(key("k"), []byte("data"))
	for _, mode := range []os.FileMode{0, 0o500} {
		if err := os.Chmod(locked, mode); err != nil {
			t.Fatal(err)
		}
		if got := use(c); got != (mode == 0o500) {
			t.Errorf("mode %o: hit %v", mode, got)
		}
		c.Put(key("new"), []byte("data"))
		if _, ok := c.Get(key("new")); ok {
			t.Errorf("mode %o: an entry was stored", mode)
		}
	}
	if _, err := store.Open(filepath.Join(locked, "below")); err == nil {
		t.Error("a directory was made in a read-only one")
	}
	os.Chmod(locked, 0o700)
}

// Trim removes what was not used for longest, at most once a day, and nothing
// that is not an entry.
func TestTrim(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	const size = 1000
	age := map[string]time.Time{}
	for i := range 10 {
		c.Put(key(fmt.Sprint(i)), make([]byte, size))
		for _, f := range entries(t, dir) {
			if _, ok := age[f]; !ok {
				age[f] = time.Now().Add(time.Duration(i-20) * time.Hour) // 9 is the youngest
				if err := os.Chtimes(f, age[f], age[f]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if _, ok := c.Get(key("0")); !ok { // used again
		t.Fatal("entry 0 is missing")
	}
	foreign := []string{filepath.Join(dir, "notes.txt"), filepath.Join(dir, "ab", "notes.txt"), filepath.Join(dir, "src", strings.Repeat("a", 62))}
	dead := filepath.Join(dir, "ab", "new-1")
	alive := filepath.Join(dir, "ab", "new-2")
	for _, f := range append(foreign, dead, alive) {
		if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, make([]byte, 100*size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-48 * time.Hour)
	for _, f := range append(foreign, dead) {
		if err := os.Chtimes(f, long, long); err != nil {
			t.Fatal(err)
		}
	}
	c.Trim(4*(size+100), store.MaxUnused)
	var left []int
	for i := range 10 {
		if _, ok := c.Get(key(fmt.Sprint(i))); ok {
			left = append(left, i)
		}
	}
	if !slices.Equal(left, []int{0, 7, 8, 9}) {
		t.Errorf("left are %v; want the one used again and the youngest three", left)
	}
	for _, f := range append(foreign, alive) {
		if _, err := os.Stat(f); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("what a dead writer left is still there")
	}
	c.Trim(0, store.MaxUnused)
	if _, ok := c.Get(key("9")); !ok {
		t.Error("a second trim on the same day removed entries")
	}
	if err := os.Chtimes(filepath.Join(dir, "trimmed"), long, long); err != nil {
		t.Fatal(err)
	}
	c.Trim(0, store.MaxUnused)
	if _, ok := c.Get(key("9")); ok {
		t.Error("a trim on another day removed nothing")
	}
}

// Trim removes what was not used for long, however little there is.
func TestTrimByAge(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	c.Put(key("old"), []byte("data"))
	long := time.Now().Add(-40 * 24 * time.Hour)
	if err := os.Chtimes(entries(t, dir)[0], long, long); err != nil {
		t.Fatal(err)
	}
	c.Put(key("new"), []byte("data"))
	c.Trim(store.MaxSize, store.MaxUnused)
	if _, ok := c.Get(key("old")); ok {
		t.Error("an entry of 40 days ago is still there")
	}
	if _, ok := c.Get(key("new")); !ok {
		t.Error("a new entry is gone")
	}
}

func TestDefaultDir(t *testing.T) {
	t.Setenv("TENANTRY_CACHE", "/somewhere")
	if got := store.DefaultDir(); got != "/somewhere" {
		t.Errorf("with TENANTRY_CACHE: %q", got)
	}
	t.Setenv("TENANTRY_CACHE", "")
	base, err := os.UserCacheDir()
	want := filepath.Join(base, "tenantry")
	if err != nil {
		want = ""
	}
	if got := store.DefaultDir(); got != want {
		t.Errorf("without: %q, want %q", got, want)
	}
}

func BenchmarkGet(b *testing.B) {
	for _, size := range []int{5 << 10, 50 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			c := open(b, b.TempDir())
			keys := make([]store.Key, 1000)
			for i := range keys {
				keys[i] = store.NewKey("v1", "bench").Int(i).Key()
				c.Put(keys[i], make([]byte, size))
			}
			i := 0
			for b.Loop() {
				if _, ok := c.Get(keys[i%len(keys)]); !ok {
					b.Fatal("miss")
				}
				i++
			}
		})
	}
}
