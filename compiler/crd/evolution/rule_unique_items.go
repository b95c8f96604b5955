package evolution

var uniqueItemsRule = &rule{
	ID:     "unique-items",
	Looks:  "uniqueItems",
	Reason: "Lists with equal items are refused.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "items must be unique"},
		{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "items need not be unique"},
	},
	schema: func(n *node) {
		switch {
		case n.was.UniqueItems && !n.is.UniqueItems:
			n.report("removed", true, nil, "items need no longer be unique")
		case !n.was.UniqueItems && n.is.UniqueItems:
			n.report("added", nil, true, "items must be unique now")
		}
		n.old.UniqueItems, n.new.UniqueItems = false, false
	},
}
