package example

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// difference names the first place where two JSON values differ; empty where they do
// not.
func difference(path string, got, want any) string {
	field := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		names := maps.Clone(w)
		maps.Copy(names, g)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if _, ok := g[name]; !ok {
				return field(name) + " is missing"
			}
			if _, ok := w[name]; !ok {
				return field(name) + " is there"
			}
			if d := difference(field(name), g[name], w[name]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok {
			break
		}
		if len(g) != len(w) {
			return fmt.Sprintf("%s has %d elements, want %d", path, len(g), len(w))
		}
		for i := range w {
			if d := difference(fmt.Sprintf("%s[%d]", path, i), g[i], w[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if number(got) == number(want) {
		return ""
	}
	return fmt.Sprintf("%s is %v, want %v", path, got, want)
}

// number makes numbers comparable, whatever they came through.
func number(x any) any {
	switch n := x.(type) {
	case int64:
		return float64(n)
	case map[string]any, []any: // of another kind than what it is compared with
		return fmt.Sprint(n)
	}
	return x
}
