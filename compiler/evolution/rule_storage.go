package evolution

import "fmt"

var storageRule = &Rule{
	ID:    "storage",
	Looks: "spec.versions: which is the storage version",
	Reason: "Objects stay in the version in which they were stored until they are written again; they must be before that version goes. " +
		"What the move does to objects of other versions, rule round-trip says.",
	Cases: []Case{
		{ID: "moved", Writers: Conditional, WritersIf: "stored-objects-migrated", Readers: Compatible, What: "another storage version"},
	},
	definition: func(d *definitions) {
		old, new := storageOf(d.was), storageOf(d.is)
		if old != nil && new != nil && old.Name != new.Name {
			d.report("moved", old.Name, new.Name, fmt.Sprintf("the storage version moves from %s to %s", old.Name, new.Name))
		}
	},
}
