package evolution

import "fmt"

var scopeRule = &rule{
	ID:     "scope",
	Looks:  "spec.scope",
	Reason: "Objects of a namespace and of the cluster are found at other paths, and the API server refuses the change.",
	Cases:  []ruleCase{{ID: "changed", Writers: Breaking, Readers: Breaking, What: "another scope"}},
	definition: func(d *definitions) {
		if old, new := d.was.Spec.Scope, d.is.Spec.Scope; old != new {
			d.report("changed", old, new, fmt.Sprintf("the scope changes from %s to %s", old, new))
		}
		d.old.Spec.Scope, d.new.Spec.Scope = "", ""
	},
}
