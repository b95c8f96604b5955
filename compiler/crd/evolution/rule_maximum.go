package evolution

var maximumRule = &rule{
	ID:    "maximum",
	Looks: "maximum, exclusiveMaximum",
	Reason: "Numbers with and without a fraction are compared with a bound in different ways, and a bound that does not fit the type " +
		"refuses everything; a bound is looser only if it is so for all of them.",
	Cases: boundCases,
	schema: func(n *node) {
		n.compareBounds("maximum", "at most", n.was.Maximum, n.is.Maximum, n.was.ExclusiveMaximum, n.is.ExclusiveMaximum, newUpper)
		for _, s := range []*props{&n.old, &n.new} {
			s.Maximum, s.ExclusiveMaximum = nil, false
		}
	},
}
