package evolution

import "slices"

var nullableRule = &rule{
	ID:    "nullable",
	Looks: "nullable",
	Reason: "Where null is not allowed, the API server drops it, or puts the default in its place; so a manifest that says null " +
		"means something else once null is allowed.",
	Cases: []ruleCase{
		{ID: "added", Writers: Conditional, WritersIf: "no-explicit-nulls", Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "null is allowed, and was dropped"},
		{ID: "added-strictly", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "null is allowed, and was refused"},
		{ID: "removed", Writers: Breaking, Readers: Compatible, What: "null is no longer allowed"},
	},
	schema: func(n *node) {
		if n.was.Nullable == n.is.Nullable {
			return
		}
		switch {
		case n.was.Nullable:
			n.report("removed", true, nil, "null is no longer allowed")
		case n.refusedNull():
			n.report("added-strictly", nil, true, "null is allowed now, and was refused before")
		default:
			n.report("added", nil, true, "null is allowed now; before, it was dropped or replaced by the default")
		}
		n.old.Nullable, n.new.Nullable = false, false
	},
}

// refusedNull reports whether the old schema, which does not allow null, refused
// it instead of dropping it or putting a default in its place.
func (n *node) refusedNull() bool {
	if hasDefault(n.was) {
		return false
	}
	switch n.step.kind {
	case root:
		return true
	case item:
		// Where there is no type, null is not refused.
		return typeName(n.was) != anyType
	case property:
		return slices.Contains(n.parent.was.Required, n.step.name)
	}
	return false
}
