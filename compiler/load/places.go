package load

import (
	"encoding/binary"
	"iter"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/diag"
)

// Field is the place of one field of a document.
type Field struct {
	// Path is as CUE writes it: `quota.cpu`, `labels."a.b"`, `regions.0`.
	Path string
	Pos  diag.Position
}

// Places are where the fields of a document stand. Every document has some, few
// are ever asked for, and they last as long as a run: so they are one text, in
// which a field is looked up where it lies.
type Places struct {
	// files are those that fields stand in.
	files []string
	// table holds the offset of each field, then the fields by path: the path, the
	// number of the file, the line and the column.
	table string
}

const offsetSize = 4

// NewPlaces returns the places of fields. Of several with one path, the first
// counts.
func NewPlaces(fields []Field) Places {
	slices.SortStableFunc(fields, func(x, y Field) int { return strings.Compare(x.Path, y.Path) })
	fields = slices.CompactFunc(fields, func(x, y Field) bool { return x.Path == y.Path })
	var p Places
	size := 0
	for _, f := range fields {
		size += offsetSize + len(f.Path) + 6
	}
	table := make([]byte, offsetSize*len(fields), size)
	for i, f := range fields {
		binary.LittleEndian.PutUint32(table[offsetSize*i:], uint32(len(table)))
		file := slices.Index(p.files, f.Pos.File)
		if file < 0 {
			file = len(p.files)
			p.files = append(p.files, f.Pos.File)
		}
		table = binary.AppendUvarint(table, uint64(len(f.Path)))
		table = append(table, f.Path...)
		for _, n := range [...]int{file, f.Pos.Line, f.Pos.Column} {
			table = binary.AppendUvarint(table, uint64(n))
		}
	}
	p.table = string(table)
	return p
}

// Equal reports whether the same fields stand in the same places.
func (p Places) Equal(other Places) bool {
	return p.table == other.table && slices.Equal(p.files, other.files)
}

// At returns the place of the field with this path, and whether there is one.
func (p *Places) At(path []byte) (diag.Position, bool) {
	low, high := 0, p.len()
	for low < high {
		middle := int(uint(low+high) / 2)
		at, rest := p.path(middle)
		switch { // the conversion does not copy
		case at < string(path):
			low = middle + 1
		case at > string(path):
			high = middle
		default:
			return p.position(rest), true
		}
	}
	return diag.Position{}, false
}

// All yields all fields by path.
func (p *Places) All() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for i := range p.len() {
			path, rest := p.path(i)
			if !yield(Field{Path: path, Pos: p.position(rest)}) {
				return
			}
		}
	}
}

// len returns how many fields there are: the first lies behind the offsets.
func (p *Places) len() int {
	if len(p.table) < offsetSize {
		return 0
	}
	return p.offset(0) / offsetSize
}

func (p *Places) offset(i int) int {
	t := p.table[offsetSize*i:]
	return int(uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | uint32(t[3])<<24)
}

// path returns the path of a field, and what follows it.
func (p *Places) path(i int) (path, rest string) {
	n, rest := uvarint(p.table[p.offset(i):])
	return rest[:n], rest[n:]
}

func (p *Places) position(text string) diag.Position {
	file, text := uvarint(text)
	line, text := uvarint(text)
	column, _ := uvarint(text)
	return diag.Position{File: p.files[file], Line: line, Column: column}
}

// uvarint reads a number from the front of a text.
func uvarint(text string) (n int, rest string) {
	for shift := 0; ; shift += 7 {
		b := text[0]
		text = text[1:]
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return n, text
		}
	}
}
