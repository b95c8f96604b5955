package evolution

import (
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

type (
	crd        = apiextensionsv1.CustomResourceDefinition
	crdVersion = apiextensionsv1.CustomResourceDefinitionVersion
)

// definitions are two definitions of one resource.
type definitions struct {
	*walk
	rule *rule
	// was and is are the definitions in full; one of them may be nil. They are never
	// changed.
	was, is *crd
	// old and new are what no rule has explained yet.
	old, new crd
}

func (d *definitions) report(kind string, old, new any, message string) {
	d.walk.report(d.rule, kind, "", old, new, message)
}

// versions are two versions of one name.
type versions struct {
	*walk
	rule *rule
	// was and is are the versions in full. They are never changed.
	was, is *crdVersion
	// old and new are what no rule has explained yet.
	old, new crdVersion
}

func (v *versions) report(kind string, old, new any, message string) {
	v.walk.report(v.rule, kind, "", old, new, message)
}

func (w *walk) definition(old, new *crd) {
	d := &definitions{walk: w, was: old, is: new}
	switch {
	case old == nil && new == nil:
		return
	case old != nil:
		w.resource, d.old = ResourceOf(old), *old
	}
	if new != nil {
		w.resource, d.new = ResourceOf(new), *new
	}
	if old == nil || new == nil {
		d.rule = resourceRule
		resourceRule.definition(d)
		return
	}
	for _, r := range w.rules {
		if r.definition != nil {
			d.rule = r
			r.definition(d)
		}
	}
	w.leftover("", &d.old.Spec, &d.new.Spec)
	for i := range old.Spec.Versions {
		was := &old.Spec.Versions[i]
		if is := versionOf(new, was.Name); is != nil && concerns(old, was, is) {
			w.versions(was, is)
		}
	}
	w.version = ""
}

// concerns reports whether a version of both definitions matters to anybody:
// somebody could use it, or objects are stored in it.
func concerns(old *crd, was, is *crdVersion) bool {
	return was.Served || was.Storage || is.Storage || slices.Contains(old.Status.StoredVersions, was.Name)
}

func (w *walk) versions(was, is *crdVersion) {
	w.version = was.Name
	v := &versions{walk: w, was: was, is: is, old: *was, new: *is}
	for _, r := range w.rules {
		if r.version != nil {
			v.rule = r
			r.version(v)
		}
	}
	if was.Schema != nil && is.Schema != nil && was.Schema.OpenAPIV3Schema != nil && is.Schema.OpenAPIV3Schema != nil {
		w.schemas(was.Schema.OpenAPIV3Schema, is.Schema.OpenAPIV3Schema)
		a, b := *was.Schema, *is.Schema
		a.OpenAPIV3Schema, b.OpenAPIV3Schema = nil, nil
		v.old.Schema, v.new.Schema = &a, &b
	}
	w.leftover("", &v.old, &v.new)
}

// versionOf returns the version of that name; nil where there is none.
func versionOf(d *crd, name string) *crdVersion {
	i := slices.IndexFunc(d.Spec.Versions, func(v crdVersion) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Spec.Versions[i]
}

// storageOf returns the version in which objects are stored.
func storageOf(d *crd) *crdVersion {
	i := slices.IndexFunc(d.Spec.Versions, func(v crdVersion) bool { return v.Storage })
	if i < 0 {
		return nil
	}
	return &d.Spec.Versions[i]
}
