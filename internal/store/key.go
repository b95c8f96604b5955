package store

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Key identifies an entry: a hash of all that its content depends on.
type Key [sha256.Size]byte

// Hasher makes a Key of fields. Each is written with its kind and length, so
// two sequences of fields have the same key only if they are the same, however
// their bytes are cut: ("ab", "c") is not ("a", "bc").
type Hasher struct {
	hash hash.Hash
	buf  []byte
}

// NewKey begins a key with the version of the tool, since another version may
// compute another thing from the same input, and with the kind of entry.
func NewKey(version, kind string) *Hasher {
	h := &Hasher{hash: sha256.New()}
	return h.String(version).String(kind)
}

const (
	bytesField = 'b'
	intField   = 'i'
)

// Bytes adds a field.
func (h *Hasher) Bytes(b []byte) *Hasher {
	h.head(bytesField, uint64(len(b)))
	h.hash.Write(b)
	return h
}

// String adds a field, the same as that of its bytes.
func (h *Hasher) String(s string) *Hasher {
	h.head(bytesField, uint64(len(s)))
	h.buf = append(h.buf[:0], s...)
	h.hash.Write(h.buf)
	return h
}

// Int adds a number.
func (h *Hasher) Int(n int64) *Hasher {
	h.head(intField, uint64(n))
	return h
}

func (h *Hasher) head(kind byte, n uint64) {
	h.buf = binary.BigEndian.AppendUint64(append(h.buf[:0], kind), n)
	h.hash.Write(h.buf)
}

// Key returns the key of the fields so far; more may follow for another key.
func (h *Hasher) Key() Key { return Key(h.hash.Sum(nil)) }
