package patch

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// selector picks objects as kustomize does.
type selector struct {
	types.Selector
	names       *types.SelectorRegex
	labels      labels.Selector
	annotations labels.Selector
}

// selector reads a target; false where it can't be read, or depends on parameters that
// are not known yet.
func (r *reader) selector(t *schema.Target, path []string) (*selector, bool) {
	filled := *t
	ok, known := true, true
	for _, f := range []struct {
		name string
		text *string
	}{{"group", &filled.Group}, {"version", &filled.Version}, {"kind", &filled.Kind}, {"name", &filled.Name}, {"namespace", &filled.Namespace},
		{"labelSelector", &filled.LabelSelector}, {"annotationSelector", &filled.AnnotationSelector}} {
		if !strings.Contains(*f.text, opening) {
			continue
		}
		at := append(slices.Clip(path), f.name)
		value, _ := r.text(*f.text, at, &ok)
		text, isText := value.(string)
		switch {
		case !ok:
		case r.parameters == nil:
			known = false
		case !isText && value != nil:
			ok = false
			r.wrong(at, "the parameter is no text")
		case strings.Contains(text, opening):
			ok = false
			r.wrong(at, "a target has only placeholders of parameters")
		}
		*f.text = text
	}
	if !ok || !known {
		return nil, ok
	}
	s := &selector{Selector: types.Selector{
		ResId:         resid.ResId{Gvk: resid.Gvk{Group: filled.Group, Version: filled.Version, Kind: filled.Kind}, Name: filled.Name, Namespace: filled.Namespace},
		LabelSelector: filled.LabelSelector, AnnotationSelector: filled.AnnotationSelector}}
	problem := func(err error) (*selector, bool) {
		r.wrong(path, "the target can't be read: %s", err)
		return nil, false
	}
	var err error
	if s.names, err = types.NewSelectorRegex(&s.Selector); err != nil {
		return problem(err)
	}
	if s.labels, err = labels.Parse(s.LabelSelector); err != nil {
		return problem(err)
	}
	if s.annotations, err = labels.Parse(s.AnnotationSelector); err != nil {
		return problem(err)
	}
	return s, true
}

// String has all that the selector depends on.
func (s *selector) String() string {
	text, _ := json.Marshal(s.Selector) // texts
	return string(text)
}

// matches is kustomize's resmap.Select for one object. What it is named and where never
// changes, and is looked at in id.
func (s *selector) matches(id resid.ResId, o manifest.Map) bool {
	return s == nil || s.names.MatchNamespace(id.EffectiveNamespace()) && s.names.MatchName(id.Name) && s.names.MatchGvk(id.Gvk) &&
		s.labels.Matches(pairs(o, "labels")) && s.annotations.Matches(pairs(o, "annotations"))
}

// pairs returns the labels or annotations of an object.
func pairs(o manifest.Map, what string) labels.Set {
	m, _ := o.Get("metadata", what).(manifest.Map)
	out := make(labels.Set, len(m))
	for _, f := range m {
		out[f.Key], _ = f.Value.(string)
	}
	return out
}

func identityOf(o manifest.Map) resid.ResId {
	text := func(path ...string) string { s, _ := o.Get(path...).(string); return s }
	group, version := resid.ParseGroupVersion(text("apiVersion"))
	return resid.NewResIdWithNamespace(resid.NewGvk(group, version, text("kind")), text("metadata", "name"), text("metadata", "namespace"))
}
