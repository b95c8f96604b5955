package evolution

import "reflect"

var allOfRule = &rule{
	ID:     "all-of",
	Looks:  "allOf, compared by equality",
	Reason: "Every condition must be met: without some of them, more is valid.",
	Cases:  junctorCases,
	schema: func(n *node) {
		n.junctor("allOf", besideAll(n.was), besideAll(n.is), func(old, new []string) bool { return within(new, old) })
		n.old.AllOf, n.new.AllOf = nil, nil
	},
}

// besideAll leaves out what an int-or-string may carry and says nothing more.
func besideAll(s *props) []props {
	if !s.XIntOrString {
		return s.AllOf
	}
	var out []props
	for _, c := range s.AllOf {
		only := undocumented(c)
		only.AnyOf = nil
		if len(c.AnyOf) == 0 || len(beside(s, c.AnyOf)) > 0 || !reflect.DeepEqual(only, props{}) {
			out = append(out, c)
		}
	}
	return out
}
