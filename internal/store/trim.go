package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// stamp is the file whose time is that of the last trim.
	stamp = "trimmed"
	// temporary begins the name of an entry that is being written.
	temporary = "new-"
	day       = 24 * time.Hour
)

// Bounds of a cache, for Trim: ten times what 100,000 logical clusters take, and
// longer than a branch is usually left alone.
const (
	MaxSize   = 2 << 30 // bytes
	MaxUnused = 30 * day
)

// Trim removes entries that were not used for as long as unused, and then more
// until the cache holds at most max bytes, those first that were not used for
// longest. It does so at most once a day, whichever process asks. It removes only
// files that bear the name of an entry, so a cache directory that was set by
// mistake loses nothing. An entry that another process looks for is a miss there.
func (c *Cache) Trim(max int64, unused time.Duration) {
	if c.Disabled() || max < 0 {
		return
	}
	now := time.Now()
	if !c.beginTrim(now) {
		return
	}
	used := c.entries(now)
	total := int64(0)
	for _, u := range used {
		total += u.size
	}
	slices.SortFunc(used, func(a, b usedFile) int { return a.at.Compare(b.at) })
	for _, u := range used {
		if total <= max && now.Sub(u.at) <= unused {
			return
		}
		if os.Remove(u.path) == nil {
			total -= u.size
		}
	}
}

// beginTrim reports whether there was no trim today, and notes that there is one.
func (c *Cache) beginTrim(now time.Time) bool {
	name := filepath.Join(c.dir, stamp)
	// A stamp from the future, left by a wrong clock, counts as none.
	if info, err := os.Stat(name); err == nil && now.Sub(info.ModTime()).Abs() < day {
		return false
	}
	// The stamp comes first, so that two processes rarely do the same work.
	return os.WriteFile(name, nil, 0o600) == nil && os.Chtimes(name, now, now) == nil
}

// entries returns all entries. It removes what writers left that died.
func (c *Cache) entries(now time.Time) (used []usedFile) {
	dirs, _ := os.ReadDir(c.dir)
	for _, d := range dirs {
		if !d.IsDir() || !isHex(d.Name(), 2) {
			continue
		}
		items, _ := os.ReadDir(filepath.Join(c.dir, d.Name()))
		for _, item := range items {
			u, ok := use(filepath.Join(c.dir, d.Name()), item)
			switch {
			case !ok:
			case u.unfinished && now.Sub(u.at) > day:
				_ = os.Remove(u.path) // its writer died
			case !u.unfinished:
				used = append(used, u)
			}
		}
	}
	return used
}

// usedFile is an entry, or one that is being written.
type usedFile struct {
	path       string
	size       int64
	at         time.Time
	unfinished bool
}

func use(dir string, item fs.DirEntry) (usedFile, bool) {
	unfinished := strings.HasPrefix(item.Name(), temporary)
	if !item.Type().IsRegular() || !unfinished && !isHex(item.Name(), 2*len(Key{})-2) {
		return usedFile{}, false
	}
	info, err := item.Info()
	if err != nil {
		return usedFile{}, false
	}
	return usedFile{filepath.Join(dir, item.Name()), info.Size(), info.ModTime(), unfinished}, true
}

func isHex(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == ""
}
