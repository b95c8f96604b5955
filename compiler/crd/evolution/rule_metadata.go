package evolution

import "reflect"

var metadataRule = &rule{
	ID:     "metadata",
	Looks:  "labels and annotations of the definition",
	Reason: "They say something of the definition, and nothing of the API.",
	Cases:  []ruleCase{{ID: "changed", Writers: Compatible, Readers: Compatible, What: "other labels or annotations"}},
	definition: func(d *definitions) {
		if old, new := d.was, d.is; len(old.Labels)+len(new.Labels) > 0 && !reflect.DeepEqual(old.Labels, new.Labels) ||
			len(old.Annotations)+len(new.Annotations) > 0 && !reflect.DeepEqual(old.Annotations, new.Annotations) {
			d.report("changed", nil, nil, "labels or annotations of the definition change")
		}
	},
}
