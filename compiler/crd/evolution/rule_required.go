package evolution

import (
	"fmt"
	"slices"
)

var requiredRule = &rule{
	ID:    "required",
	Looks: "required",
	Reason: "The API server fills in defaults before it validates, so a required field with a default is never missing. Without one, " +
		"whoever left it out is refused.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "a field without a default is required"},
		{ID: "added-defaulted", Writers: Compatible, Readers: Compatible, What: "a field with a default is required"},
		{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-absence", What: "a field without a default is no longer required"},
		{ID: "removed-defaulted", Writers: Compatible, Readers: Compatible, What: "a field with a default is no longer required"},
	},
	schema: func(n *node) {
		for _, name := range n.is.Required {
			if slices.Contains(n.was.Required, name) {
				continue
			}
			kind, message := "added", "%s is required now"
			if p, ok := n.is.Properties[name]; ok && hasDefault(&p) {
				kind, message = "added-defaulted", "%s is required now, and has a default"
			} else if n.alwaysThere(name) {
				kind, message = "added-defaulted", "%s is required now, and every object has it"
			}
			n.report(kind, nil, name, fmt.Sprintf(message, name))
		}
		for _, name := range n.was.Required {
			if slices.Contains(n.is.Required, name) {
				continue
			}
			kind := "removed"
			if p, ok := n.is.Properties[name]; ok && hasDefault(&p) || n.alwaysThere(name) {
				kind = "removed-defaulted"
			}
			n.report(kind, name, nil, fmt.Sprintf("%s is no longer required", name))
		}
		n.old.Required, n.new.Required = nil, nil
	},
}

// alwaysThere reports whether no stored object lacks the field.
func (n *node) alwaysThere(name string) bool {
	return n.step.kind == root && (name == "apiVersion" || name == "kind" || name == "metadata")
}
