package evolution

import "fmt"

var countCases = []ruleCase{
	{ID: "tightened", Writers: Breaking, Readers: Compatible, What: "fewer counts are allowed"},
	{ID: "loosened", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "more counts are allowed"},
}

// count compares one limit of a count and takes it out of both sides.
func (n *node) count(noun string, old, new **int64, most bool) {
	a, b := *old, *new
	*old, *new = nil, nil
	if !most { // no minimum is a minimum of 0
		if a != nil && *a <= 0 {
			a = nil
		}
		if b != nil && *b <= 0 {
			b = nil
		}
	}
	says, goes := "there must be at least %d %s now", "there may be fewer than %d %s"
	changes := "at least %d %s are needed instead of %d"
	if most {
		says, goes = "there may be at most %d %s now", "there may be more than %d %s"
		changes = "at most %d %s are allowed instead of %d"
	}
	switch {
	case a == nil && b == nil, a != nil && b != nil && *a == *b:
		return
	case a == nil:
		n.report("tightened", nil, *b, fmt.Sprintf(says, *b, noun))
	case b == nil:
		n.report("loosened", *a, nil, fmt.Sprintf(goes, *a, noun))
	default:
		kind := "loosened"
		if most == (*b < *a) {
			kind = "tightened"
		}
		n.report(kind, *a, *b, fmt.Sprintf(changes, *b, noun, *a))
	}
}
