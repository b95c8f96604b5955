package patch

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/internal/manifest"
)

// Change is a field that holds no others and differs.
type Change struct {
	// Path in the object as it is now. Elements of lists are numbered.
	Path []string
	// Now is the value, and Gone where there is none any more.
	Now  manifest.Value
	Gone bool
}

// Covers reports whether the change is one of a field, of what it holds, or of what
// holds it.
func (c *Change) Covers(path []string) bool { return covers(c.Path, path) }

// difference returns what differs between an object and what it was. Elements of
// lists that have names are compared with those of the same name.
func difference(was, now manifest.Map) []Change {
	var out []Change
	compare(was, now, nil, &out)
	return out
}

// missing stands for a field that is not there.
type missing struct{}

func compare(was, now manifest.Value, path []string, out *[]Change) {
	path = slices.Clip(path)
	a, wasMap := was.(manifest.Map)
	b, isMap := now.(manifest.Map)
	_, fresh := was.(missing)
	_, gone := now.(missing)
	switch {
	case (wasMap || fresh) && (isMap || gone) && len(a)+len(b) > 0:
		compareFields(a, b, path, out)
		return
	case (isList(was) || fresh) && (isList(now) || gone) && len(list(was))+len(list(now)) > 0:
		compareElements(list(was), list(now), path, out)
		return
	case !fresh && !gone && bytes.Equal(manifest.AppendJSON(nil, was), manifest.AppendJSON(nil, now)):
		return
	}
	*out = append(*out, Change{Path: path, Now: now, Gone: gone})
}

func compareFields(was, now manifest.Map, path []string, out *[]Change) {
	for _, f := range now {
		compare(field(was, f.Key), f.Value, append(path, f.Key), out)
	}
	for _, f := range was {
		if _, is := field(now, f.Key).(missing); is {
			compare(f.Value, missing{}, append(path, f.Key), out)
		}
	}
}

func compareElements(was, now manifest.List, path []string, out *[]Change) {
	names := distinct(was) && distinct(now)
	for i, item := range now {
		compare(element(was, now, i, names), item, append(path, fmt.Sprint(i)), out)
	}
	for i, item := range was {
		if _, is := element(now, was, i, names).(missing); is {
			compare(item, missing{}, append(path, fmt.Sprint(i)), out)
		}
	}
	if names && !slices.Equal(common(was, now), common(now, was)) {
		*out = append(*out, Change{Path: path, Now: now}) // their order
	}
}

func isList(v manifest.Value) bool {
	switch v.(type) {
	case manifest.List, []string:
		return true
	}
	return false
}

func field(m manifest.Map, key string) manifest.Value {
	for _, f := range m {
		if f.Key == key {
			return f.Value
		}
	}
	return missing{}
}

// element returns the element of a list that has the name of the one at an index of
// another list; where none has, the one at the same index, unless its name is in the
// other list too. Where names do not tell elements apart, the index does.
func element(list, other manifest.List, i int, names bool) manifest.Value {
	if names {
		if at := named(list, nameOf(other[i])); at >= 0 {
			return list[at]
		}
	}
	if i < len(list) && (!names || named(other, nameOf(list[i])) < 0) {
		return list[i]
	}
	return missing{}
}

func named(list manifest.List, name string) int {
	return slices.IndexFunc(list, func(v manifest.Value) bool { return nameOf(v) == name })
}

// distinct reports whether all elements of a list have names of their own.
func distinct(list manifest.List) bool {
	for i, v := range list {
		if name := nameOf(v); name == "" || named(list, name) < i {
			return false
		}
	}
	return true
}

// common returns the names in a list that another has too.
func common(list, other manifest.List) (out []string) {
	for _, v := range list {
		if name := nameOf(v); named(other, name) >= 0 {
			out = append(out, name)
		}
	}
	return out
}

// covers reports whether one path leads to what the other leads through.
func covers(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}
