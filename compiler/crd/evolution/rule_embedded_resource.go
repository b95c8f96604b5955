package evolution

var embeddedResourceRule = &rule{
	ID:     "embedded-resource",
	Looks:  "x-kubernetes-embedded-resource",
	Reason: "An embedded resource must have an apiVersion, a kind and well-formed metadata, which are then never pruned.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "the value must be a resource"},
		{ID: "removed", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-absence", What: "the value is no resource any more, and its metadata is pruned like anything else"},
	},
	schema: func(n *node) {
		switch {
		case n.was.XEmbeddedResource && !n.is.XEmbeddedResource:
			n.report("removed", true, nil, "the value is no embedded resource any more")
		case !n.was.XEmbeddedResource && n.is.XEmbeddedResource:
			n.report("added", nil, true, "the value must be an embedded resource now")
		}
		n.old.XEmbeddedResource, n.new.XEmbeddedResource = false, false
	},
}
