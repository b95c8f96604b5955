package evolution

var oneOfRule = &rule{
	ID:     "one-of",
	Looks:  "oneOf, compared by equality",
	Reason: "Exactly one condition must be met: adding or removing one may refuse what was valid.",
	Cases:  junctorCases,
	schema: func(n *node) {
		n.junctor("oneOf", n.was.OneOf, n.is.OneOf, func(_, _ []string) bool { return false })
		n.old.OneOf, n.new.OneOf = nil, nil
	},
}
