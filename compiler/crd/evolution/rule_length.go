package evolution

var lengthRule = &rule{
	ID:     "length",
	Looks:  "minLength, maxLength",
	Reason: "A narrower range refuses what was valid.",
	Cases:  countCases,
	schema: func(n *node) {
		n.count("characters", &n.old.MinLength, &n.new.MinLength, false)
		n.count("characters", &n.old.MaxLength, &n.new.MaxLength, true)
	},
}
