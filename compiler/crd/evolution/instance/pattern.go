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

func (g *Generator) expand(re *syntax.Regexp, out *[]rune, depth int) {
	repeat := func(low, high int) {
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
	if len(*out) > 4000 {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		*out = append(*out, re.Rune...)
	case syntax.OpCharClass:
		if len(re.Rune) < 2 {
			return
		}
		// Letters and digits where the class has them.
		i := g.rng.IntN(len(re.Rune)/2) * 2
		low, high := re.Rune[i], re.Rune[i+1]
		if low < '0' && high > '0' {
			low = '0'
		}
		if high > 'z' && low <= 'z' {
			high = 'z'
		}
		*out = append(*out, low+rune(g.rng.IntN(int(high-low)+1)))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		*out = append(*out, rune('a'+g.rng.IntN(26)))
	case syntax.OpStar:
		repeat(0, -1)
	case syntax.OpPlus:
		repeat(1, -1)
	case syntax.OpQuest:
		repeat(0, 1)
	case syntax.OpRepeat:
		repeat(re.Min, re.Max)
	case syntax.OpAlternate:
		g.expand(re.Sub[g.rng.IntN(len(re.Sub))], out, depth+1)
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			g.expand(sub, out, depth+1)
		}
	}
}
