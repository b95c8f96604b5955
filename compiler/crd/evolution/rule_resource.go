package evolution

var resourceRule = &rule{
	ID:     "resource",
	Looks:  "whether there is a definition of the resource",
	Reason: "With a definition, all its objects are deleted.",
	Cases: []ruleCase{
		{ID: "added", Writers: Compatible, Readers: Compatible, What: "a resource is new"},
		{ID: "removed", Writers: Breaking, Readers: Breaking, What: "a resource is gone"},
	},
	definition: func(d *definitions) {
		switch {
		case d.was == nil:
			d.report("added", nil, d.resource, "the resource is new")
		case d.is == nil:
			d.report("removed", d.resource, nil, "the resource is gone")
		}
	},
}
