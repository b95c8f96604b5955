// Package object knows the objects that are written: their types, as rules see them, and how
// they are merged.
package object

import (
	"reflect"
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/cel/common"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/builtin"
	"github.com/tenantry/tenantry/schema"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/openapi"
	"k8s.io/client-go/kubernetes/scheme"
)

// Type is the type of the objects of one resource.
type Type struct {
	// Name as people write it: deployments.apps, or databases.v1.db.acme.example.
	Name string
	Type *apiservercel.DeclType
	// Kind is what the objects are; empty where that is not known.
	Kind kubeschema.GroupVersionKind
	// Open: objects may hold fields that the type does not have.
	Open bool
}

// Any is the type of objects of which nothing is known.
var Any = Type{Type: apiservercel.DynType}

// Types finds the types of objects. It is not safe for concurrent use.
type Types struct {
	tenancy *tenancy.Tenancy
	known   map[string][]Type // by resource
}

// NewTypes returns the types of Kubernetes' own objects and of those that the API sets
// of a tenancy define.
func NewTypes(t *tenancy.Tenancy) *Types {
	return &Types{tenancy: t, known: map[string][]Type{}}
}

// maxTypes is how many types a set of rules is checked against, as the API server
// has it.
const maxTypes = 10

// Named returns the types of the objects that match constraints name, as far
// as they are known: Kubernetes' own, and those of the API sets' definitions. What
// a wildcard stands for is not looked up.
func (t *Types) Named(m *schema.MatchConstraints) []Type {
	var out []Type
	for _, r := range m.ResourceRules {
		for _, group := range r.APIGroups {
			for _, plural := range r.Resources {
				if strings.ContainsAny(group+plural, "*") {
					continue
				}
				for _, one := range t.Of(group, plural, r.APIVersions) {
					if len(out) < maxTypes && !slices.ContainsFunc(out, func(o Type) bool { return o.Name == one.Name }) {
						out = append(out, one)
					}
				}
			}
		}
	}
	return out
}

// Of returns the types of a resource in some of its versions, in all where none are given.
func (t *Types) Of(group, plural string, versions []string) []Type {
	name := plural
	if group != "" {
		name += "." + group
	}
	all, known := t.known[name]
	if !known {
		all = t.find(name, group, plural)
		t.known[name] = all
	}
	if versions == nil || slices.Contains(versions, "*") {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(one Type) bool {
		version, versioned := strings.CutPrefix(one.Name, plural+".")
		version, versioned2 := strings.CutSuffix(version, "."+group)
		return versioned && versioned2 && !slices.Contains(versions, version)
	})
}

// find looks the types of a resource up, in all of its versions.
func (t *Types) find(name, group, plural string) []Type {
	switch {
	case strings.HasSuffix(plural, "/scale"):
		return builtinType(name, kubeschema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"})
	case strings.Contains(plural, "/"):
		return nil
	}
	if kind, version, ok := builtin.Resource(group, plural); ok {
		return builtinType(name, kubeschema.GroupVersionKind{Group: group, Version: version, Kind: kind})
	}
	return t.customTypes(group, plural)
}

// customTypes returns the types of a custom resource's versions, of the first API
// set that defines it.
func (t *Types) customTypes(group, plural string) (out []Type) {
	for _, set := range t.tenancy.APISets {
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.Group != group || r.Plural != plural || r.CRD == nil {
					continue
				}
				for _, version := range definedVersions(r.CRD.Data, r.CRD.Name) {
					declared := common.SchemaDeclType(&openapi.Schema{Schema: version.schema}, true)
					name := plural + "." + version.name + "." + group
					if declared != nil && declared.Fields["metadata"] != nil { // else only the names would be known
						declared.Fields["metadata"] = apiservercel.NewDeclField("metadata", goTypes.of(reflect.TypeFor[metav1.ObjectMeta]()), true, nil, nil)
					}
					if declared != nil && !slices.ContainsFunc(out, func(o Type) bool { return o.Name == name }) {
						kind := kubeschema.GroupVersionKind{Group: group, Version: version.name, Kind: r.Kind}
						out = append(out, Type{name, declared.MaybeAssignTypeName("object." + name), kind, version.open})
					}
				}
				return out
			}
		}
	}
	return nil
}

// builtinType returns the type of one of Kubernetes' own kinds, read from the Go
// type of its API.
func builtinType(name string, gvk kubeschema.GroupVersionKind) []Type {
	object, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil
	}
	return []Type{{Name: name, Type: goTypes.of(reflect.TypeOf(object).Elem()), Kind: gvk}}
}
