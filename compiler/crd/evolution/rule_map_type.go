package evolution

import "fmt"

var mapTypeRule = &rule{
	ID:     "map-type",
	Looks:  "x-kubernetes-map-type",
	Reason: "Server-side apply replaces an atomic object as a whole, and merges a granular one field by field.",
	Cases: []ruleCase{
		{ID: "changed", Writers: Conditional, WritersIf: "single-applier", Readers: Compatible, What: "it is merged otherwise"},
	},
	schema: func(n *node) {
		if old, new := mapType(n.was), mapType(n.is); old != new {
			n.report("changed", old, new, fmt.Sprintf("server-side apply takes the object as %s instead of %s", new, old))
		}
		n.old.XMapType, n.new.XMapType = nil, nil
	},
}

func mapType(s *props) string {
	if s.XMapType == nil {
		return "granular"
	}
	return *s.XMapType
}
