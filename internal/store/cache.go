// Package store is a store on disk that runs of the compiler share.
//
// An entry is found by a Key, a hash of everything that its content depends
// on, so an entry is never out of date: other input has another key. Every
// failure is a miss, and the caller computes anew: a cache can make a run
// faster and can change nothing else.
package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// An entry's file is a header and the data. The checksum finds what a crash or
// a bad disk left behind. It is no defence against somebody who can write to
// the directory, hence the directory's permissions.
const (
	magic      = "TENC1\n\x00\x00"
	keyAt      = len(magic)
	lengthAt   = keyAt + len(Key{})
	checksumAt = lengthAt + 8
	headerSize = checksumAt + 4
	// maxEntry bounds the memory that a damaged entry can claim, in bytes.
	maxEntry = 256 << 20
	// touchAfter is how old the time of last use may be before a hit renews it.
	touchAfter = time.Hour
)

// Cache is a cache directory. It is safe for concurrent use, by any number of
// processes. A nil Cache and the zero Cache are disabled: they always miss.
type Cache struct {
	dir string
}

// DefaultDir returns $TENANTRY_CACHE, else the directory tenantry in the
// user's cache directory; "", which disables a cache, where there is none.
func DefaultDir() string {
	if dir := os.Getenv("TENANTRY_CACHE"); dir != "" {
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "tenantry")
}

// Open returns the cache in a directory, which it creates; a disabled cache for
// "". A directory that somebody else owns or may write to is not used: what is in
// a cache is believed. The Cache can be used even where there is an error: it is
// disabled then, and the error says why.
func Open(dir string) (*Cache, error) {
	if dir == "" {
		return &Cache{}, nil
	}
	abs, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(abs, 0o700)
	}
	if err == nil {
		err = makePrivate(abs)
	}
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return &Cache{}, fmt.Errorf("the cache directory %s cannot be used: %w", dir, err)
	}
	return &Cache{dir: abs}, nil
}

// makePrivate refuses a directory that others could have written to, but for one
// that is empty: that is closed to them.
func makePrivate(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || private(info) {
		return err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) == 0 && os.Chmod(dir, 0o700) == nil {
		if info, err = os.Stat(dir); err == nil && private(info) {
			return nil
		}
	}
	return errors.New("it belongs to another user, or others may write to it; name a directory of your own, or remove this one")
}

// Disabled reports whether the cache always misses.
func (c *Cache) Disabled() bool { return c == nil || c.dir == "" }

// Load sets the value that a pointer points to, and reports whether one was saved
// under the key. The value is zero where none was.
func (c *Cache) Load(key Key, pointer any) bool {
	data, ok := c.Get(key)
	return ok && Decode(data, pointer) == nil
}

// Save stores the value that a pointer points to under the key. Where it cannot
// be stored, nothing happens.
func (c *Cache) Save(key Key, pointer any) {
	if c.Disabled() {
		return
	}
	_ = encode(pointer, func(parts [][]byte) { c.Put(key, parts...) })
}

// Get returns what was put under the key. The caller owns the data.
func (c *Cache) Get(key Key) ([]byte, bool) {
	if c.Disabled() {
		return nil, false
	}
	name := c.path(key)
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !private(info) || info.Size() < int64(headerSize) || info.Size() > maxEntry {
		return nil, false
	}
	entry := make([]byte, info.Size())
	if _, err := io.ReadFull(f, entry); err != nil {
		return nil, false
	}
	header, data := entry[:headerSize:headerSize], entry[headerSize:]
	if string(header[:keyAt]) != magic || Key(header[keyAt:lengthAt]) != key ||
		binary.BigEndian.Uint64(header[lengthAt:]) != uint64(len(data)) ||
		binary.BigEndian.Uint32(header[checksumAt:]) != checksum(header, data) {
		return nil, false
	}
	if now := time.Now(); now.Sub(info.ModTime()) > touchAfter {
		_ = os.Chtimes(name, now, now) // Trim goes by it
	}
	return data, true
}

// Put stores data, which may come in parts, under the key. A reader sees all of an
// entry or none; where it cannot be stored, nothing happens.
func (c *Cache) Put(key Key, data ...[]byte) {
	size := 0
	for _, part := range data {
		size += len(part)
	}
	if c.Disabled() || size > maxEntry-headerSize {
		return
	}
	name := c.path(key)
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, temporary+"*")
	if errors.Is(err, fs.ErrNotExist) && os.MkdirAll(dir, 0o700) == nil {
		f, err = os.CreateTemp(dir, temporary+"*")
	}
	if err != nil {
		return
	}
	var header [headerSize]byte
	copy(header[:], magic)
	copy(header[keyAt:], key[:])
	binary.BigEndian.PutUint64(header[lengthAt:], uint64(size))
	binary.BigEndian.PutUint32(header[checksumAt:], checksum(header[:], data...))
	_, err = f.Write(header[:])
	for _, part := range data {
		if err == nil {
			_, err = f.Write(part)
		}
	}
	// There is no fsync: an entry that a crash cuts short is a miss.
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}

// checksum covers the header up to the checksum itself, and the data.
func checksum(header []byte, data ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // made once by the library; a processor instruction
	sum := crc32.Checksum(header[:checksumAt], table)
	for _, part := range data {
		sum = crc32.Update(sum, table, part)
	}
	return sum
}

// path is dir/ab/cdef…: one level of 256 directories.
func (c *Cache) path(key Key) string {
	p := make([]byte, 0, len(c.dir)+2*len(key)+2)
	p = append(p, c.dir...)
	p = append(p, filepath.Separator)
	p = hex.AppendEncode(p, key[:1])
	p = append(p, filepath.Separator)
	p = hex.AppendEncode(p, key[1:])
	return string(p)
}
