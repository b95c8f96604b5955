package evolution

import "fmt"

var groupRule = &rule{
	ID:     "group",
	Looks:  "spec.group",
	Reason: "Another group is another resource.",
	Cases:  []ruleCase{{ID: "changed", Writers: Breaking, Readers: Breaking, What: "another group"}},
	definition: func(d *definitions) {
		if old, new := d.was.Spec.Group, d.is.Spec.Group; old != new {
			d.report("changed", old, new, fmt.Sprintf("the group changes from %s to %s", old, new))
		}
		d.old.Spec.Group, d.new.Spec.Group = "", ""
	},
}
