package evolution

import "fmt"

var minimumRule = &rule{
	ID:    "minimum",
	Looks: "minimum, exclusiveMinimum",
	Reason: "Numbers with and without a fraction are compared with a bound in different ways, and a bound that does not fit the type " +
		"refuses everything; a bound is looser only if it is so for all of them.",
	Cases: boundCases,
	schema: func(n *node) {
		old, new := n.was.Minimum, n.is.Minimum
		switch {
		case old == nil && new == nil:
		case old == nil:
			n.report("added", nil, bound(*new, n.is.ExclusiveMinimum), fmt.Sprintf("numbers are at least %s now", bound(*new, n.is.ExclusiveMinimum)))
		case new == nil:
			n.report("removed", bound(*old, n.was.ExclusiveMinimum), nil, fmt.Sprintf("numbers need no longer be at least %s", bound(*old, n.was.ExclusiveMinimum)))
		case *old == *new && n.was.ExclusiveMinimum == n.is.ExclusiveMinimum:
		default:
			a, b := lower(*old, n.was.ExclusiveMinimum), lower(*new, n.is.ExclusiveMinimum)
			n.report(shifted(n.was, n.is, a, b, *old, *new), bound(*old, n.was.ExclusiveMinimum), bound(*new, n.is.ExclusiveMinimum), fmt.Sprintf("the minimum changes from %s to %s", bound(*old, n.was.ExclusiveMinimum), bound(*new, n.is.ExclusiveMinimum)))
		}
		for _, s := range []*props{&n.old, &n.new} {
			s.Minimum, s.ExclusiveMinimum = nil, false
		}
	},
}
