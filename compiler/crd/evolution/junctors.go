package evolution

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// allOf, anyOf, oneOf and not hold conditions on the value as a whole. Whether one
// condition implies another is not decided here: conditions are compared by
// equality, whatever their order and the texts in them.

var junctorCases = []ruleCase{
	{ID: "tightened", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "conditions that are not known to hold for all that was valid"},
	{ID: "loosened", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-new-values", What: "fewer conditions to meet, or more ways to meet them"},
}

// junctor reports the outcome of comparing conditions.
func (n *node) junctor(keyword string, old, new []props, looser func(old, new []string) bool) {
	if len(old) == 0 && len(new) == 0 {
		return
	}
	a, b := conditions(old), conditions(new)
	switch {
	case slices.Equal(a, b):
	case len(new) == 0, len(old) > 0 && looser(a, b):
		n.report("loosened", raw(a), raw(b), keyword+" asks for less")
	default:
		n.report("tightened", raw(a), raw(b), fmt.Sprintf("%s changes, and what was valid may not meet it", keyword))
	}
}

// within reports whether all of a are among b.
func within(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// conditions returns each schema as JSON without texts for people, sorted.
func conditions(list []props) []string {
	out := make([]string, len(list))
	for i := range list {
		s := undocumented(list[i])
		data, err := json.Marshal(s)
		if err != nil {
			// A default or example that is no JSON does not get this far.
			data = []byte(fmt.Sprintf("%+v", s))
		}
		out[i] = string(data)
	}
	slices.Sort(out)
	return out
}

func raw(list []string) any {
	if len(list) == 0 {
		return nil
	}
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = json.RawMessage(s)
	}
	return out
}

// undocumented returns a copy without texts for people at any depth.
func undocumented(s props) props {
	s.Description, s.Title, s.Example, s.ExternalDocs = "", "", nil, nil
	each := func(list []props) []props {
		list = slices.Clone(list)
		for i := range list {
			list[i] = undocumented(list[i])
		}
		return list
	}
	s.AllOf, s.AnyOf, s.OneOf = each(s.AllOf), each(s.AnyOf), each(s.OneOf)
	if s.Not != nil {
		not := undocumented(*s.Not)
		s.Not = &not
	}
	if s.Properties != nil {
		s.Properties = maps.Clone(s.Properties)
		for name, p := range s.Properties {
			s.Properties[name] = undocumented(p)
		}
	}
	if s.Items != nil && s.Items.Schema != nil {
		items, schema := *s.Items, undocumented(*s.Items.Schema)
		items.Schema = &schema
		s.Items = &items
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		values, schema := *s.AdditionalProperties, undocumented(*s.AdditionalProperties.Schema)
		values.Schema = &schema
		s.AdditionalProperties = &values
	}
	return s
}

// beside returns the schemas without the one that an int-or-string may carry and
// that says nothing more: anyOf integer, string.
func beside(s *props, list []props) []props {
	if s.XIntOrString && slices.Equal(conditions(list), []string{`{"type":"integer"}`, `{"type":"string"}`}) {
		return nil
	}
	return list
}
