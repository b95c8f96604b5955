package evolution

import (
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var selectableFieldsRule = &rule{
	ID:     "selectable-fields",
	Looks:  "selectableFields",
	Reason: "A client that lists or watches by a field selector gets an error where the field can't be selected by.",
	Cases: []ruleCase{
		{ID: "added", Writers: Compatible, Readers: Compatible, What: "a field that can be selected by"},
		{ID: "removed", Writers: Compatible, Readers: Breaking, What: "a field that can no longer be selected by"},
	},
	version: func(v *versions) {
		for _, f := range v.was.SelectableFields {
			if !slices.Contains(v.is.SelectableFields, f) {
				v.walk.report(v.rule, "removed", f.JSONPath, f.JSONPath, nil, fmt.Sprintf("lists can no longer be selected by %s", f.JSONPath))
			}
		}
		for _, f := range v.is.SelectableFields {
			if !slices.Contains(v.was.SelectableFields, f) {
				v.walk.report(v.rule, "added", f.JSONPath, nil, f.JSONPath, fmt.Sprintf("lists can be selected by %s", f.JSONPath))
			}
		}
		for _, s := range []*crdVersion{&v.old, &v.new} {
			s.SelectableFields = slices.DeleteFunc(slices.Clone(s.SelectableFields), func(f apiextensionsv1.SelectableField) bool {
				f.JSONPath = ""
				return f == apiextensionsv1.SelectableField{}
			})
			if len(s.SelectableFields) == 0 {
				s.SelectableFields = nil
			}
		}
	},
}
