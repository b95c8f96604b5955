package evolution

var notRule = &rule{
	ID:     "not",
	Looks:  "not, compared by equality",
	Reason: "Whatever meets the condition is refused.",
	Cases:  junctorCases,
	schema: func(n *node) {
		n.junctor("not", single(n.was.Not), single(n.is.Not), func(_, _ []string) bool { return false })
		n.old.Not, n.new.Not = nil, nil
	},
}
