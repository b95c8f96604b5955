package evolution

var propertyCountRule = &rule{
	ID:     "property-count",
	Looks:  "minProperties, maxProperties",
	Reason: "A narrower range refuses what was valid.",
	Cases:  countCases,
	schema: func(n *node) {
		n.count("properties", &n.old.MinProperties, &n.new.MinProperties, false)
		n.count("properties", &n.old.MaxProperties, &n.new.MaxProperties, true)
	},
}
