package evolution

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The keys that lead to a path are those of its steps, whatever fields are named.
func TestKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path, want := "", []string{"schema", "openAPIV3Schema"}
		for range rapid.IntRange(0, 5).Draw(t, "depth") {
			s := step{kind: rapid.SampledFrom([]stepKind{property, item, mapValue}).Draw(t, "kind")}
			switch s.kind {
			case property:
				s.name = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"a", "*", "a.b", "'", `\`, "[*]", ""})).Draw(t, "name")
				want = append(want, "properties", s.name)
			case item:
				want = append(want, "items")
			case mapValue:
				want = append(want, "additionalProperties")
			}
			path += s.String()
		}
		if have := Keys(path); !slices.Equal(have, want) {
			t.Fatalf("%s leads to %q, want %q", path, have, want)
		}
	})
}
