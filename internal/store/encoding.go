package store

import (
	"encoding/binary"
	"unsafe"
)

// Encoder writes an entry as a plain sequence of values, for a Decoder that reads
// them in the same order. Every string is written once and referred to by number
// after that: paths and file names recur for each document.
type Encoder struct {
	out     []byte
	strings map[string]uint64
}

// NewEncoder returns an encoder whose data will be of about this many bytes.
func NewEncoder(size int) *Encoder {
	return &Encoder{out: make([]byte, 0, size), strings: map[string]uint64{}}
}

// Data is what was written.
func (e *Encoder) Data() []byte { return e.out }

// Uint writes a number.
func (e *Encoder) Uint(n uint64) { e.out = binary.AppendUvarint(e.out, n) }

// Int writes a number that may be negative.
func (e *Encoder) Int(n int64) { e.out = binary.AppendVarint(e.out, n) }

// String writes a string that is likely to recur.
func (e *Encoder) String(s string) {
	if id, ok := e.strings[s]; ok {
		e.Uint(id)
		return
	}
	e.strings[s] = uint64(len(e.strings) + 1)
	e.Uint(0)
	e.Text(s)
}

// Text writes a string that is not likely to recur.
func (e *Encoder) Text(s string) {
	e.Uint(uint64(len(s)))
	e.out = append(e.out, s...)
}

// Bytes writes what Text would write.
func (e *Encoder) Bytes(b []byte) {
	e.Uint(uint64(len(b)))
	e.out = append(e.out, b...)
}

// Fixed writes bytes whose number the reader knows.
func (e *Encoder) Fixed(b []byte) { e.out = append(e.out, b...) }

// Decoder reads what an Encoder wrote. After the first value that is not there it
// is bad: whatever else is read is empty.
type Decoder struct {
	data    []byte
	text    string // the same bytes
	at      int
	strings []string
	bad     bool
}

// NewDecoder returns a decoder of data, which must not change any more: strings
// that are read are parts of it.
func NewDecoder(data []byte) *Decoder {
	d := &Decoder{strings: make([]string, 1, 64)}
	d.Reset(data)
	return d
}

// Reset makes d a decoder of other data, which must not change any more either. What
// was read before stays.
func (d *Decoder) Reset(data []byte) {
	*d = Decoder{data: data, text: unsafe.String(unsafe.SliceData(data), len(data)), strings: d.strings[:1]}
}

// Done returns an error unless everything has been read, and nothing else.
func (d *Decoder) Done() error {
	if d.bad || d.at != len(d.data) {
		return ErrCorrupt
	}
	return nil
}

// Fail makes the decoder bad.
func (d *Decoder) Fail() { d.bad = true }

// Bad reports whether something was not there.
func (d *Decoder) Bad() bool { return d.bad }

// Uint reads a number.
func (d *Decoder) Uint() uint64 {
	if d.bad {
		return 0
	}
	if d.at < len(d.data) && d.data[d.at] < 0x80 {
		d.at++
		return uint64(d.data[d.at-1])
	}
	n, size := binary.Uvarint(d.data[d.at:])
	if size <= 0 {
		d.bad = true
		return 0
	}
	d.at += size
	return n
}

// Int reads a number that may be negative.
func (d *Decoder) Int() int64 {
	n := d.Uint()
	return int64(n>>1) ^ -int64(n&1)
}

// Count reads the number of values that follow, each of at least one byte.
func (d *Decoder) Count() int { return d.Fits(d.Uint()) }

// Fits returns n, or 0 and is bad where not so many bytes follow.
func (d *Decoder) Fits(n uint64) int {
	if d.bad || n > uint64(len(d.data)-d.at) {
		d.bad = true
		return 0
	}
	return int(n)
}

// String reads what String wrote.
func (d *Decoder) String() string {
	id := d.Uint()
	if id == 0 {
		s := d.Text()
		d.strings = append(d.strings, s)
		return s
	}
	if id >= uint64(len(d.strings)) {
		d.bad = true
		return ""
	}
	return d.strings[id]
}

// Text reads what Text wrote.
func (d *Decoder) Text() string {
	n := d.Count()
	d.at += n
	return d.text[d.at-n : d.at]
}

// Bytes reads what Bytes wrote. They are a part of the decoder's data.
func (d *Decoder) Bytes() []byte {
	n := d.Count()
	d.at += n
	return d.data[d.at-n : d.at : d.at]
}

// Fixed fills b.
func (d *Decoder) Fixed(b []byte) {
	n := d.Fits(uint64(len(b)))
	d.at += copy(b, d.data[d.at:d.at+n])
}
