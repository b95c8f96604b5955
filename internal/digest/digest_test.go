package digest_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tenantry/tenantry/internal/digest"
)

// Different sequences of values have different digests, however alike their bytes are
// when they are put in a row.
func TestDifferentValuesDiffer(t *testing.T) {
	seen := map[[32]byte]string{}
	for name, encode := range map[string]func(*digest.Encoder){
		"nothing":         func(*digest.Encoder) {},
		"ab, c":           func(e *digest.Encoder) { e.Strings("ab", "c") },
		"a, bc":           func(e *digest.Encoder) { e.Strings("a", "bc") },
		"abc":             func(e *digest.Encoder) { e.Strings("abc") },
		"a, b, c":         func(e *digest.Encoder) { e.Strings("a", "b", "c") },
		"list of abc":     func(e *digest.Encoder) { e.List([]string{"abc"}) },
		"list of a, bc":   func(e *digest.Encoder) { e.List([]string{"a", "bc"}) },
		"[a] [b]":         func(e *digest.Encoder) { e.List([]string{"a"}); e.List([]string{"b"}) },
		"[a b] []":        func(e *digest.Encoder) { e.List([]string{"a", "b"}); e.List(nil) },
		"[] [a b]":        func(e *digest.Encoder) { e.List(nil); e.List([]string{"a", "b"}) },
		"empty, then abc": func(e *digest.Encoder) { e.Strings("", "abc") },
		"a: bc":           func(e *digest.Encoder) { e.Mapping(map[string]string{"a": "bc"}) },
		"ab: c":           func(e *digest.Encoder) { e.Mapping(map[string]string{"ab": "c"}) },
		"a: b, c: empty":  func(e *digest.Encoder) { e.Mapping(map[string]string{"a": "b", "c": ""}) },
		"300":             func(e *digest.Encoder) { e.Number(300) },
		"-300":            func(e *digest.Encoder) { e.Number(-300) },
	} {
		sum := digest.Of(encode)
		if other, twice := seen[sum]; twice {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[sum] = name
	}
}

// A digest depends on the values alone: neither on the order of a map nor on what was
// encoded before.
func TestEqualValuesAreEqual(t *testing.T) {
	texts, mappings := rapid.SliceOf(rapid.String()), rapid.MapOf(rapid.String(), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		list, mapping, data := texts.Draw(t, "list"), mappings.Draw(t, "mapping"), rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		yes, n := rapid.Bool().Draw(t, "yes"), rapid.Int().Draw(t, "n")
		encode := func(list []string, mapping map[string]string) [32]byte {
			return digest.Of(func(e *digest.Encoder) {
				e.List(list)
				e.Mapping(mapping)
				e.Bytes(data)
				e.Bool(yes)
				e.Number(n)
			})
		}
		first := encode(list, mapping)
		if encode([]string{"something", "else"}, nil) == first && len(mapping) > 0 {
			t.Fatal("something else has the same digest")
		}
		again := map[string]string{}
		for _, k := range slices.Backward(slices.Sorted(maps.Keys(mapping))) {
			again[k] = mapping[k]
		}
		if encode(slices.Clone(list), again) != first {
			t.Fatal("the same values have another digest")
		}
	})
}
