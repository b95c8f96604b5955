package quota

import (
	"cmp"
	"math/bits"
	"slices"
)

// Part is what a namespace asks of one resource: an amount of its own, or a
// share of what is left.
type Part struct {
	Own   int64
	Fixed bool
	Share int64
}

// Divide divides a total among parts. Own amounts are served first, in order;
// the rest goes by shares, and what division leaves over to the largest
// remainders, the first of equals. left is what nobody may take.
func Divide(total int64, parts []Part) (out []int64, left int64) {
	out = make([]int64, len(parts))
	rest, shares := total, int64(0)
	for i, p := range parts {
		if p.Fixed {
			out[i] = min(p.Own, rest)
			rest -= out[i]
		} else {
			shares += p.Share
		}
	}
	if shares == 0 || rest == 0 {
		return out, rest
	}
	type remainder struct {
		index int
		value uint64
	}
	var remainders []remainder
	left = rest
	for i, p := range parts {
		if p.Fixed || p.Share == 0 {
			continue
		}
		high, low := bits.Mul64(uint64(rest), uint64(p.Share))
		quotient, rem := bits.Div64(high, low, uint64(shares))
		out[i] = int64(quotient)
		left -= out[i]
		remainders = append(remainders, remainder{i, rem})
	}
	slices.SortStableFunc(remainders, func(a, b remainder) int { return cmp.Compare(b.value, a.value) })
	for i := range left { // fewer than there are remainders
		out[remainders[i].index]++
	}
	return out, 0
}
