package diag

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Nearest returns the candidate that a user who wrote name most likely meant,
// or "" when none is near. Nearness is the number of characters inserted,
// deleted, replaced or swapped with their neighbour, case ignored; a third of
// the name's length, and at most three, may differ. Of candidates equally near
// the one that sorts first wins, whatever their order. A candidate equal to
// name is passed over.
//
// The time is linear in the number of candidates.
func Nearest(name string, candidates []string) string {
	want := appendFolded(nil, name)
	limit := min(max(len(want)/3, 1), 3, len(want)-1) // something of the name must remain
	if limit < 0 {
		return ""
	}
	best := ""
	var folded []rune
	var rows editRows
	for _, c := range candidates {
		if c == name || c == "" {
			continue
		}
		// The cheap test first: the length alone may be too different.
		if n := utf8.RuneCountInString(c); n < len(want)-limit || n > len(want)+limit {
			continue
		}
		folded = appendFolded(folded[:0], c)
		d := rows.distance(want, folded, limit)
		if d > limit {
			continue
		}
		if d < limit || best == "" || c < best {
			best, limit = c, d
		}
	}
	return best
}

// DidYouMean returns `did you mean "x"?` with x the Nearest candidate, or ""
// when none is near.
func DidYouMean(name string, candidates []string) string {
	if x := Nearest(name, candidates); x != "" {
		return fmt.Sprintf("did you mean %q?", x)
	}
	return ""
}

// Hint returns what ends a message about a name that does not exist: DidYouMean behind
// a semicolon, or "" when no candidate is near.
func Hint(name string, candidates []string) string {
	if hint := DidYouMean(name, candidates); hint != "" {
		return "; " + hint
	}
	return ""
}

func appendFolded(to []rune, s string) []rune {
	for _, r := range s {
		to = append(to, unicode.ToLower(r))
	}
	return to
}

// editRows are the last three rows of the matrix of edit distances, kept
// between calls.
type editRows [3][]int

// distance returns the Damerau-Levenshtein distance in its optimal string
// alignment form, or some number above limit when it is above limit. Only the
// diagonal band that can stay within limit is computed.
func (rows *editRows) distance(a, b []rune, limit int) int {
	over := limit + 1
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return over
	}
	before, previous, current := rows.reset(len(b) + 1)
	for j := range previous {
		previous[j] = min(j, over)
	}
	leastBefore := 0
	for i := 1; i <= len(a); i++ {
		least := fillRow(before, previous, current, a, b, i, limit)
		// A swap reaches back two rows, so both must be beyond the limit.
		if least > limit && leastBefore > limit {
			return over
		}
		leastBefore = least
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}

// reset returns the rows with a length.
func (rows *editRows) reset(n int) (before, previous, current []int) {
	for i := range rows {
		if cap(rows[i]) < n {
			rows[i] = make([]int, n)
		}
		rows[i] = rows[i][:n]
	}
	return rows[0], rows[1], rows[2]
}

// fillRow fills in the band of row i of the matrix from the two rows before it, and
// returns the least number in it.
func fillRow(before, previous, current []int, a, b []rune, i, limit int) int {
	over := limit + 1
	from, to := max(1, i-limit), min(len(b), i+limit)
	current[from-1] = over // the cell left of the band
	if from == 1 {
		current[0] = min(i, over)
	}
	least := current[from-1]
	for j := from; j <= to; j++ {
		cost := 1
		if a[i-1] == b[j-1] {
			cost = 0
		}
		d := min(previous[j-1]+cost, current[j-1]+1, over)
		if j < i+limit { // the cell above the last one lies outside the previous band
			d = min(d, previous[j]+1)
		}
		if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
			d = min(d, before[j-2]+1)
		}
		current[j] = d
		least = min(least, d)
	}
	return least
}
