package evolution

import (
	"fmt"
	"math"
)

var multipleOfRule = &rule{
	ID:    "multiple-of",
	Looks: "multipleOf",
	Reason: "A multiple of 4 is one of 2. For whole numbers that holds exactly; what is written with a fraction or an exponent the API " +
		"server divides with rounding, which is exact only below 4e8 or by 1.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "a factor where there was none"},
		{ID: "changed", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "a factor that does not divide the old one, or of numbers that are not integers"},
		{ID: "divided", Writers: Conditional, WritersIf: "exact-numbers", Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "a factor of integers that divides the old one"},
		{ID: "divided-exactly", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "the same, and rounding can make no difference"},
		{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "the factor is gone"},
	},
	schema: func(n *node) {
		old, new := n.was.MultipleOf, n.is.MultipleOf
		switch {
		case old == nil && new == nil:
		case old == nil:
			n.report("added", nil, *new, fmt.Sprintf("numbers are multiples of %s now", decimal(*new)))
		case new == nil:
			n.report("removed", *old, nil, fmt.Sprintf("numbers need no longer be multiples of %s", decimal(*old)))
		case *old != *new:
			kind := "changed"
			if n.dividing(*old, *new) {
				kind = "divided"
				if *new == 1 || n.small() {
					kind = "divided-exactly"
				}
			}
			n.report(kind, *old, *new, fmt.Sprintf("the factor of multiples changes from %s to %s", decimal(*old), decimal(*new)))
		}
		n.old.MultipleOf, n.new.MultipleOf = nil, nil
	},
}

// dividing reports whether the values are integers and the new factor divides
// the old one.
func (n *node) dividing(old, new float64) bool {
	a, ok := asInt(old)
	b, fits := asInt(new)
	return ok && fits && float64(a) == old && float64(b) == new && a > 0 && b > 0 && a%b == 0 &&
		typeName(n.was) == "integer" && usable(n.is, new)
}

// small reports whether the old bounds keep all values where a remainder is too
// large to be taken for a rounding error: the API server's is a relative 1e-9.
func (n *node) small() bool {
	const most = 4e8
	return n.was.Maximum != nil && n.was.Minimum != nil && math.Abs(*n.was.Maximum) <= most && math.Abs(*n.was.Minimum) <= most
}
