package evolution

import (
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var enumRule = &rule{
	ID:     "enum",
	Looks:  "enum, of any type",
	Reason: "A value that is no longer listed is refused. A reader may not know a value that is new.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "a list of values where there was none"},
		{ID: "value-removed", Writers: Breaking, Readers: Compatible, What: "a value is no longer listed"},
		{ID: "value-added", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "a value is listed that was not"},
		{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "the list is gone"},
	},
	schema: func(n *node) {
		old, new := n.was.Enum, n.is.Enum
		switch {
		case len(old) == 0 && len(new) == 0:
		case len(old) == 0:
			n.report("added", nil, values(new), "only these values are allowed now: "+listed(new))
		case len(new) == 0:
			n.report("removed", values(old), nil, "any value is allowed, no longer only "+listed(old))
		default:
			for _, v := range missing(old, new) {
				n.report("value-removed", value(&v), nil, fmt.Sprintf("the value %s is no longer allowed", text(&v)))
			}
			for _, v := range missing(new, old) {
				n.report("value-added", nil, value(&v), fmt.Sprintf("the value %s is allowed now", text(&v)))
			}
		}
		n.old.Enum, n.new.Enum = nil, nil
	},
}

// missing returns the values of one list that another one does not have.
func missing(from, in []apiextensionsv1.JSON) []apiextensionsv1.JSON {
	has := map[string]bool{}
	for i := range in {
		has[text(&in[i])] = true
	}
	var out []apiextensionsv1.JSON
	for i := range from {
		if key := text(&from[i]); !has[key] {
			has[key] = true
			out = append(out, from[i])
		}
	}
	return out
}

func values(list []apiextensionsv1.JSON) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = value(&list[i])
	}
	return out
}

func listed(list []apiextensionsv1.JSON) string {
	var out []string
	for i := range list {
		out = append(out, text(&list[i]))
	}
	return strings.Join(out, ", ")
}
