package evolution

import "fmt"

var typeRule = &rule{
	ID:    "type",
	Looks: "type, x-kubernetes-int-or-string",
	Reason: "Integers are numbers, and integers and strings are what an int-or-string may be, so these widenings keep what was valid. " +
		"A typed reader can't decode what it was not built for.",
	Cases: []ruleCase{
		{ID: "widened", Writers: Compatible, Readers: Breaking, What: "the new type has all values of the old one, and more", effect: altersType},
		{ID: "narrowed", Writers: Breaking, Readers: Compatible, What: "the old type has all values of the new one, and more", effect: altersType},
		{ID: "changed", Writers: Breaking, Readers: Breaking, What: "another type"},
	},
	schema: func(n *node) {
		old, new := typeName(n.was), typeName(n.is)
		if old == new {
			return
		}
		kind := "changed"
		switch {
		case wider(new, old):
			kind = "widened"
		case wider(old, new):
			kind = "narrowed"
		}
		n.report(kind, old, new, fmt.Sprintf("the type changes from %s to %s", old, new))
		for _, s := range []*props{&n.old, &n.new} {
			s.Type, s.XIntOrString = "", false
		}
	},
}

const (
	anyType     = "any"
	intOrString = "int-or-string"
)

func typeName(s *props) string {
	switch {
	case s.XIntOrString:
		return intOrString
	case s.Type == "":
		return anyType
	}
	return s.Type
}

// wider reports whether one type has all values of another, and more.
func wider(a, b string) bool {
	switch a {
	case anyType:
		return b != anyType
	case intOrString:
		return b == "integer" || b == "string"
	case "number":
		return b == "integer"
	}
	return false
}
