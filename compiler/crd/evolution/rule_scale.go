package evolution

import (
	"math"
	"reflect"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var scaleRule = &rule{
	ID:    "scale",
	Looks: "subresources.scale",
	Reason: "With the subresource, the API server demands that replicas are whole numbers from 0 to 2147483647 and the selector a string. " +
		"Autoscalers depend on it.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "the schema allows values that the subresource refuses"},
		{ID: "added-in-range", Writers: Conditional, WritersIf: "exact-numbers", Readers: Compatible, What: "the schema allows no values that the subresource refuses, unless they are written as 2.0"},
		{ID: "changed", Writers: Breaking, Readers: Breaking, What: "other paths"},
		{ID: "removed", Writers: Breaking, Readers: Breaking, What: "the subresource is gone"},
	},
	version: func(v *versions) {
		old, new := scaleOf(v.was), scaleOf(v.is)
		switch {
		case reflect.DeepEqual(old, new):
		case new == nil:
			v.report("removed", old, nil, "the subresource scale is gone")
		case old != nil:
			v.report("changed", old, new, "the subresource scale reads and writes other fields")
		case fits(schemaOf(v.was), new):
			v.report("added-in-range", nil, new, "the subresource scale is new, and its fields have whole numbers only")
		default:
			v.report("added", nil, new, "the subresource scale is new, and refuses values that its fields could have")
		}
		v.handled(func(s *apiextensionsv1.CustomResourceSubresources) { s.Scale = nil })
	},
}

func scaleOf(v *crdVersion) *apiextensionsv1.CustomResourceSubresourceScale {
	if v.Subresources == nil {
		return nil
	}
	return v.Subresources.Scale
}

// fits reports whether the schema lets nothing stand at the paths that the
// subresource refuses.
func fits(s *props, scale *apiextensionsv1.CustomResourceSubresourceScale) bool {
	replicas := func(path string) bool {
		f := fieldAt(s, path)
		return f == nil || f.Type == "integer" && !f.Nullable && f.Minimum != nil && *f.Minimum >= 0 &&
			(f.Format == "int32" || f.Maximum != nil && *f.Maximum <= math.MaxInt32)
	}
	if !replicas(scale.SpecReplicasPath) || !replicas(scale.StatusReplicasPath) {
		return false
	}
	if scale.LabelSelectorPath == nil {
		return true
	}
	f := fieldAt(s, *scale.LabelSelectorPath)
	return f == nil || f.Type == "string" && !f.Nullable
}

// fieldAt returns the schema of the field at a path as .spec.replicas; nil where
// nothing can stand. Where anything can stand it is one that allows anything.
func fieldAt(s *props, path string) *props {
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "."), ".") {
		if preserves(s) || s.AdditionalProperties != nil || s.Nullable || s.Type != "object" { // the API server refuses what it can't look into
			return &props{}
		}
		p, ok := s.Properties[name]
		if !ok {
			return nil
		}
		s = &p
	}
	return s
}
