package evolution

import "fmt"

var storageRule = &rule{
	ID:    "storage",
	Looks: "spec.versions: which is the storage version",
	Reason: "Objects stay in the version in which they were stored until they are written again; they must be before that version goes. " +
		"What the move does to objects of other versions, rule round-trip says. Whatever is read is filled in by the defaults of the storage version, " +
		"and by no others.",
	Cases: []ruleCase{
		{ID: "moved", Writers: Conditional, WritersIf: "stored-objects-migrated", Readers: Compatible, What: "another storage version"},
		{ID: "moved-without-default", Writers: Conditional, WritersIf: "stored-objects-migrated", Readers: Conditional, ReadersIf: "readers-tolerate-absence",
			What: "another storage version, which does not fill in all that the one before did"},
	},
	definition: func(d *definitions) {
		old, new := storageOf(d.was), storageOf(d.is)
		if old == nil || new == nil || old.Name == new.Name {
			return
		}
		kind, message := "moved", fmt.Sprintf("the storage version moves from %s to %s", old.Name, new.Name)
		w := &walk{rules: d.rules}
		w.schemas(schemaOf(old), schemaOf(new))
		for _, c := range w.sorted() {
			if c.Rule == defaultRule.ID && c.Case == "removed" {
				kind, message = "moved-without-default", fmt.Sprintf("%s, which has no default for %s", message, c.Path)
				break
			}
		}
		d.report(kind, old.Name, new.Name, message)
	},
}
