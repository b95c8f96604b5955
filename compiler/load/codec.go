package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"github.com/tenantry/tenantry/compiler/diag"
)

// The cache holds Go values as a plain sequence of their fields. Every string is
// written once and referred to by number after that: paths and file names recur
// for each document. Unlike JSON and CBOR it keeps nil apart from empty, which
// means another thing in a document, and needs no tags on the document types.

var errCorrupt = errors.New("corrupt cache entry")

// encode writes what v points to.
func encode(v any) []byte {
	e := encoder{strings: map[string]uint64{}}
	e.value(reflect.ValueOf(v).Elem())
	return e.out
}

type encoder struct {
	out     []byte
	strings map[string]uint64
}

func (e *encoder) uint(n uint64) { e.out = binary.AppendUvarint(e.out, n) }

func (e *encoder) string(s string) {
	if id, ok := e.strings[s]; ok {
		e.uint(id)
		return
	}
	e.strings[s] = uint64(len(e.strings) + 1)
	e.uint(0)
	e.uint(uint64(len(s)))
	e.out = append(e.out, s...)
}

func (e *encoder) position(p diag.Position) {
	e.string(p.File)
	e.uint(uint64(p.Line))
	e.uint(uint64(p.Column))
}

func (e *encoder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			e.uint(1)
		} else {
			e.uint(0)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.out = binary.AppendVarint(e.out, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.uint(v.Uint())
	case reflect.Float64:
		e.uint(math.Float64bits(v.Float()))
	case reflect.String:
		e.string(v.String())
	case reflect.Pointer:
		if v.IsNil() {
			e.uint(0)
			return
		}
		e.uint(1)
		e.value(v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			e.uint(0)
			return
		}
		e.uint(uint64(v.Len()) + 1)
		if fields, ok := v.Interface().([]Field); ok {
			for _, f := range fields {
				e.string(f.Path)
				e.position(f.Pos)
			}
			return
		}
		for i := range v.Len() {
			e.value(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			e.uint(0)
			return
		}
		e.uint(uint64(v.Len()) + 1)
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int {
			if a.Kind() == reflect.String {
				return compare(a.String(), b.String())
			}
			return compare(a.Int(), b.Int())
		})
		for _, k := range keys {
			e.value(k)
			e.value(v.MapIndex(k))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			e.value(v.Field(i))
		}
	case reflect.Interface:
		e.any(v.Interface())
	}
}

func compare[T string | int64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// What an interface holds: JSON's values, or a document by its kind.
const (
	anyNil = iota
	anyBool
	anyInt
	anyFloat
	anyString
	anyList
	anyMap
	anyDocument
)

func (e *encoder) any(x any) {
	switch x := x.(type) {
	case nil:
		e.uint(anyNil)
	case bool:
		e.uint(anyBool)
		e.value(reflect.ValueOf(x))
	case int64:
		e.uint(anyInt)
		e.value(reflect.ValueOf(x))
	case float64:
		e.uint(anyFloat)
		e.value(reflect.ValueOf(x))
	case string:
		e.uint(anyString)
		e.string(x)
	case []any:
		e.uint(anyList)
		e.uint(uint64(len(x)))
		for _, y := range x {
			e.any(y)
		}
	case map[string]any:
		e.uint(anyMap)
		e.uint(uint64(len(x)))
		for _, k := range slices.Sorted(maps.Keys(x)) {
			e.string(k)
			e.any(x[k])
		}
	default:
		t := reflect.TypeOf(x)
		e.uint(anyDocument + uint64(slices.IndexFunc(documentTypes, func(d reflect.Type) bool { return d == t })))
		e.value(reflect.ValueOf(x).Elem())
	}
}

var documentTypes = func() (types []reflect.Type) {
	for _, k := range kinds {
		types = append(types, reflect.TypeOf(k.New()))
	}
	return types
}()

// decode sets what v points to. It never panics, whatever the data.
func decode(data []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errCorrupt, p)
		}
	}()
	d := decoder{in: data, strings: make([]string, 1, 64)}
	d.value(reflect.ValueOf(v).Elem())
	if d.bad || len(d.in) != 0 {
		return errCorrupt
	}
	return nil
}

type decoder struct {
	in      []byte
	strings []string
	bad     bool
}

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.in)
	if size <= 0 {
		d.bad = true
		return 0
	}
	d.in = d.in[size:]
	return n
}

// count reads the number of elements that follow, each of at least one byte.
func (d *decoder) count(n uint64) int {
	if n > uint64(len(d.in)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	id := d.uint()
	if id == 0 {
		n := d.count(d.uint())
		s := string(d.in[:n])
		d.in = d.in[n:]
		d.strings = append(d.strings, s)
		return s
	}
	if id >= uint64(len(d.strings)) {
		d.bad = true
		return ""
	}
	return d.strings[id]
}

func (d *decoder) position() diag.Position {
	return diag.Position{File: d.string(), Line: int(d.uint()), Column: int(d.uint())}
}

func (d *decoder) value(v reflect.Value) {
	if d.bad {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(d.uint() == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, size := binary.Varint(d.in)
		if size <= 0 {
			d.bad = true
			return
		}
		d.in = d.in[size:]
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(d.uint())
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(d.uint()))
	case reflect.String:
		v.SetString(d.string())
	case reflect.Pointer:
		if d.uint() == 1 {
			v.Set(reflect.New(v.Type().Elem()))
			d.value(v.Elem())
		}
	case reflect.Slice:
		n := d.uint()
		if n == 0 {
			return
		}
		length := d.count(n - 1)
		if v.Type() == fieldsType {
			fields := make([]Field, length)
			for i := range fields {
				fields[i] = Field{Path: d.string(), Pos: d.position()}
			}
			v.Set(reflect.ValueOf(fields))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), length, length))
		for i := range length {
			d.value(v.Index(i))
		}
	case reflect.Map:
		n := d.uint()
		if n == 0 {
			return
		}
		m := reflect.MakeMap(v.Type())
		for range d.count(n - 1) {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			d.value(key)
			d.value(elem)
			m.SetMapIndex(key, elem)
		}
		v.Set(m)
	case reflect.Struct:
		for i := range v.NumField() {
			d.value(v.Field(i))
		}
	case reflect.Interface:
		if x := d.any(); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	}
}

var fieldsType = reflect.TypeFor[[]Field]()

func (d *decoder) any() any {
	switch tag := d.uint(); tag {
	case anyNil:
		return nil
	case anyBool:
		return d.uint() == 1
	case anyInt:
		var n int64
		d.value(reflect.ValueOf(&n).Elem())
		return n
	case anyFloat:
		return math.Float64frombits(d.uint())
	case anyString:
		return d.string()
	case anyList:
		list := make([]any, d.count(d.uint()))
		for i := range list {
			list[i] = d.any()
		}
		return list
	case anyMap:
		n := d.count(d.uint())
		m := make(map[string]any, n)
		for range n {
			k := d.string()
			m[k] = d.any()
		}
		return m
	default:
		if tag-anyDocument >= uint64(len(kinds)) {
			d.bad = true
			return nil
		}
		x := kinds[tag-anyDocument].New()
		d.value(reflect.ValueOf(x).Elem())
		return x
	}
}
