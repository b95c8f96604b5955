// Package constraint is what a version of an API set demands of the fields of its
// resources, beyond what the resources' own schemas say: constraints, in the words of
// OpenAPI, and defaults. It holds them against a schema, and puts them into one, so
// that versions with constraints are compared as definitions are.
package constraint

import (
	"fmt"
	"maps"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Step is one step of a path: into a field of an object, or, where Field is empty,
// to each item of a list or each value of a map.
type Step struct {
	Field string
	// Map: each value of a map, else each item of a list.
	Map bool
	// Nullable: where it leads may be null.
	Nullable bool
}

// split returns the elements of a path: a.b[].c is a, b, [] and c.
func split(path string) (out []string) {
	for _, name := range strings.Split(path, ".") {
		name, rest, each := strings.Cut(name, "[]")
		out = append(out, name)
		for ; each; _, rest, each = strings.Cut(rest, "[]") {
			out = append(out, "[]")
		}
	}
	return out
}

// untouchable says why nothing can be demanded of a field of all objects.
func untouchable(field string) string {
	switch field {
	case "apiVersion", "kind", "metadata":
		return "it is the same for all kinds of objects; use a policy"
	case "status":
		return "controllers write it, and not whoever binds the API"
	}
	return ""
}

// place is where a path leads in a schema, which may be changed.
type place struct {
	steps []Step
	// node is what is there, and parent what holds it as the field name.
	node, parent *apiextensionsv1.JSONSchemaProps
	name         string // of the field; empty where the path ends with []
	// put writes the node back to what holds it.
	put func()
}

// find walks a path through a schema. Maps and pointers on the way become copies of
// their own, so that what is found can be changed.
func find(root *apiextensionsv1.JSONSchemaProps, path string) (place, error) {
	at := place{node: root, put: func() {}}
	elements := split(path)
	if why := untouchable(elements[0]); why != "" {
		return at, fmt.Errorf("nothing can be said of %s: %s", elements[0], why)
	}
	for i, name := range elements {
		holder, before := at.node, at.put
		so := strings.ReplaceAll(strings.Join(elements[:i], "."), ".[]", "[]")
		if so == "" {
			so = "the object"
		}
		at.parent, at.name = nil, ""
		switch {
		case name != "[]":
			child, ok := holder.Properties[name]
			if !ok {
				return at, unknownField(holder, so, name)
			}
			at.node, at.parent, at.name = &child, holder, name
			at.put = func() {
				holder.Properties = maps.Clone(holder.Properties)
				holder.Properties[name] = child
				before()
			}
			at.steps = append(at.steps, Step{Field: name, Nullable: child.Nullable})
		case holder.Items != nil && holder.Items.Schema != nil:
			child := *holder.Items.Schema
			at.node = &child
			at.put = func() {
				holder.Items = &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &child}
				before()
			}
			at.steps = append(at.steps, Step{Nullable: child.Nullable})
		case holder.AdditionalProperties != nil && holder.AdditionalProperties.Schema != nil:
			child := *holder.AdditionalProperties.Schema
			at.node = &child
			at.put = func() {
				holder.AdditionalProperties = &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: &child}
				before()
			}
			at.steps = append(at.steps, Step{Map: true, Nullable: child.Nullable})
		default:
			return at, fmt.Errorf("%s is neither a list nor a map whose values are known", so)
		}
	}
	return at, nil
}

func unknownField(holder *apiextensionsv1.JSONSchemaProps, so, name string) error {
	switch {
	case holder.Items != nil:
		return fmt.Errorf("%s is a list: write %s[] for each of its items", so, so)
	case holder.AdditionalProperties != nil:
		return fmt.Errorf("%s is a map: write %s[] for each of its values", so, so)
	case len(holder.Properties) == 0 && preserves(holder):
		return fmt.Errorf("the schema says nothing of what %s holds", so)
	case len(holder.Properties) == 0:
		return fmt.Errorf("%s has no fields", so)
	}
	return &UnknownField{so, name, sorted(holder.Properties)}
}

// UnknownField is the error for a field that a schema does not have.
type UnknownField struct {
	Of, Field string
	// Known are the fields that there are.
	Known []string
}

func (e *UnknownField) Error() string { return fmt.Sprintf("%s has no field %s", e.Of, e.Field) }

func preserves(s *apiextensionsv1.JSONSchemaProps) bool {
	return s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields
}
