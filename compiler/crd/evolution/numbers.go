package evolution

import (
	"fmt"
	"math"
	"strconv"

	"k8s.io/kube-openapi/pkg/validation/validate"
)

// A number reaches the API server's validation as an int64 where it is written
// without fraction and exponent, else as a float64. Both are compared with a
// bound, which for an int64 is cut to one first; and where a bound or factor
// does not fit the type and format, every number is refused.

// usable reports whether a bound or factor fits the type and format of the
// schema, so that the API server refuses not everything because of it.
func usable(s *props, x float64) bool {
	t, format := "", ""
	if name := typeName(s); name == "integer" || name == "number" {
		t = name
		switch s.Format {
		case "int32", "int64":
			if t == "integer" {
				format = s.Format
			}
		case "float", "double":
			if t == "number" {
				format = s.Format
			}
		}
	}
	return validate.IsValueValidAgainstRange(x, t, format, "", "") == nil
}

// asInt returns a bound as an int64 is compared with it. It is false for one that
// Go converts differently from machine to machine.
func asInt(x float64) (int64, bool) {
	if x < -(1<<63) || x >= 1<<63 {
		return 0, false
	}
	return int64(x), true
}

// upper is what a maximum lets through.
type upper struct {
	value     float64
	exclusive bool
}

// covers reports whether the bound lets everything through that another one does.
func (b upper) covers(o upper) bool {
	if b.value < o.value || b.value == o.value && b.exclusive && !o.exclusive {
		return false
	}
	i, ok := asInt(b.value)
	j, fits := asInt(o.value)
	if !ok || !fits {
		return b == o
	}
	// Compared as last value that passes; one below the lowest int64 can't be.
	if b.exclusive {
		if i == math.MinInt64 {
			return false
		}
		i--
	}
	if o.exclusive {
		if j == math.MinInt64 {
			return true
		}
		j--
	}
	return i >= j
}

// lower is a minimum, mirrored.
func lower(value float64, exclusive bool) upper { return upper{-value, exclusive} }

func newUpper(value float64, exclusive bool) upper { return upper{value, exclusive} }

// decimal is a number as it is written.
func decimal(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// bound is a bound as it is shown.
func bound(x float64, exclusive bool) string {
	if exclusive {
		return decimal(x) + " (exclusive)"
	}
	return decimal(x)
}

// shifted tells how a bound changes: which of them lets everything through that the
// other one does, if any, and fits the type.
func shifted(was, is *props, old, new upper, oldBound, newBound float64) string {
	switch {
	case new.covers(old) && usable(is, newBound):
		return "loosened"
	case old.covers(new) && usable(was, oldBound):
		return "tightened"
	}
	return "changed"
}

// compareBounds reports how a bound differs, whose name and wording are those of a
// maximum or a minimum; order makes an upper bound of it.
func (n *node) compareBounds(name, wording string, old, new *float64, wasExclusive, isExclusive bool, order func(value float64, exclusive bool) upper) {
	if old == nil && new == nil || old != nil && new != nil && *old == *new && wasExclusive == isExclusive {
		return
	}
	switch {
	case old == nil:
		now := bound(*new, isExclusive)
		n.report("added", nil, now, fmt.Sprintf("numbers are %s %s now", wording, now))
	case new == nil:
		was := bound(*old, wasExclusive)
		n.report("removed", was, nil, fmt.Sprintf("numbers need no longer be %s %s", wording, was))
	default:
		was, now := bound(*old, wasExclusive), bound(*new, isExclusive)
		kind := shifted(n.was, n.is, order(*old, wasExclusive), order(*new, isExclusive), *old, *new)
		n.report(kind, was, now, fmt.Sprintf("the %s changes from %s to %s", name, was, now))
	}
}

var boundCases = []ruleCase{
	{ID: "added", Writers: Breaking, Readers: Compatible, What: "a bound where there was none"},
	{ID: "tightened", Writers: Breaking, Readers: Compatible, What: "a tighter bound"},
	{ID: "changed", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "a bound that is proved to be neither looser nor tighter for every number"},
	{ID: "loosened", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "a looser bound"},
	{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "the bound is gone"},
}
