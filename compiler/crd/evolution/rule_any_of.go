package evolution

var anyOfRule = &rule{
	ID:     "any-of",
	Looks:  "anyOf, compared by equality",
	Reason: "One condition must be met: with more of them, more is valid.",
	Cases:  junctorCases,
	schema: func(n *node) {
		n.junctor("anyOf", beside(n.was, n.was.AnyOf), beside(n.is, n.is.AnyOf), func(old, new []string) bool { return within(old, new) })
		n.old.AnyOf, n.new.AnyOf = nil, nil
	},
}
