package store

import (
	"crypto/sha256"

	"github.com/tenantry/tenantry/internal/digest"
)

// Key identifies an entry: a hash of all that its content depends on.
type Key [sha256.Size]byte

// Hasher makes a Key of fields. Each is written with its kind and length, so
// two sequences of fields have the same key only if they are the same, however
// their bytes are cut: ("ab", "c") is not ("a", "bc").
type Hasher struct{ fields digest.Encoder }

// NewKey begins a key with the version of the tool, since another version may
// compute another thing from the same input, and with the kind of entry.
func NewKey(version, kind string) *Hasher {
	return new(Hasher).String(version).String(kind)
}

const (
	bytesField = 'b'
	intField   = 'i'
)

// Bytes adds a field.
func (h *Hasher) Bytes(b []byte) *Hasher {
	h.fields.Number(bytesField)
	h.fields.Bytes(b)
	return h
}

// String adds a field, the same as that of its bytes.
func (h *Hasher) String(s string) *Hasher {
	h.fields.Number(bytesField)
	h.fields.Strings(s)
	return h
}

// Int adds a number.
func (h *Hasher) Int(n int) *Hasher {
	h.fields.Number(intField)
	h.fields.Number(n)
	return h
}

// Key returns the key of the fields so far; more may follow for another key.
func (h *Hasher) Key() Key { return sha256.Sum256(h.fields) }
