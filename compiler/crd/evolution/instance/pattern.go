package instance

import "regexp/syntax"

// matching makes up a string that a pattern matches. It is false for a pattern
// that is none.
func (g *Generator) matching(pattern string) (string, bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	var out []rune
	g.expand(re.Simplify(), &out, 0)
	return string(out), len(out) < 4000
}

// expand adds to out what a part of a pattern matches.
func (g *Generator) expand(re *syntax.Regexp, out *[]rune, depth int) {
	if len(*out) > 4000 {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		*out = append(*out, re.Rune...)
	case syntax.OpCharClass:
		if len(re.Rune) >= 2 {
			*out = append(*out, g.oneOf(re.Rune))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		*out = append(*out, rune('a'+g.rng.IntN(26)))
	case syntax.OpStar:
		g.repeat(re, 0, -1, out, depth)
	case syntax.OpPlus:
		g.repeat(re, 1, -1, out, depth)
	case syntax.OpQuest:
		g.repeat(re, 0, 1, out, depth)
	case syntax.OpRepeat:
		g.repeat(re, re.Min, re.Max, out, depth)
	case syntax.OpAlternate:
		g.expand(re.Sub[g.rng.IntN(len(re.Sub))], out, depth+1)
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			g.expand(sub, out, depth+1)
		}
	}
}

// repeat expands what a part repeats, from low times to high, or to any number where
// that is negative.
func (g *Generator) repeat(re *syntax.Regexp, low, high int, out *[]rune, depth int) {
	n := low
	if high < 0 {
		high = low + 3
	}
	if high > low && depth < 20 {
		n += g.rng.IntN(min(high-low, 8) + 1)
	}
	for range n {
		g.expand(re.Sub[0], out, depth+1)
	}
}

// oneOf returns a character of a class, which is a list of ranges: a letter or a
// digit where the range has them.
func (g *Generator) oneOf(ranges []rune) rune {
	i := g.rng.IntN(len(ranges)/2) * 2
	low, high := ranges[i], ranges[i+1]
	if low < '0' && high > '0' {
		low = '0'
	}
	if high > 'z' && low <= 'z' {
		high = 'z'
	}
	return low + rune(g.rng.IntN(int(high-low)+1))
}
