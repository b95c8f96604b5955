package evolution

import (
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var shortNamesRule = &rule{
	ID:     "short-names",
	Looks:  "spec.names: singular, shortNames, categories",
	Reason: "They are what people type. No manifest and no program with a client of its own depends on them.",
	Cases: []ruleCase{
		{ID: "added", Writers: Compatible, Readers: Compatible, What: "a name for command lines"},
		{ID: "removed", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-names", What: "a name for command lines is gone"},
	},
	definition: func(d *definitions) {
		old, new := &d.old.Spec.Names, &d.new.Spec.Names
		for _, names := range []struct {
			noun     string
			old, new []string
		}{
			{"singular", []string{old.Singular}, []string{new.Singular}},
			{"short name", old.ShortNames, new.ShortNames},
			{"category", old.Categories, new.Categories},
		} {
			for _, name := range names.old {
				if !slices.Contains(names.new, name) {
					d.report("removed", name, nil, fmt.Sprintf("the %s %s is gone", names.noun, name))
				}
			}
			for _, name := range names.new {
				if !slices.Contains(names.old, name) {
					d.report("added", nil, name, fmt.Sprintf("the %s %s is new", names.noun, name))
				}
			}
		}
		for _, n := range []*apiextensionsv1.CustomResourceDefinitionNames{old, new} {
			n.Singular, n.ShortNames, n.Categories = "", nil, nil
		}
	},
}
