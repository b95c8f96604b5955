package evolution

import "fmt"

var namesRule = &rule{
	ID:     "names",
	Looks:  "spec.names: plural, kind, listKind",
	Reason: "The kind stands in every manifest, the plural in every path, and the kind of lists in what is read.",
	Cases: []ruleCase{
		{ID: "changed", Writers: Breaking, Readers: Breaking, What: "another plural or kind"},
		{ID: "list-kind", Writers: Compatible, Readers: Breaking, What: "another kind of lists"},
	},
	definition: func(d *definitions) {
		old, new := &d.old.Spec.Names, &d.new.Spec.Names
		for _, name := range []struct {
			kind, field string
			old, new    *string
		}{
			{"changed", "plural", &old.Plural, &new.Plural},
			{"changed", "kind", &old.Kind, &new.Kind},
			{"list-kind", "listKind", &old.ListKind, &new.ListKind},
		} {
			if *name.old != *name.new {
				d.report(name.kind, *name.old, *name.new, fmt.Sprintf("the %s changes from %s to %s", name.field, *name.old, *name.new))
			}
			*name.old, *name.new = "", ""
		}
	},
}
