package evolution

import (
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var roundTripRule = &rule{
	ID:    "round-trip",
	Looks: "with the conversion strategy None, what each served version loses on its way through the storage version",
	Reason: "An object is pruned to the storage version before it is stored. What that version does not know, or fills in otherwise, " +
		"whoever writes another version does not get back.",
	Cases: []ruleCase{
		{ID: "loses", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-absence", What: "a version that was served loses more than before"},
		{ID: "loses-from-start", Writers: Compatible, Readers: Compatible, What: "a version that is new or newly served does not keep all it takes"},
	},
	definition: func(d *definitions) {
		if strategy(d.is.Spec.Conversion) != apiextensionsv1.NoneConverter {
			return
		}
		storage := storageOf(d.is)
		for i := range d.is.Spec.Versions {
			is := &d.is.Spec.Versions[i]
			if storage == nil || !is.Served || is.Name == storage.Name {
				continue
			}
			losses := d.losses(is, storage)
			kind := "loses-from-start"
			if was := versionOf(d.was, is.Name); was != nil && was.Served {
				kind = "loses"
				if strategy(d.was.Spec.Conversion) == apiextensionsv1.NoneConverter {
					before := map[string]bool{}
					for _, l := range d.losses(was, storageOf(d.was)) {
						before[l.Path+" "+l.Rule+" "+l.Case] = true
					}
					var more []Change
					for _, l := range losses {
						if !before[l.Path+" "+l.Rule+" "+l.Case] {
							more = append(more, l)
						}
					}
					losses = more
				}
			}
			d.version = is.Name
			for _, l := range losses {
				d.walk.report(d.rule, kind, l.Path, nil, nil, fmt.Sprintf("an object of %s is stored in %s, and not kept as it is: there, %s", is.Name, storage.Name, l.Message))
			}
		}
		d.version = ""
	},
}

// losses are the changes from one version's schema to another's by which an
// object becomes another one.
func (d *definitions) losses(from, to *crdVersion) []Change {
	if from == nil || to == nil || from.Name == to.Name {
		return nil
	}
	var out []Change
	w := &walk{rules: d.rules, resource: d.resource, version: from.Name}
	w.schemas(schemaOf(from), schemaOf(to))
	for _, c := range w.sorted() {
		if lossy[c.Rule+"/"+c.Case] {
			out = append(out, c)
		}
	}
	return out
}

func schemaOf(v *crdVersion) *props {
	if v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
		return &props{}
	}
	return v.Schema.OpenAPIV3Schema
}

// lossy are the cases in which pruning and defaulting make something else of an
// object. Another default does not: what is absent has been filled in before.
var lossy = map[string]bool{
	"default/added":               true,
	"default/added-for-null":      true,
	"default/added-unchecked":     true,
	"nullable/removed":            true,
	"properties/added-where-kept": true,
	"properties/removed":          true,
	"properties/removed-required": true,
	"unknown-fields/pruned":       true,
	"map-values/closed":           true,
	"map-values/changed":          true,
	"map-values/validated":        true,
	"embedded-resource/added":     true,
	"embedded-resource/removed":   true,
	"type/changed":                true,
	"unexplained/changed":         true,
}
