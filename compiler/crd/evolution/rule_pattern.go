package evolution

import "fmt"

var patternRule = &rule{
	ID:     "pattern",
	Looks:  "pattern",
	Reason: "Whether one pattern matches all that another does is not decided here, so patterns are compared by equality.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "a pattern where there was none"},
		{ID: "changed", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "another pattern"},
		{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "the pattern is gone"},
	},
	schema: func(n *node) {
		old, new := n.was.Pattern, n.is.Pattern
		switch {
		case old == new:
		case old == "":
			n.report("added", nil, new, fmt.Sprintf("strings must match %s now", new))
		case new == "":
			n.report("removed", old, nil, fmt.Sprintf("strings need no longer match %s", old))
		default:
			n.report("changed", old, new, fmt.Sprintf("the pattern changes from %s to %s", old, new))
		}
		n.old.Pattern, n.new.Pattern = "", ""
	},
}
