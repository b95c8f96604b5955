package evolution

var minimumRule = &rule{
	ID:    "minimum",
	Looks: "minimum, exclusiveMinimum",
	Reason: "Numbers with and without a fraction are compared with a bound in different ways, and a bound that does not fit the type " +
		"refuses everything; a bound is looser only if it is so for all of them.",
	Cases: boundCases,
	schema: func(n *node) {
		n.compareBounds("minimum", "at least", n.was.Minimum, n.is.Minimum, n.was.ExclusiveMinimum, n.is.ExclusiveMinimum, lower)
		for _, s := range []*props{&n.old, &n.new} {
			s.Minimum, s.ExclusiveMinimum = nil, false
		}
	},
}
