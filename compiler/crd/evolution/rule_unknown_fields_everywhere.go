package evolution

var unknownFieldsEverywhereRule = &rule{
	ID:     "preserve-unknown-fields",
	Looks:  "spec.preserveUnknownFields",
	Reason: "It switches pruning off for all versions, and the API server allows it for definitions of old alone.",
	Cases:  []ruleCase{{ID: "changed", Writers: Breaking, Readers: Breaking, What: "pruning starts or stops everywhere"}},
	definition: func(d *definitions) {
		if old, new := d.was.Spec.PreserveUnknownFields, d.is.Spec.PreserveUnknownFields; old != new {
			d.report("changed", old, new, "unknown fields of all versions are treated otherwise")
		}
		d.old.Spec.PreserveUnknownFields, d.new.Spec.PreserveUnknownFields = false, false
	},
}
