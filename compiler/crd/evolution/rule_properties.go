package evolution

import (
	"fmt"
	"slices"
)

var propertiesRule = &rule{
	ID:    "properties",
	Looks: "properties, which are gone through, and what else they become: values of a map, unknown fields",
	Reason: "A new field takes nothing from anybody. A field that is gone is pruned in silence. Where unknown fields are kept, a new field " +
		"begins to be validated. Who does not know a new field does not see it, and can find too little where so many fields, or different items, are " +
		"demanded.",
	Cases: []ruleCase{
		{ID: "added", Writers: Compatible, Readers: Compatible, What: "a field that was pruned before"},
		{ID: "added-counted", Writers: Compatible, Readers: Conditional, ReadersIf: "readers-tolerate-absence",
			What: "a field that was pruned before, where what is demanded of the whole may be there by this field alone"},
		{ID: "added-where-kept", Writers: Breaking, Readers: Compatible, What: "a field that was kept before without being validated"},
		{ID: "metadata-constrained", Writers: Breaking, Readers: Compatible, What: "apiVersion, kind or metadata, with more than their types"},
		{ID: "metadata-declared", Writers: Compatible, Readers: Compatible, What: "apiVersion, kind or metadata, with nothing but their types"},
		{ID: "metadata-left-out", Writers: Compatible, Readers: Compatible, What: "apiVersion, kind or metadata are no longer declared", effect: altersType},
		{ID: "singled-out", Writers: Compatible, Readers: Compatible, What: "a key of a map becomes a field; its schema is compared with that of the map's values", effect: altersType},
		{ID: "generalized", Writers: Compatible, Readers: Compatible, What: "a field becomes a key of a map; its schema is compared with that of the map's values", effect: altersType},
		{ID: "removed", Writers: Breaking, Readers: Conditional, ReadersIf: "readers-tolerate-absence", What: "a field that is no longer known", effect: altersValue},
		{ID: "removed-required", Writers: Breaking, Readers: Breaking, What: "a required field that is no longer known", effect: altersValue},
	},
	schema: func(n *node) {
		old, new := n.was.Properties, n.is.Properties
		n.old.Properties, n.new.Properties = nil, nil
		for _, name := range sortedKeys(old) {
			was := old[name]
			if is, ok := new[name]; ok {
				n.child(step{property, name}, &was, &is).compare()
			} else {
				n.undeclared(name, &was)
			}
		}
		for _, name := range sortedKeys(new) {
			if _, ok := old[name]; !ok {
				is := new[name]
				n.declared(name, &is)
			}
		}
	},
}

// declared judges a field that only the new schema declares.
func (n *node) declared(name string, is *props) {
	c := n.child(step{property, name}, &props{}, is)
	c.rule = n.rule
	switch values := n.was.AdditionalProperties; {
	case n.isResource() && metaFields[name] != "":
		if only := undocumented(*is); conditions([]props{only})[0] == `{"type":"`+metaFields[name]+`"}` {
			c.report("metadata-declared", nil, is.Type, fmt.Sprintf("%s is declared with nothing but its type", name))
		} else {
			c.report("metadata-constrained", nil, is.Type, fmt.Sprintf("%s is constrained now", name))
		}
	case values != nil && values.Schema != nil:
		c.report("singled-out", nil, typeName(is), fmt.Sprintf("the key %s of a map becomes a field", name))
		c.moved(values.Schema, is, false)
	case values != nil && values.Allows, n.keptOld:
		c.report("added-where-kept", nil, typeName(is), fmt.Sprintf("the field %s is new; it could be written before, and begins to be validated", name))
	default:
		if missed := c.missed(); missed != "" {
			c.report("added-counted", nil, typeName(is), fmt.Sprintf("the field %s is new, and %s counts it", name, missed))
		} else {
			c.report("added", nil, typeName(is), fmt.Sprintf("the field %s is new", name))
		}
		c.rule = defaultRule
		c.defaults(&props{}, is)
	}
}

// undeclared judges a field that only the old schema declares.
func (n *node) undeclared(name string, was *props) {
	c := n.child(step{property, name}, was, &props{})
	c.rule = n.rule
	switch values := n.is.AdditionalProperties; {
	case n.step.kind == root && metaFields[name] != "":
		c.report("metadata-left-out", was.Type, nil, fmt.Sprintf("%s is no longer declared, and there as ever", name))
	case values != nil && values.Schema != nil:
		c.report("generalized", typeName(was), nil, fmt.Sprintf("the field %s becomes a key of a map", name))
		c.moved(was, values.Schema, true)
	case slices.Contains(n.was.Required, name):
		c.report("removed-required", typeName(was), nil, fmt.Sprintf("the required field %s is gone", name))
	default:
		c.report("removed", typeName(was), nil, fmt.Sprintf("the field %s is gone; what is written there is lost", name))
	}
}

// moved compares a field with the values of a map. A default does another thing
// for each: it fills in an absent field, and replaces null in a map.
func (n *node) moved(was, is *props, toMap bool) {
	c := n.parent.child(n.step, was, is)
	c.rule, c.inMap = defaultRule, c.inMap || toMap
	c.defaults(was, &props{})
	c.defaults(&props{}, is)
	a, b := *was, *is
	a.Default, b.Default = nil, nil
	c.was, c.is = &a, &b
	c.compare()
}

// metaFields are the fields that every resource has, with their types.
var metaFields = map[string]string{"apiVersion": "string", "kind": "string", "metadata": "object"}

// isResource reports whether the node is a whole resource on the old side, whose
// apiVersion, kind and metadata are there whether declared or not.
func (n *node) isResource() bool { return n.step.kind == root || n.was.XEmbeddedResource }
