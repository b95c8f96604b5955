// Package digest encodes values so that equal values give equal digests and
// different ones do not: everything of variable size has its length in front,
// so no two sequences of values give the same bytes.
package digest

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Encoder appends values. The zero value is ready for use.
type Encoder []byte

// Number appends a number.
func (e *Encoder) Number(n int) { *e = binary.AppendVarint(*e, int64(n)) }

// Bool appends a truth value.
func (e *Encoder) Bool(b bool) {
	if b {
		e.Number(1)
	} else {
		e.Number(0)
	}
}

// Strings appends each value. How many there are is not part of it: where that
// varies, Number goes before.
func (e *Encoder) Strings(values ...string) {
	for _, v := range values {
		e.Number(len(v))
		*e = append(*e, v...)
	}
}

// List appends a list, with its length.
func (e *Encoder) List(values []string) {
	e.Number(len(values))
	e.Strings(values...)
}

// Mapping appends a map by its sorted keys. A nil map equals an empty one.
func (e *Encoder) Mapping(m map[string]string) {
	e.Number(len(m))
	if len(m) == 0 {
		return
	}
	var buf [16]string
	keys := buf[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		e.Strings(k, m[k])
	}
}

// Bytes appends a value.
func (e *Encoder) Bytes(b []byte) {
	e.Number(len(b))
	*e = append(*e, b...)
}

// Of returns the digest of what encode appends.
func Of(encode func(e *Encoder)) [32]byte {
	var e Encoder
	encode(&e)
	return sha256.Sum256(e)
}
