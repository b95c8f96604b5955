package evolution

import apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

var statusRule = &rule{
	ID:     "status",
	Looks:  "subresources.status",
	Reason: "With the subresource, a write to the object leaves its status alone, and a write to the status everything else.",
	Cases: []ruleCase{
		{ID: "added", Writers: Breaking, Readers: Compatible, What: "a status that is written with the object is dropped"},
		{ID: "removed", Writers: Breaking, Readers: Compatible, What: "the status can't be written by itself, and every write changes it"},
	},
	version: func(v *versions) {
		old, new := v.was.Subresources, v.is.Subresources
		was, is := old != nil && old.Status != nil, new != nil && new.Status != nil
		switch {
		case was && !is:
			v.report("removed", true, nil, "the subresource status is gone")
		case !was && is:
			v.report("added", nil, true, "status becomes a subresource: written with the object, it is dropped")
		}
		v.handled(func(s *apiextensionsv1.CustomResourceSubresources) { s.Status = nil })
	},
}

// handled takes a subresource out of what is left to explain.
func (v *versions) handled(take func(*apiextensionsv1.CustomResourceSubresources)) {
	for _, s := range []*crdVersion{&v.old, &v.new} {
		var left apiextensionsv1.CustomResourceSubresources
		if s.Subresources != nil {
			left = *s.Subresources
		}
		take(&left)
		s.Subresources = &left
	}
}
