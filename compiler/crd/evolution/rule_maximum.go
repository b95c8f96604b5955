package evolution

import "fmt"

var maximumRule = &rule{
	ID:    "maximum",
	Looks: "maximum, exclusiveMaximum",
	Reason: "Numbers with and without a fraction are compared with a bound in different ways, and a bound that does not fit the type " +
		"refuses everything; a bound is looser only if it is so for all of them.",
	Cases: boundCases,
	schema: func(n *node) {
		old, new := n.was.Maximum, n.is.Maximum
		switch {
		case old == nil && new == nil:
		case old == nil:
			n.report("added", nil, bound(*new, n.is.ExclusiveMaximum), fmt.Sprintf("numbers are at most %s now", bound(*new, n.is.ExclusiveMaximum)))
		case new == nil:
			n.report("removed", bound(*old, n.was.ExclusiveMaximum), nil, fmt.Sprintf("numbers need no longer be at most %s", bound(*old, n.was.ExclusiveMaximum)))
		case *old == *new && n.was.ExclusiveMaximum == n.is.ExclusiveMaximum:
		default:
			a, b := upper{*old, n.was.ExclusiveMaximum}, upper{*new, n.is.ExclusiveMaximum}
			n.report(shifted(n.was, n.is, a, b, *old, *new), bound(*old, n.was.ExclusiveMaximum), bound(*new, n.is.ExclusiveMaximum), fmt.Sprintf("the maximum changes from %s to %s", bound(*old, n.was.ExclusiveMaximum), bound(*new, n.is.ExclusiveMaximum)))
		}
		for _, s := range []*props{&n.old, &n.new} {
			s.Maximum, s.ExclusiveMaximum = nil, false
		}
	},
}
