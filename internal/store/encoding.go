package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// This file is the one encoding of what the cache holds. It is not CBOR, which is
// otherwise at hand and can tell nil from empty too, since a warm build spends
// much of its time on reading documents. BenchmarkStored in compiler/load reads a
// logical cluster in 5 µs where CBOR takes 11 µs, with 22 allocations in place of
// 54, because strings are parts of the data (hence unsafe) and those that recur
// are read once. Writing takes 12 µs, and CBOR 6 µs. Whole builds of 10,000 with CBOR
// in its place, interleaved: one file changed 0.75 s of a processor and not 0.61 s, cold
// 8.9 s and not 8.2 s (names of fields are written with every value), nothing changed
// the same 0.27 s.
//
// Values are written by their types, so that stored types need neither tags nor
// methods:
//
//   - a struct is the set of its fields that are not zero, 64 to a word, then
//     the values of those fields;
//   - a string is written once; where it recurs, its number is;
//   - a slice and a map are one more than their length, then their elements, a
//     map's by key; 0 is nil, which therefore stays apart from empty;
//   - a pointer is 0, or 1 and what it points to;
//   - an interface is a sign for the type, then the value.
//
// Equal values are equal bytes.
const (
	// maxDepth bounds how deep values may nest, since the stack of a goroutine is
	// bounded too. What people write nests a few dozen levels.
	maxDepth = 10_000
	// wordSize is how many fields one word of a struct's set tells of.
	wordSize = 64
)

// ErrCorrupt is for data that Encode did not write for a value of this type.
var ErrCorrupt = errors.New("corrupt cache entry")

// Register makes the type of what the pointer points to known: an interface may
// hold a pointer to it. It is to be called before anything is encoded or decoded.
func Register(pointer any) {
	t := reflect.TypeOf(pointer).Elem()
	registered[t.String()] = t
}

var registered = map[string]reflect.Type{}

// Encode returns the value that a pointer points to as bytes. The error says
// which type cannot be stored.
func Encode(pointer any) ([]byte, error) {
	var joined []byte
	err := encode(pointer, func(parts [][]byte) { joined = bytes.Join(parts, nil) })
	return joined, err
}

// encode calls use with the parts of what Encode returns. They are valid until use
// returns.
func encode(pointer any, use func(parts [][]byte)) error {
	v := reflect.ValueOf(pointer).Elem()
	p, err := planOf(v.Type())
	if err != nil {
		return err
	}
	e := encoders.Get().(*encoder)
	defer e.release()
	if p.encode(e, v); e.err == nil {
		use(e.parts())
	}
	return e.err
}

// Decode sets the value that a pointer points to from what Encode returned. The
// data must not change any more: strings and bytes of the value are parts of it.
// Where there is an error, the value is zero.
func Decode(data []byte, pointer any) error {
	v := reflect.ValueOf(pointer).Elem()
	v.SetZero()
	p, err := planOf(v.Type())
	if err != nil {
		return err
	}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	d.reset(data)
	p.decode(d, v)
	if d.bad || d.at != len(data) {
		v.SetZero()
		return ErrCorrupt
	}
	return nil
}

// plan is how values of one type are written and read. A decoded value is zero
// before.
type plan struct {
	encode func(e *encoder, v reflect.Value)
	decode func(d *decoder, v reflect.Value)
}

var plans sync.Map // reflect.Type to *plan

func planOf(t reflect.Type) (*plan, error) {
	if p, ok := plans.Load(t); ok {
		return p.(*plan), nil
	}
	made := planner{}
	p, err := made.plan(t)
	if err != nil {
		return nil, err
	}
	for t, p := range made {
		plans.LoadOrStore(t, p)
	}
	return p, nil
}

// planner makes the plans of a type and of all that it consists of. A type that
// contains itself finds its own plan, which is complete once the planner is done.
type planner map[reflect.Type]*plan

func (made planner) plan(t reflect.Type) (*plan, error) {
	if p, ok := made[t]; ok {
		return p, nil
	}
	p := &plan{}
	made[t] = p
	var err error
	switch t.Kind() {
	case reflect.Bool:
		*p = plan{encodeBool, decodeBool}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		*p = plan{encodeInt, decodeInt}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		*p = plan{encodeUint, decodeUint}
	case reflect.Float64:
		*p = plan{encodeFloat, decodeFloat}
	case reflect.String:
		*p = plan{encodeString, decodeString}
	case reflect.Pointer:
		err = made.pointer(p, t)
	case reflect.Slice:
		err = made.slice(p, t)
	case reflect.Array:
		err = made.array(p, t)
	case reflect.Map:
		err = made.mapping(p, t)
	case reflect.Struct:
		err = made.structure(p, t)
	case reflect.Interface:
		err = made.anything(p, t)
	default:
		err = fmt.Errorf("a %s cannot be stored", t)
	}
	return p, err
}

func encodeBool(e *encoder, v reflect.Value) {
	if v.Bool() {
		e.uint(1)
	} else {
		e.uint(0)
	}
}

func decodeBool(d *decoder, v reflect.Value) { v.SetBool(d.uint() == 1) }

func encodeInt(e *encoder, v reflect.Value) { e.out = binary.AppendVarint(e.out, v.Int()) }

func decodeInt(d *decoder, v reflect.Value) {
	n := d.int()
	d.bad = d.bad || v.OverflowInt(n)
	v.SetInt(n)
}

func encodeUint(e *encoder, v reflect.Value) { e.uint(v.Uint()) }

func decodeUint(d *decoder, v reflect.Value) {
	n := d.uint()
	d.bad = d.bad || v.OverflowUint(n)
	v.SetUint(n)
}

func encodeFloat(e *encoder, v reflect.Value) { e.uint(math.Float64bits(v.Float())) }
func decodeFloat(d *decoder, v reflect.Value) { v.SetFloat(math.Float64frombits(d.uint())) }

func encodeString(e *encoder, v reflect.Value) { e.string(v.String()) }
func decodeString(d *decoder, v reflect.Value) { v.SetString(d.string()) }

func (made planner) pointer(p *plan, t reflect.Type) error {
	of := t.Elem()
	elem, err := made.plan(of)
	p.encode = func(e *encoder, v reflect.Value) {
		if v.IsNil() {
			e.uint(0)
			return
		}
		e.uint(1)
		if e.deeper() {
			elem.encode(e, v.Elem())
			e.depth--
		}
	}
	p.decode = func(d *decoder, v reflect.Value) {
		if d.uint() == 1 && d.deeper() {
			v.Set(reflect.New(of))
			elem.decode(d, v.Elem())
			d.depth--
		}
	}
	return err
}

func (made planner) slice(p *plan, t reflect.Type) error {
	if t.Elem().Kind() == reflect.Uint8 {
		*p = plan{encodeBytes, decodeBytes}
		return nil
	}
	elem, err := made.plan(t.Elem())
	p.encode = func(e *encoder, v reflect.Value) {
		if e.length(v) && e.deeper() {
			for i := range v.Len() {
				elem.encode(e, v.Index(i))
			}
			e.depth--
		}
	}
	p.decode = func(d *decoder, v reflect.Value) {
		n, ok := d.length()
		if !ok || !d.deeper() {
			return
		}
		v.Set(reflect.MakeSlice(t, n, n))
		for i := 0; i < n && !d.bad; i++ {
			elem.decode(d, v.Index(i))
		}
		d.depth--
	}
	return err
}

func encodeBytes(e *encoder, v reflect.Value) {
	if e.length(v) {
		e.bytes(v.Bytes())
	}
}

func decodeBytes(d *decoder, v reflect.Value) {
	if n, ok := d.length(); ok {
		v.SetBytes(d.bytes(n))
	}
}

func (made planner) array(p *plan, t reflect.Type) error {
	if t.Elem().Kind() == reflect.Uint8 {
		p.encode = func(e *encoder, v reflect.Value) {
			if !v.CanAddr() { // as a value of a map
				copied := reflect.New(t).Elem()
				copied.Set(v)
				v = copied
			}
			e.out = append(e.out, v.Bytes()...)
		}
		p.decode = func(d *decoder, v reflect.Value) { copy(v.Bytes(), d.bytes(d.fits(uint64(v.Len())))) }
		return nil
	}
	elem, err := made.plan(t.Elem())
	p.encode = func(e *encoder, v reflect.Value) {
		for i := range v.Len() {
			elem.encode(e, v.Index(i))
		}
	}
	p.decode = func(d *decoder, v reflect.Value) {
		for i := range v.Len() {
			elem.decode(d, v.Index(i))
		}
	}
	return err
}

func (made planner) mapping(p *plan, t reflect.Type) error {
	order, ok := orders[t.Key().Kind()]
	if !ok {
		return fmt.Errorf("a %s cannot be stored: its keys have no order", t)
	}
	key, err := made.plan(t.Key())
	if err != nil {
		return err
	}
	elem, err := made.plan(t.Elem())
	p.encode = func(e *encoder, v reflect.Value) {
		if !e.length(v) || !e.deeper() {
			return
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, order)
		for _, k := range keys {
			key.encode(e, k)
			elem.encode(e, v.MapIndex(k))
		}
		e.depth--
	}
	p.decode = func(d *decoder, v reflect.Value) {
		n, ok := d.length()
		if !ok || !d.deeper() {
			return
		}
		m := reflect.MakeMapWithSize(t, n)
		k, x := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for i := 0; i < n && !d.bad; i++ {
			k.SetZero()
			x.SetZero()
			key.decode(d, k)
			elem.decode(d, x)
			m.SetMapIndex(k, x)
		}
		v.Set(m)
		d.depth--
	}
	if t == reflect.TypeFor[map[string]string]() {
		p.decode = decodeStrings // most maps of documents
	}
	return err
}

var orders = map[reflect.Kind]func(a, b reflect.Value) int{
	reflect.String: func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) },
	reflect.Int:    func(a, b reflect.Value) int { return compareInts(a.Int(), b.Int()) },
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func decodeStrings(d *decoder, v reflect.Value) {
	n, ok := d.length()
	if !ok {
		return
	}
	m := make(map[string]string, n)
	for i := 0; i < n && !d.bad; i++ {
		k := d.string()
		m[k] = d.string()
	}
	*v.Addr().Interface().(*map[string]string) = m
}

func (made planner) structure(p *plan, t reflect.Type) error {
	fields := make([]*plan, t.NumField())
	for i := range fields {
		f := t.Field(i)
		if !f.IsExported() && !(f.Anonymous && f.Type.Kind() == reflect.Struct) {
			return fmt.Errorf("a %s cannot be stored: its field %s is not exported", t, f.Name)
		}
		var err error
		if fields[i], err = made.plan(f.Type); err != nil {
			return err
		}
	}
	words := max(1, (len(fields)+wordSize-1)/wordSize)
	p.encode = func(e *encoder, v reflect.Value) {
		for first := 0; first < words*wordSize; first += wordSize {
			set := uint64(0) // most documents leave most fields out
			for i := first; i < min(first+wordSize, len(fields)); i++ {
				if !v.Field(i).IsZero() {
					set |= 1 << (i - first)
				}
			}
			e.uint(set)
			for ; set != 0; set &= set - 1 {
				i := first + bits.TrailingZeros64(set)
				fields[i].encode(e, v.Field(i))
			}
		}
	}
	p.decode = func(d *decoder, v reflect.Value) {
		for first := 0; first < words*wordSize; first += wordSize {
			for set := d.uint(); set != 0 && !d.bad; set &= set - 1 {
				i := first + bits.TrailingZeros64(set)
				if i >= len(fields) {
					d.bad = true
					return
				}
				fields[i].decode(d, v.Field(i))
			}
		}
	}
	return nil
}

// The signs of what an interface holds. A registered type has its name behind the
// sign.
const (
	signNil = iota
	signBool
	signInt
	signFloat
	signString
	signList
	signMap
	signRegistered
)

// plain are the values of JSON in Go, by their signs.
var plain = [...]reflect.Type{
	signBool: reflect.TypeFor[bool](), signInt: reflect.TypeFor[int64](), signFloat: reflect.TypeFor[float64](), signString: reflect.TypeFor[string](),
	signList: reflect.TypeFor[[]any](), signMap: reflect.TypeFor[map[string]any](),
}

func (made planner) anything(p *plan, t reflect.Type) error {
	if t.NumMethod() > 0 {
		return fmt.Errorf("a %s cannot be stored", t)
	}
	var values [len(plain)]*plan
	p.encode = func(e *encoder, v reflect.Value) {
		x := v.Elem()
		if !x.IsValid() {
			e.uint(signNil)
			return
		}
		if sign := slices.Index(plain[1:], x.Type()) + 1; sign > 0 {
			e.uint(uint64(sign))
			values[sign].encode(e, x)
			return
		}
		e.registered(x)
	}
	p.decode = func(d *decoder, v reflect.Value) {
		sign := d.uint()
		switch {
		case sign == signNil:
		case sign < signRegistered:
			x := reflect.New(plain[sign]).Elem()
			values[sign].decode(d, x)
			v.Set(x)
		case sign == signRegistered:
			d.registered(v)
		default:
			d.bad = true
		}
	}
	for sign := signBool; sign < signRegistered; sign++ {
		var err error
		if values[sign], err = made.plan(plain[sign]); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) registered(x reflect.Value) {
	t := x.Type()
	if x.Kind() != reflect.Pointer || x.IsNil() || registered[t.Elem().String()] != t.Elem() {
		e.fail(fmt.Errorf("a %s in an interface cannot be stored", t))
		return
	}
	p, err := planOf(t.Elem())
	if err != nil {
		e.fail(err)
		return
	}
	e.uint(signRegistered)
	e.string(t.Elem().String())
	if e.deeper() {
		p.encode(e, x.Elem())
		e.depth--
	}
}

func (d *decoder) registered(v reflect.Value) {
	t, ok := registered[d.string()]
	if !ok || !d.deeper() {
		d.bad = true
		return
	}
	p, err := planOf(t)
	if err != nil {
		d.bad = true
		return
	}
	x := reflect.New(t)
	p.decode(d, x.Elem())
	v.Set(x)
	d.depth--
}

// encoder writes one value.
type encoder struct {
	out     []byte
	large   []largePart
	numbers map[string]uint64 // of strings that were written
	depth   int
	err     error
}

// largePart is bytes of the value that were not copied.
type largePart struct {
	at   int // where they belong in out
	data []byte
}

const (
	// largeSize is from what on a copy costs more than one more write to a file.
	largeSize = 4 << 10
	// reusedSize and reusedStrings bound what an encoder keeps for the next value.
	reusedSize    = 1 << 20
	reusedStrings = 4 << 10
)

// Encoders are used again, for their buffer and their map, and large parts are not
// copied: of the 169 MiB that a build of 10,000 with one file changed allocated, that
// saves 25 MiB. Where neither encoders nor decoders are used again, the build takes
// 0.67 s of a processor and not 0.61 s.
var encoders = sync.Pool{New: func() any { return &encoder{numbers: map[string]uint64{}} }}

func (e *encoder) release() {
	if cap(e.out) > reusedSize || len(e.numbers) > reusedStrings {
		return
	}
	clear(e.numbers)
	clear(e.large)
	*e = encoder{out: e.out[:0], large: e.large[:0], numbers: e.numbers}
	encoders.Put(e)
}

// parts returns what was written.
func (e *encoder) parts() [][]byte {
	parts, at := make([][]byte, 0, 2*len(e.large)+1), 0
	for _, l := range e.large {
		parts = append(parts, e.out[at:l.at], l.data)
		at = l.at
	}
	return append(parts, e.out[at:])
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// deeper reports whether values may nest by one more level, which begins then.
func (e *encoder) deeper() bool {
	if e.depth >= maxDepth || e.err != nil {
		e.fail(errors.New("values that nest so deeply cannot be stored"))
		return false
	}
	e.depth++
	return true
}

func (e *encoder) uint(n uint64) { e.out = binary.AppendUvarint(e.out, n) }

// length writes that of a slice or a map, and reports whether it is not nil.
func (e *encoder) length(v reflect.Value) bool {
	if v.IsNil() {
		e.uint(0)
		return false
	}
	e.uint(uint64(v.Len()) + 1)
	return true
}

func (e *encoder) bytes(b []byte) {
	if len(b) >= largeSize {
		e.large = append(e.large, largePart{len(e.out), b})
		return
	}
	e.out = append(e.out, b...)
}

func (e *encoder) string(s string) {
	if n, ok := e.numbers[s]; ok {
		e.uint(n)
		return
	}
	e.numbers[s] = uint64(len(e.numbers) + 1)
	e.uint(0)
	e.uint(uint64(len(s)))
	e.out = append(e.out, s...)
}

// decoder reads one value. After the first part that is not there it is bad:
// whatever else is read is empty.
type decoder struct {
	data    []byte
	text    string // the same bytes
	at      int
	strings []string // by number, from 1
	depth   int
	bad     bool
}

// Decoders are used again, for their lists of strings.
var decoders = sync.Pool{New: func() any { return &decoder{strings: make([]string, 1, 64)} }}

func (d *decoder) reset(data []byte) {
	*d = decoder{data: data, text: unsafe.String(unsafe.SliceData(data), len(data)), strings: d.strings[:1]}
}

func (d *decoder) deeper() bool {
	if d.depth >= maxDepth || d.bad {
		d.bad = true
		return false
	}
	d.depth++
	return true
}

func (d *decoder) uint() uint64 {
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

func (d *decoder) int() int64 {
	n := d.uint()
	return int64(n>>1) ^ -int64(n&1)
}

// fits returns n, or 0 and is bad where not so many bytes follow: each element is
// one at least.
func (d *decoder) fits(n uint64) int {
	if d.bad || n > uint64(len(d.data)-d.at) {
		d.bad = true
		return 0
	}
	return int(n)
}

// length reads what the encoder's length wrote; false for nil.
func (d *decoder) length() (int, bool) {
	n := d.uint()
	if n == 0 {
		return 0, false
	}
	return d.fits(n - 1), !d.bad
}

func (d *decoder) bytes(n int) []byte {
	d.at += n
	return d.data[d.at-n : d.at : d.at]
}

func (d *decoder) string() string {
	n := d.uint()
	if n == 0 {
		size := d.fits(d.uint())
		d.at += size
		s := d.text[d.at-size : d.at]
		d.strings = append(d.strings, s)
		return s
	}
	if n >= uint64(len(d.strings)) {
		d.bad = true
		return ""
	}
	return d.strings[n]
}
