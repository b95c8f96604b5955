package evolution

import (
	"fmt"
	"slices"
)

var defaultRule = &rule{
	ID:    "default",
	Looks: "default, compared as a value",
	Reason: "A default is what a manifest means that leaves the field out. Stored objects keep the old one, and every manifest that is " +
		"applied again gets the new one.",
	Cases: []ruleCase{
		{ID: "added", Writers: Conditional, WritersIf: "default-suits", Readers: Compatible, What: "what was absent now has a value", effect: altersValue},
		{ID: "added-required", Writers: Compatible, Readers: Compatible, What: "a default of a field that nobody could leave out"},
		{ID: "added-for-null", Writers: Conditional, WritersIf: "no-explicit-nulls", Readers: Compatible, What: "null in a list or map now becomes the default", effect: altersValue},
		{ID: "added-unchecked", Writers: Breaking, Readers: Compatible, What: "a default that no API server checks to be valid: in the values of a map, or filled in by further defaults that a condition on the whole can notice"},
		{ID: "changed", Writers: Breaking, Readers: Compatible, What: "what was left out means something else"},
		{ID: "removed", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-absence", What: "what was left out stays absent"},
	},
	schema: func(n *node) {
		n.defaults(n.was, n.is)
		n.old.Default, n.new.Default = nil, nil
	},
}

// filledIn reports whether fields inside an object have defaults of their own. The
// API server checks a default before these are filled in.
func filledIn(s *props) bool {
	return anyBelow(s, func(p *props) bool { return p != s && hasDefault(p) })
}

// judgesWhole reports whether the schema, here or below, judges more than one
// field at a time.
func judgesWhole(s *props) bool {
	return anyBelow(s, func(p *props) bool {
		return len(p.XValidations)+len(p.AllOf)+len(p.AnyOf)+len(p.OneOf) > 0 || p.Not != nil || p.UniqueItems || p.MaxProperties != nil ||
			(p.Type == "object" || p.Type == "array") && len(p.Enum) > 0 || p.XListType != nil && *p.XListType != "atomic"
	})
}

// anyBelow reports whether something holds for a schema or one of those inside it.
func anyBelow(s *props, holds func(*props) bool) bool {
	if holds(s) || s.Items != nil && s.Items.Schema != nil && anyBelow(s.Items.Schema, holds) ||
		s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil && anyBelow(s.AdditionalProperties.Schema, holds) {
		return true
	}
	for name := range s.Properties {
		p := s.Properties[name]
		if anyBelow(&p, holds) {
			return true
		}
	}
	return false
}

func (n *node) defaults(was, is *props) {
	old, new := hasDefault(was), hasDefault(is)
	switch {
	case !old && !new, old && new && same(was.Default, is.Default):
	case !old:
		kind := "added"
		switch {
		case n.step.kind != property && !n.inMap:
			kind = "added-for-null"
		case n.step.kind == property && slices.Contains(n.parent.was.Required, n.step.name):
			kind = "added-required"
		case n.inMap, filledIn(is) && judgesWhole(is):
			kind = "added-unchecked"
		}
		n.report(kind, nil, value(is.Default), fmt.Sprintf("the default %s is new", text(is.Default)))
	case !new:
		n.report("removed", value(was.Default), nil, fmt.Sprintf("the default %s is gone", text(was.Default)))
	default:
		n.report("changed", value(was.Default), value(is.Default), fmt.Sprintf("the default changes from %s to %s", text(was.Default), text(is.Default)))
	}
}
