package evolution

import (
	"fmt"
	"slices"
)

var defaultRule = &Rule{
	ID:    "default",
	Looks: "default, compared as a value",
	Reason: "A default is what a manifest means that leaves the field out. Stored objects keep the old one, and every manifest that is " +
		"applied again gets the new one.",
	Cases: []Case{
		{ID: "added", Writers: Conditional, WritersIf: "default-suits", Readers: Compatible, What: "what was absent now has a value", effect: altersValue},
		{ID: "added-required", Writers: Compatible, Readers: Compatible, What: "a default of a field that nobody could leave out"},
		{ID: "added-for-null", Writers: Conditional, WritersIf: "no-explicit-nulls", Readers: Compatible, What: "null in a list or map now becomes the default", effect: altersValue},
		{ID: "changed", Writers: Breaking, Readers: Compatible, What: "what was left out means something else"},
		{ID: "removed", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-absence", What: "what was left out stays absent"},
	},
	schema: func(n *node) {
		n.defaults(n.was, n.is)
		n.old.Default, n.new.Default = nil, nil
	},
}

func (n *node) defaults(was, is *props) {
	old, new := hasDefault(was), hasDefault(is)
	switch {
	case !old && !new, old && new && same(was.Default, is.Default):
	case !old:
		kind := "added"
		switch {
		case n.step.kind != property:
			kind = "added-for-null"
		case slices.Contains(n.parent.was.Required, n.step.name):
			kind = "added-required"
		}
		n.report(kind, nil, value(is.Default), fmt.Sprintf("the default %s is new", text(is.Default)))
	case !new:
		n.report("removed", value(was.Default), nil, fmt.Sprintf("the default %s is gone", text(was.Default)))
	default:
		n.report("changed", value(was.Default), value(is.Default), fmt.Sprintf("the default changes from %s to %s", text(was.Default), text(is.Default)))
	}
}
