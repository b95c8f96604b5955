package evolution

var itemCountRule = &rule{
	ID:     "item-count",
	Looks:  "minItems, maxItems",
	Reason: "A narrower range refuses what was valid.",
	Cases:  countCases,
	schema: func(n *node) {
		n.count("items", &n.old.MinItems, &n.new.MinItems, false)
		n.count("items", &n.old.MaxItems, &n.new.MaxItems, true)
	},
}
