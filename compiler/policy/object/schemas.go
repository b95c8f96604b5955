package object

import (
	"maps"
	"sync"

	"github.com/tenantry/tenantry/compiler/tenancy"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// Schemas know how objects are merged: Kubernetes' own kinds, and those that API
// sets define.
type Schemas struct {
	tenancy *tenancy.Tenancy
	mu      sync.Mutex
	known   map[kubeschema.GroupVersionKind]managedfields.TypeConverter
}

// NewSchemas returns the schemas of all kinds that a tenancy knows.
func NewSchemas(t *tenancy.Tenancy) *Schemas {
	return &Schemas{tenancy: t, known: map[kubeschema.GroupVersionKind]managedfields.TypeConverter{}}
}

var builtinConverter = sync.OnceValue(func() managedfields.TypeConverter {
	return applyconfigurations.NewTypeConverter(scheme.Scheme)
})

// Converter returns what converts objects of a kind to what they are merged as. Of one
// that nothing is known of, lists are taken as a whole.
func (s *Schemas) Converter(kind kubeschema.GroupVersionKind) managedfields.TypeConverter {
	if scheme.Scheme.Recognizes(kind) {
		return builtinConverter()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.known[kind]
	if !ok {
		var err error
		if c, err = s.custom(kind); err != nil || c == nil {
			c = managedfields.NewDeducedTypeConverter()
		}
		s.known[kind] = c
	}
	return c
}

func (s *Schemas) custom(kind kubeschema.GroupVersionKind) (managedfields.TypeConverter, error) {
	for _, set := range s.tenancy.APISets {
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.Group != kind.Group || r.Kind != kind.Kind || r.CRD == nil {
					continue
				}
				for _, version := range definedVersions(r.CRD.Data, r.CRD.Name) {
					if version.name == kind.Version {
						return managedfields.NewTypeConverter(map[string]*spec.Schema{kind.String(): whole(version.schema, kind)}, false)
					}
				}
			}
		}
	}
	return nil, nil
}

// whole completes the schema of a custom resource with what all objects have.
func whole(s *spec.Schema, kind kubeschema.GroupVersionKind) *spec.Schema {
	out := *s
	out.Properties = maps.Clone(s.Properties)
	if out.Properties == nil {
		out.Properties = map[string]spec.Schema{}
	}
	out.Properties["apiVersion"], out.Properties["kind"] = *spec.StringProperty(), *spec.StringProperty()
	meta := spec.Schema{}
	meta.Type = spec.StringOrArray{"object"}
	meta.Properties = map[string]spec.Schema{"labels": *spec.MapProperty(spec.StringProperty()), "annotations": *spec.MapProperty(spec.StringProperty())}
	meta.AddExtension("x-kubernetes-preserve-unknown-fields", true)
	out.Properties["metadata"] = meta
	out.Extensions = maps.Clone(s.Extensions)
	out.AddExtension("x-kubernetes-group-version-kind", []any{map[string]any{"group": kind.Group, "version": kind.Version, "kind": kind.Kind}})
	return &out
}
