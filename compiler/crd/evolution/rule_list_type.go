package evolution

import (
	"fmt"
	"slices"
	"strings"
)

var listTypeRule = &rule{
	ID:    "list-type",
	Looks: "x-kubernetes-list-type, x-kubernetes-list-map-keys",
	Reason: "Items of a set, and keys of a map, must be unique. Server-side apply replaces an atomic list as a whole, and merges the others " +
		"item by item.",
	Cases: []ruleCase{
		{ID: "made-unique", Writers: Breaking, Readers: Compatible, What: "items or keys must be unique"},
		{ID: "made-atomic", Writers: Conditional, WritersIf: "single-applier", Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "items need not be unique, and are applied as a whole", effect: altersType},
		{ID: "keys-changed", Writers: Breaking, Readers: Breaking, What: "other keys, or a map instead of a set"},
	},
	schema: func(n *node) {
		old, new := listType(n.was), listType(n.is)
		switch {
		case old == new:
		case old == "atomic":
			n.report("made-unique", old, new, fmt.Sprintf("the list becomes a %s, whose items must be unique", new))
		case new == "atomic":
			n.report("made-atomic", old, new, fmt.Sprintf("the list is no %s any more, and applied as a whole", old))
		default:
			n.report("keys-changed", old, new, fmt.Sprintf("the list changes from a %s to a %s", old, new))
		}
		for _, s := range []*props{&n.old, &n.new} {
			s.XListType, s.XListMapKeys = nil, nil
		}
	},
}

// listType returns the type with its keys; a list without one is atomic.
func listType(s *props) string {
	if s.XListType == nil {
		return "atomic"
	}
	if *s.XListType != "map" {
		return *s.XListType
	}
	return "map by " + strings.Join(slices.Sorted(slices.Values(s.XListMapKeys)), ", ")
}
