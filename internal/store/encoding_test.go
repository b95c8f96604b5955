package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// kept has a field of each type that is told apart from another one.
type kept struct {
	Bool     bool
	Int      int
	Small    int8
	Uint     uint32
	Float    float64
	Text     string
	Named    name
	Pointer  *int
	Deep     **string
	List     []string
	Lists    [][]int
	Bytes    []byte
	Raw      json.RawMessage
	Array    [3]int
	Digest   [32]byte
	Map      map[string]string
	Numbers  map[int][]string
	Itself   *kept
	Many     []kept
	Any      any
	Anything map[string]any
	inner
}

type (
	name  string
	inner struct{ A, B string }
)

func keptGen(depth int) *rapid.Generator[kept] {
	text := rapid.SampledFrom([]string{"", "a", "bc", "\xff\x00", "again and again"})
	raw := rapid.Custom(func(t *rapid.T) []byte {
		return rapid.SampledFrom([][]byte{nil, {}, {0}, []byte(`{"a":1}`)}).Draw(t, "bytes")
	})
	return rapid.Custom(func(t *rapid.T) kept {
		if rapid.Bool().Draw(t, "zero") {
			return kept{}
		}
		k := kept{
			Bool: rapid.Bool().Draw(t, "bool"), Int: rapid.Int().Draw(t, "int"), Small: rapid.Int8().Draw(t, "small"), Uint: rapid.Uint32().Draw(t, "uint"),
			Float: rapid.Float64().Draw(t, "float"), Text: text.Draw(t, "text"), Named: name(text.Draw(t, "named")),
			List: sliceGen(text).Draw(t, "list"), Lists: sliceGen(sliceGen(rapid.Int())).Draw(t, "lists"), Bytes: raw.Draw(t, "bytes"), Raw: raw.Draw(t, "raw"),
			Array: [3]int{0, rapid.Int().Draw(t, "element"), 0}, Map: mapGen(text, text).Draw(t, "map"), Numbers: mapGen(rapid.Int(), sliceGen(text)).Draw(t, "numbers"),
			Any: anyGen(3).Draw(t, "any"), inner: inner{B: text.Draw(t, "inner")},
		}
		k.Digest[7] = rapid.Byte().Draw(t, "digest")
		if rapid.Bool().Draw(t, "pointer") {
			n, s := rapid.IntRange(0, 1).Draw(t, "to"), text.Draw(t, "deep")
			p := &s
			k.Pointer, k.Deep = &n, &p
		}
		if depth > 0 {
			k.Many = sliceGen(keptGen(depth-1)).Draw(t, "many")
			if rapid.Bool().Draw(t, "itself") {
				one := keptGen(depth-1).Draw(t, "itself")
				k.Itself = &one
			}
		}
		if m, ok := anyGen(2).Draw(t, "anything").(map[string]any); ok {
			k.Anything = m
		}
		return k
	})
}

func sliceGen[T any](of *rapid.Generator[T]) *rapid.Generator[[]T] {
	return rapid.OneOf(rapid.Just([]T(nil)), rapid.Just([]T{}), rapid.SliceOfN(of, 1, 3))
}

func mapGen[K comparable, V any](key *rapid.Generator[K], value *rapid.Generator[V]) *rapid.Generator[map[K]V] {
	return rapid.OneOf(rapid.Just(map[K]V(nil)), rapid.Just(map[K]V{}), rapid.MapOfN(key, value, 1, 3))
}

func anyGen(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Just[any](false), rapid.Just[any](true), rapid.Int64().AsAny(), rapid.Float64().AsAny(),
		rapid.SampledFrom([]string{"", "0", "a"}).AsAny(), rapid.Just[any](&inner{A: "registered"}),
	}
	if depth > 0 {
		kinds = append(kinds, sliceGen(anyGen(depth-1)).AsAny(), mapGen(rapid.StringN(0, 2, -1), anyGen(depth-1)).AsAny())
	}
	return rapid.OneOf(kinds...)
}

func init() { Register(&inner{}) }

// What is decoded is what was encoded, nil apart from empty and an integer apart
// from a number; equal values are equal bytes.
func TestEveryValueComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := keptGen(2).Draw(t, "value")
		data, err := Encode(&want)
		if err != nil {
			t.Fatal(err)
		}
		got := kept{Text: "of before", List: []string{"of before"}, Itself: &kept{}}
		if err := Decode(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(kept{}, inner{})); diff != "" || !reflect.DeepEqual(want, got) {
			t.Fatalf("(-encoded +decoded):\n%s", diff)
		}
		again, err := Encode(&got)
		if err != nil || string(again) != string(data) {
			t.Fatalf("the same value became other bytes: %x, %x", data, again)
		}
	})
}

// Bytes that are too many to be copied are where they belong, next to each other and
// to what is copied, and so in the cache.
func TestLargeBytes(t *testing.T) {
	type content struct {
		Before string
		Lists  [][]byte
		After  map[string][]byte
	}
	large := func(b byte) []byte { return bytes.Repeat([]byte{b}, largeSize) }
	want := content{"before", [][]byte{large('a'), large('b'), {}, nil, []byte("small"), large('c')}, map[string][]byte{"x": large('d'), "y": []byte("end")}}
	c, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // the encoder is used again
		data, err := Encode(&want)
		if err != nil {
			t.Fatal(err)
		}
		var got, loaded content
		if err := Decode(data, &got); err != nil || !reflect.DeepEqual(want, got) {
			t.Errorf("%v, %+v", err, got)
		}
		key := NewKey("1", "test").Bytes(data).Key()
		if c.Save(key, &want); !c.Load(key, &loaded) || !reflect.DeepEqual(want, loaded) {
			t.Errorf("%+v", loaded)
		}
	}
}

// Slices, maps, pointers and texts that are nil stay apart from empty ones, which
// mean another thing in a document.
func TestNilIsNotEmpty(t *testing.T) {
	type empties struct {
		List    []string
		Map     map[string]string
		Numbers map[int]bool
		Pointer *string
		Bytes   []byte
		Raw     json.RawMessage
		List2   []any
		Any     any
	}
	empty := ""
	for _, want := range []empties{
		{},
		{List: []string{}}, {Map: map[string]string{}}, {Numbers: map[int]bool{}}, {Pointer: &empty}, {Bytes: []byte{}}, {Raw: json.RawMessage{}}, {List2: []any{}},
		{Any: []any{}}, {Any: []any(nil)}, {Any: map[string]any{}}, {Any: map[string]any(nil)}, {Any: ""}, {Any: false}, {Any: int64(0)}, {Any: 0.0},
		{List2: []any{nil, []any{nil}, map[string]any{"": nil}}},
	} {
		data, err := Encode(&want)
		if err != nil {
			t.Fatal(err)
		}
		var got empties
		if err := Decode(data, &got); err != nil || !reflect.DeepEqual(want, got) {
			t.Errorf("encoded %#v, decoded %#v, %v", want, got, err)
		}
	}
}

// A struct may have any number of fields.
func TestManyFields(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 70, 128, 129, 200} {
		var fields []reflect.StructField
		for i := range n {
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("Field%d", i), Type: reflect.TypeFor[int]()})
		}
		typ := reflect.StructOf(fields)
		for set := range n {
			want := reflect.New(typ)
			for _, i := range []int{set, 2 * set, n - 1} {
				if i < n {
					want.Elem().Field(i).SetInt(int64(i + 1))
				}
			}
			data, err := Encode(want.Interface())
			if err != nil {
				t.Fatal(err)
			}
			got := reflect.New(typ)
			if err := Decode(data, got.Interface()); err != nil || !reflect.DeepEqual(want.Interface(), got.Interface()) {
				t.Fatalf("%d fields: encoded %v, decoded %v, %v", n, want, got, err)
			}
		}
	}
}

// What cannot be stored says so, and says it again.
func TestWhatCannotBeStored(t *testing.T) {
	type hidden struct{ a int }
	type cycle struct{ Next *cycle }
	endless := &cycle{}
	endless.Next = endless
	for _, v := range []any{new(func()), new(chan int), &hidden{1}, new(map[float64]int), new(fmt.Stringer), &[]any{hidden{}}, &[]any{&hidden{}}, &[]any{int32(1)}, endless} {
		for range 2 {
			if data, err := Encode(v); err == nil {
				t.Errorf("%T became %x", v, data)
			}
		}
	}
	if err := Decode(nil, new(func())); err == nil {
		t.Error("a function was decoded")
	}
}

// FuzzDecode: whatever the data, there is a value or an error, and what is read of
// a value that was encoded is that value.
func FuzzDecode(f *testing.F) {
	one, two := 1, "two"
	p := &two
	for _, k := range []kept{
		{},
		{Bool: true, Int: -5, Small: 3, Uint: 1 << 20, Float: 1.5, Text: "text", Named: "text", Pointer: &one, Deep: &p, List: []string{"text", ""}, Lists: [][]int{nil, {}, {1}}},
		{Bytes: []byte("b"), Raw: json.RawMessage("{}"), Array: [3]int{1, 2, 3}, Digest: [32]byte{1}, Map: map[string]string{"a": "b"}, Numbers: map[int][]string{-1: {"a"}}},
		{Itself: &kept{}, Many: []kept{{}, {Int: 1}}, Any: []any{nil, true, int64(1), 2.5, "s", map[string]any{"k": &inner{A: "a"}}}, inner: inner{B: "b"}},
	} {
		data, err := Encode(&k)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got kept
		if err := Decode(data, &got); err != nil {
			if !errors.Is(err, ErrCorrupt) || !reflect.ValueOf(got).IsZero() {
				t.Fatalf("%v, %+v", err, got)
			}
			return
		}
		again, err := Encode(&got)
		if err != nil {
			t.Fatal(err)
		}
		var same kept
		if err := Decode(again, &same); err != nil {
			t.Fatal(err)
		}
		if third, _ := Encode(&same); string(third) != string(again) {
			t.Fatalf("%x became %x", again, third)
		}
	})
}
