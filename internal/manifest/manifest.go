// Package manifest holds Kubernetes objects as ordered trees and writes them.
//
// A compiler of many thousand namespaces spends its time on building and
// writing small objects. Typed API structs would be converted by reflection,
// would print fields nobody set, and would lose the order in which a person
// would write them. A [Map] is a slice of fields instead: it is built by
// writing it down, it is printed in that order, and the same tree always gives
// the same bytes.
//
// What is written is read by kubectl, kustomize, Flux and Argo CD, which do not
// agree on a version of YAML. So a string is quoted when any of them would read
// it as something else, and stands plain otherwise.
package manifest

import (
	"fmt"
	"slices"
)

// Value is a node of a tree: string, bool, int, int64, float64, [Map], [List],
// []string, or nil, which is written as null.
type Value any

// Map is a mapping whose fields keep their order. Keys are expected to be
// distinct.
type Map []Field

// Field is one entry of a [Map].
type Field struct {
	Key   string
	Value Value
}

// List is a sequence of values.
type List []Value

// M builds a map from alternating keys and values:
//
//	M("apiVersion", "v1", "kind", "Namespace")
//
// It panics if the number of arguments is odd or a key is not a string, which
// is a mistake in the calling code, never one in what a user wrote.
func M(kv ...any) Map {
	if len(kv)%2 != 0 {
		panic("manifest.M: a key without a value")
	}
	m := make(Map, len(kv)/2)
	for i := range m {
		key, ok := kv[2*i].(string)
		if !ok {
			panic(fmt.Sprintf("manifest.M: key %d is not a string", i))
		}
		m[i] = Field{key, kv[2*i+1]}
	}
	return m
}

// With returns a map in which key has the value v: in its place if m has the
// key, after all others if not. m itself stays as it is.
func (m Map) With(key string, v Value) Map {
	out := make(Map, len(m), len(m)+1)
	copy(out, m)
	for i := range out {
		if out[i].Key == key {
			out[i].Value = v
			return out
		}
	}
	return append(out, Field{key, v})
}

// Get returns the value below a path of keys, or nil if there is none.
// Without a path it returns m.
func (m Map) Get(path ...string) Value {
	var v Value = m
next:
	for _, key := range path {
		m, ok := v.(Map)
		if !ok {
			return nil
		}
		for i := range m {
			if m[i].Key == key {
				v = m[i].Value
				continue next
			}
		}
		return nil
	}
	return v
}

// Compact drops the fields that say nothing, nil, "", and empty maps and lists, and
// returns the rest, which takes the place of m. False and 0 stay, and so does what
// lies deeper.
func (m Map) Compact() Map {
	return slices.DeleteFunc(m, func(f Field) bool { return empty(f.Value) })
}

func empty(v Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case Map:
		return len(v) == 0
	case List:
		return len(v) == 0
	case []string:
		return len(v) == 0
	}
	return false
}
