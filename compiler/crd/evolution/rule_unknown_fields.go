package evolution

var unknownFieldsRule = &rule{
	ID:     "unknown-fields",
	Looks:  "x-kubernetes-preserve-unknown-fields",
	Reason: "Fields that the schema does not know are kept or pruned. What is pruned is lost in silence.",
	Cases: []ruleCase{
		{ID: "kept", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "unknown fields are kept", effect: altersType},
		{ID: "pruned", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-absence", What: "unknown fields are pruned"},
		{ID: "inherited", Writers: Compatible, Readers: Compatible, What: "they are kept either way, as the list around keeps them"},
	},
	schema: func(n *node) {
		old, new := preserves(n.was), preserves(n.is)
		switch {
		case old == new:
		case n.keptOld == n.keptNew:
			n.report("inherited", old, new, "unknown fields are kept either way, as the list around keeps them")
		case new:
			n.report("kept", nil, true, "unknown fields are kept now")
		default:
			n.report("pruned", true, nil, "unknown fields are lost now")
		}
		n.old.XPreserveUnknownFields, n.new.XPreserveUnknownFields = nil, nil
	},
}
