package eval

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"github.com/tenantry/tenantry/compiler/load/document"
)

// kinds are the kinds of documents; the index of a kind stands for it.
var kinds = document.Kinds()

// Identity is what tells a document of an instance from the others.
type Identity struct {
	// Kind is the index of the kind.
	Kind int
	Key  string
}

// Title names the document for people.
func (id Identity) Title() string { return document.Title(kinds[id.Kind].Name, id.Key) }

// Compare orders by kind and key.
func (id Identity) Compare(other Identity) int {
	return cmp.Or(id.Kind-other.Kind, strings.Compare(id.Key, other.Key))
}

// path returns where the document is in an instance.
func (id Identity) path() []string {
	if kinds[id.Kind].Singleton {
		return []string{string(kinds[id.Kind].Name)}
	}
	return []string{string(kinds[id.Kind].Name), id.Key}
}

// in returns the value of the document in an instance.
func (id Identity) in(root cue.Value) cue.Value {
	for _, name := range id.path() {
		root = root.LookupPath(cue.MakePath(cue.Str(name)))
	}
	return root
}

func sortedIdentities[V any](m map[Identity]V) []Identity {
	return slices.SortedFunc(maps.Keys(m), Identity.Compare)
}

// documentOf splits a path into a document and the path in it.
func documentOf(path []string) (kind int, key string, rest []string, ok bool) {
	if len(path) == 0 {
		return 0, "", nil, false
	}
	kind = document.KindIndex(path[0])
	switch {
	case kind < 0:
		return 0, "", nil, false
	case kinds[kind].Singleton:
		return kind, "", path[1:], true
	case len(path) < 2:
		return 0, "", nil, false
	}
	return kind, path[1], path[2:], true
}
