package drift

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/fields"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	smd "sigs.k8s.io/structured-merge-diff/v6/value"
)

// changes are the fields that the engine would change.
func changes(stands, applied *unstructured.Unstructured) []Field {
	var out []Field
	for _, f := range fields.Compare(content(stands), content(applied)) {
		out = append(out, Field{Path: f.Path(), Rendered: f.After, Live: f.Before})
	}
	return out
}

// content is an object without what the API server writes into it.
func content(o *unstructured.Unstructured) map[string]any {
	out := o.DeepCopy().Object
	delete(out, "status")
	if metadata, ok := out["metadata"].(map[string]any); ok {
		for _, key := range []string{"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"} {
			delete(metadata, key)
		}
	}
	return out
}

// additions are the fields of others in what the engine applies: it leaves them,
// since it never owned them, and yet they are not rendered. A label or annotation
// counts if its key is the platform's; of all else, what lies beside a field that
// is rendered. In an object without the platform's label, tenants have a part.
func additions(want, applied *unstructured.Unstructured, e *target.Engine, engines target.Engines) []Field {
	if want.GetLabels()[desired.LabelManagedBy] != desired.ManagedBy {
		return nil
	}
	own := &fieldpath.Set{}
	others := map[string]*fieldpath.Set{}
	var names []string
	for _, m := range applied.GetManagedFields() {
		if m.Subresource != "" || m.FieldsV1 == nil {
			continue
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(m.FieldsV1.GetRawReader()); err != nil {
			continue // a form that is not known yet
		}
		switch {
		case m.Manager == e.FieldManager, m.Manager == e.Controller:
			own = own.Union(set)
		case others[m.Manager] == nil:
			names = append(names, m.Manager)
			others[m.Manager] = set
		default:
			others[m.Manager] = others[m.Manager].Union(set)
		}
	}
	var out []Field
	slices.Sort(names)
	for _, name := range names {
		others[name].Leaves().Difference(own).Iterate(func(p fieldpath.Path) {
			if !counts(want, p, engines) {
				return
			}
			if v, path, ok := at(applied.Object, p); ok {
				out = append(out, Field{Path: path, Live: v, Manager: name})
			}
		})
	}
	slices.SortFunc(out, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// counts reports whether a field of another manager is one that should not be
// there.
func counts(want *unstructured.Unstructured, p fieldpath.Path, engines target.Engines) bool {
	name := func(i int) string {
		if i < len(p) && p[i].FieldName != nil {
			return *p[i].FieldName
		}
		return ""
	}
	switch top := name(0); top {
	case "", "status", "apiVersion", "kind":
		return false
	case "metadata":
		return (name(1) == "labels" || name(1) == "annotations") && ours(name(2), engines)
	default:
		_, rendered := want.Object[top]
		return rendered
	}
}

// at returns the value at a path, and the path as it is written.
func at(o any, p fieldpath.Path) (v any, path string, ok bool) {
	elements := make([]string, 0, len(p))
	for _, e := range p {
		element := e.String()
		switch {
		case e.FieldName != nil:
			m, _ := o.(map[string]any)
			o, ok = m[*e.FieldName]
			element = *e.FieldName
		case e.Key != nil:
			o, ok = item(o, *e.Key)
		case e.Value != nil:
			o, ok = (*e.Value).Unstructured(), true
		default: // an index: no list of the API is merged by it
			ok = false
		}
		if !ok {
			return nil, "", false
		}
		elements = append(elements, element)
	}
	return o, fields.Join(elements), true
}

// item returns the item of a list that has some keys.
func item(o any, keys smd.FieldList) (any, bool) {
	list, _ := o.([]any)
	i := slices.IndexFunc(list, func(candidate any) bool {
		m, _ := candidate.(map[string]any)
		return !slices.ContainsFunc(keys, func(k smd.Field) bool {
			return !smd.Equals(smd.NewValueInterface(m[k.Name]), k.Value)
		})
	})
	if i < 0 {
		return nil, false
	}
	return list[i], true
}

// ours reports whether a label or annotation is the platform's to set.
func ours(key string, engines target.Engines) bool {
	domain, _, _ := strings.Cut(key, "/")
	switch {
	case key == desired.AnnotationAdopt: // a person's word to the API server
		return false
	case key == desired.LabelManagedBy:
		return true
	}
	return domain == "tenantry.dev" || strings.HasSuffix(domain, ".tenantry.dev") ||
		domain == "pod-security.kubernetes.io" || slices.Contains(engines.MarkDomains(), domain)
}
