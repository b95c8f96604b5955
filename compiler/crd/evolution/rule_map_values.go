package evolution

import apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

var mapValuesRule = &rule{
	ID:     "map-values",
	Looks:  "additionalProperties, which are gone through",
	Reason: "An object without additionalProperties loses the keys that it does not declare; with them it keeps and validates them.",
	Cases: []ruleCase{
		{ID: "opened", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "any key may be there, where others were pruned or refused", effect: altersType},
		{ID: "validated", Writers: Breaking, Readers: Compatible, What: "keys that were kept without being validated begin to be"},
		{ID: "closed", Writers: Breaking, Readers: Compatible, What: "keys that are not declared are pruned or refused"},
		{ID: "changed", Writers: Breaking, Readers: Breaking, What: "values with a schema instead of any value, or the other way round"},
	},
	schema: func(n *node) {
		old, new := n.was.AdditionalProperties, n.is.AdditionalProperties
		n.old.AdditionalProperties, n.new.AdditionalProperties = nil, nil
		switch {
		case old == nil && new == nil:
		case old != nil && new != nil && old.Schema != nil && new.Schema != nil:
			n.child(step{kind: mapValue}, old.Schema, new.Schema).compare()
		case old != nil && new != nil && old.Schema == nil && new.Schema == nil && old.Allows == new.Allows:
		case old != nil && old.Schema == nil && !old.Allows:
			n.report("opened", false, allowed(new), "keys that are not declared are no longer refused")
		case new == nil || new.Schema == nil && !new.Allows:
			n.report("closed", allowed(old), allowed(new), "keys that are not declared are lost or refused now")
		case old == nil && n.keptOld:
			n.report("validated", nil, allowed(new), "keys that are not declared begin to be validated")
		case old == nil:
			n.report("opened", nil, allowed(new), "any key may be there now")
		default:
			n.report("changed", allowed(old), allowed(new), "what the values of the map may be changes")
		}
	},
}

// allowed shows what values a map may have.
func allowed(v *apiextensionsv1.JSONSchemaPropsOrBool) any {
	switch {
	case v == nil:
		return nil
	case v.Schema != nil:
		return typeName(v.Schema)
	}
	return v.Allows
}
