package load

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"sync"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/store"
)

// The cache holds Go values as a plain sequence of their fields. Unlike JSON and
// CBOR it keeps nil apart from empty, which means another thing in a document,
// and needs no tags on the document types.

// form is the version of the encoding.
const form = "2"

// encode writes what v points to.
func encode(v any) []byte {
	e := encoder{store.NewEncoder(0)}
	e.value(reflect.ValueOf(v).Elem())
	return e.Data()
}

type encoder struct{ *store.Encoder }

func (e *encoder) places(p document.Places) {
	files, table := p.Raw()
	e.Uint(uint64(len(files)))
	for _, f := range files {
		e.String(f)
	}
	e.Bytes(table)
}

func (e *encoder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			e.Uint(1)
		} else {
			e.Uint(0)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.Int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.Uint(v.Uint())
	case reflect.Float64:
		e.Uint(math.Float64bits(v.Float()))
	case reflect.String:
		e.String(v.String())
	case reflect.Pointer:
		if v.IsNil() {
			e.Uint(0)
			return
		}
		e.Uint(1)
		e.value(v.Elem())
	case reflect.Slice:
		if text, ok := v.Interface().(json.RawMessage); ok {
			e.Bytes(text)
			return
		}
		if v.IsNil() {
			e.Uint(0)
			return
		}
		e.Uint(uint64(v.Len()) + 1)
		for i := range v.Len() {
			e.value(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			e.Uint(0)
			return
		}
		e.Uint(uint64(v.Len()) + 1)
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
		if v.Type() == placesType {
			e.places(v.Interface().(document.Places))
			return
		}
		set := uint64(0) // of fields; most documents leave most of them out
		if v.NumField() > 64 {
			panic(v.Type().String() + " has more fields than a set holds")
		}
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				set |= 1 << i
			}
		}
		e.Uint(set)
		for ; set != 0; set &= set - 1 {
			e.value(v.Field(bits.TrailingZeros64(set)))
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
		e.Uint(anyNil)
	case bool:
		e.Uint(anyBool)
		e.value(reflect.ValueOf(x))
	case int64:
		e.Uint(anyInt)
		e.value(reflect.ValueOf(x))
	case float64:
		e.Uint(anyFloat)
		e.value(reflect.ValueOf(x))
	case string:
		e.Uint(anyString)
		e.String(x)
	case []any:
		e.Uint(anyList)
		e.Uint(uint64(len(x)))
		for _, y := range x {
			e.any(y)
		}
	case map[string]any:
		e.Uint(anyMap)
		e.Uint(uint64(len(x)))
		for _, k := range slices.Sorted(maps.Keys(x)) {
			e.String(k)
			e.any(x[k])
		}
	default:
		t := reflect.TypeOf(x)
		e.Uint(anyDocument + uint64(slices.IndexFunc(documentTypes, func(d reflect.Type) bool { return d == t })))
		e.value(reflect.ValueOf(x).Elem())
	}
}

var documentTypes = func() (types []reflect.Type) {
	for _, k := range kinds {
		types = append(types, reflect.TypeOf(k.New()))
	}
	return types
}()

// decode sets what v points to. It never panics, whatever the data, which must not
// change any more.
func decode(data []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", store.ErrCorrupt, p)
		}
	}()
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	d.Reset(data)
	d.value(reflect.ValueOf(v).Elem())
	return d.Done()
}

var decoders = sync.Pool{New: func() any { return &decoder{store.NewDecoder(nil)} }}

type decoder struct{ *store.Decoder }

func (d *decoder) places(p *document.Places) {
	var files []string
	if n := d.Count(); n > 0 {
		files = make([]string, n)
	}
	for i := range files {
		files[i] = d.String()
	}
	*p = document.PlacesOf(files, d.Bytes())
}

func (d *decoder) value(v reflect.Value) {
	if d.Bad() {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(d.Uint() == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(d.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(d.Uint())
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(d.Uint()))
	case reflect.String:
		v.SetString(d.String())
	case reflect.Pointer:
		if d.Uint() == 1 {
			v.Set(reflect.New(v.Type().Elem()))
			d.value(v.Elem())
		}
	case reflect.Slice:
		if text, ok := v.Addr().Interface().(*json.RawMessage); ok {
			*text = d.Bytes()
			return
		}
		n := d.Uint()
		if n == 0 {
			return
		}
		length := d.Fits(n - 1)
		v.Set(reflect.MakeSlice(v.Type(), length, length))
		for i := range length {
			d.value(v.Index(i))
		}
	case reflect.Map:
		n := d.Uint()
		if n == 0 {
			return
		}
		length := d.Fits(n - 1)
		if m, ok := v.Addr().Interface().(*map[string]string); ok {
			*m = make(map[string]string, length)
			for range length {
				k := d.String()
				(*m)[k] = d.String()
			}
			return
		}
		m := reflect.MakeMapWithSize(v.Type(), length)
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		for range length {
			key.SetZero()
			elem.SetZero()
			d.value(key)
			d.value(elem)
			m.SetMapIndex(key, elem)
		}
		v.Set(m)
	case reflect.Struct:
		if v.Type() == placesType {
			d.places(v.Addr().Interface().(*document.Places))
			return
		}
		for set := d.Uint(); set != 0 && !d.Bad(); set &= set - 1 {
			d.value(v.Field(bits.TrailingZeros64(set)))
		}
	case reflect.Interface:
		if x := d.any(); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	}
}

var placesType = reflect.TypeFor[document.Places]()

func (d *decoder) any() any {
	switch tag := d.Uint(); tag {
	case anyNil:
		return nil
	case anyBool:
		return d.Uint() == 1
	case anyInt:
		return d.Int()
	case anyFloat:
		return math.Float64frombits(d.Uint())
	case anyString:
		return d.String()
	case anyList:
		list := make([]any, d.Count())
		for i := range list {
			list[i] = d.any()
		}
		return list
	case anyMap:
		n := d.Count()
		m := make(map[string]any, n)
		for range n {
			k := d.String()
			m[k] = d.any()
		}
		return m
	default:
		if tag-anyDocument >= uint64(len(kinds)) {
			d.Fail()
			return nil
		}
		x := kinds[tag-anyDocument].New()
		d.value(reflect.ValueOf(x).Elem())
		return x
	}
}
