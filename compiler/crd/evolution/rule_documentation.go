package evolution

import (
	"fmt"
	"reflect"
)

var documentationRule = &rule{
	ID:     "documentation",
	Looks:  "description, title, example, externalDocs",
	Reason: "They are for people and change nothing. One change tells of all places of a version.",
	Cases:  []ruleCase{{ID: "changed", Writers: Compatible, Readers: Compatible, What: "texts for people changed"}},
	schema: func(n *node) {
		if n.old.Description != n.new.Description || n.old.Title != n.new.Title || !same(n.old.Example, n.new.Example) ||
			!reflect.DeepEqual(n.old.ExternalDocs, n.new.ExternalDocs) {
			n.documented++
		}
		for _, s := range []*props{&n.old, &n.new} {
			s.Description, s.Title, s.Example, s.ExternalDocs = "", "", nil, nil
		}
	},
}

// documentation reports what the rule has counted.
func (w *walk) documentation() {
	places := "at 1 place"
	if w.documented > 1 {
		places = fmt.Sprintf("at %d places", w.documented)
	}
	w.report(documentationRule, "changed", "", nil, nil, "the documentation changes "+places)
	w.documented = 0
}
