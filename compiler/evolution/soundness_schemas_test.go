package evolution_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func (s *soak) chance(p float64) bool { return s.rng.Float64() < p }

func pick[T any](s *soak, values ...T) T { return values[s.rng.IntN(len(values))] }

func ptr[T any](v T) *T { return &v }

func raw(v any) apiextensionsv1.JSON {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return apiextensionsv1.JSON{Raw: data}
}

// schema makes up the schema of a whole object.
func (s *soak) schema() *props {
	root := props{Type: "object", Properties: map[string]props{}}
	root.Properties["spec"] = s.object(1)
	if s.chance(0.1) {
		root.Required = []string{"spec"}
	}
	if s.chance(0.1) {
		root.Properties["metadata"] = props{Type: "object"}
	}
	if s.chance(0.1) {
		root.XValidations = s.rules(&root)
	}
	return &root
}

var names = []string{"a", "b", "c", "d"}

// value makes up the schema of any value.
func (s *soak) value(depth int) props {
	kinds := []string{"integer", "integer", "number", "string", "string", "boolean", "int-or-string"}
	if depth < 4 {
		kinds = append(kinds, "object", "object", "array", "array", "map", "any")
	}
	kind := pick(s, kinds...)
	var p props
	switch kind {
	case "object":
		p = s.object(depth)
	case "array":
		p = s.array(depth)
	case "map":
		p = s.mapping(depth)
	case "any":
		p = props{XPreserveUnknownFields: ptr(true)}
	case "int-or-string":
		p = props{XIntOrString: true}
		if s.chance(0.3) {
			p.AnyOf = []props{{Type: "integer"}, {Type: "string"}}
		}
	default:
		p = props{Type: kind}
	}
	for range 3 {
		if s.chance(0.3) {
			s.constrain(&p)
		}
	}
	if s.chance(0.2) {
		p.Nullable = true
	}
	if s.chance(0.15) && kind != "object" {
		s.fillIn(&p)
	}
	if s.chance(0.05) && kind != "object" && kind != "any" {
		p.XValidations = s.transition(&p)
	}
	return p
}

// transition returns a CEL rule about a value and what it was.
func (s *soak) transition(p *props) apiextensionsv1.ValidationRules {
	list := []string{"self == oldSelf", "true || self == oldSelf"}
	switch p.Type {
	case "integer", "number":
		list = append(list, "self >= oldSelf", "self != oldSelf", "oldSelf == 0 || self != 0")
	case "string", "array":
		list = append(list, "size(self) >= size(oldSelf)", "oldSelf in [self] || size(oldSelf) < 2")
	case "object":
		list = append(list, "size(self) >= size(oldSelf)", "oldSelf.all(key, key in self)")
	}
	rule := apiextensionsv1.ValidationRule{Rule: pick(s, list...)}
	if s.chance(0.3) {
		rule = apiextensionsv1.ValidationRule{Rule: pick(s, "!oldSelf.hasValue() || oldSelf.value() == self", "oldSelf.hasValue() || self == self"), OptionalOldSelf: ptr(true)}
	}
	return apiextensionsv1.ValidationRules{rule}
}

func (s *soak) object(depth int) props {
	p := props{Type: "object", Properties: map[string]props{}}
	for _, name := range names[:1+s.rng.IntN(3)] {
		p.Properties[name] = s.value(depth + 1)
	}
	if s.chance(0.3) {
		s.require(&p)
	}
	if s.chance(0.15) {
		p.XPreserveUnknownFields = ptr(true)
	}
	if s.chance(0.05) {
		p.XEmbeddedResource = true
	}
	if s.chance(0.1) {
		p.Default = ptr(raw(map[string]any{}))
	}
	if s.chance(0.12) {
		p.XValidations = s.rules(&p)
	}
	if s.chance(0.12) {
		p.MaxProperties = ptr(int64(1 + s.rng.IntN(3)))
	}
	if s.chance(0.15) {
		s.constrain(&p)
	}
	return p
}

func (s *soak) require(p *props) {
	p.Required = append(p.Required, pick(s, slices.Sorted(maps.Keys(p.Properties))...))
	slices.Sort(p.Required)
	p.Required = slices.Compact(p.Required)
}

func (s *soak) array(depth int) props {
	item := s.value(depth + 1)
	if s.chance(0.25) { // what keys can be made of
		item = props{Type: "object", Properties: map[string]props{"a": {Type: "string", Enum: []apiextensionsv1.JSON{raw("a"), raw("b")}}, "b": {Type: "integer", Maximum: ptr(2.0), Minimum: ptr(0.0)}}}
	}
	p := props{Type: "array", Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &item}}
	s.listType(&p)
	if s.chance(0.1) {
		p.XPreserveUnknownFields = ptr(true)
	}
	return p
}

func (s *soak) listType(p *props) {
	p.XListType, p.XListMapKeys = nil, nil
	item := p.Items.Schema
	switch item.Type {
	case "object":
		if s.chance(0.4) {
			var keys []string
			for _, name := range slices.Sorted(maps.Keys(item.Properties)) {
				key := item.Properties[name]
				if key.Type == "string" || key.Type == "integer" {
					key.Nullable = false
					item.Properties[name] = key
					keys = append(keys, name)
					if key.Default == nil {
						item.Required = append(item.Required, name)
					}
				}
				if len(keys) == 2 || len(keys) == 1 && s.chance(0.5) {
					break
				}
			}
			slices.Sort(item.Required)
			item.Required = slices.Compact(item.Required)
			if len(keys) > 0 {
				item.Nullable = false
				p.XListType, p.XListMapKeys = ptr("map"), keys
				return
			}
		}
		if s.chance(0.3) {
			item.XMapType = ptr("atomic")
			p.XListType = ptr("set")
		}
	case "string", "integer", "number", "boolean":
		if s.chance(0.3) {
			p.XListType = ptr("set")
			item.Nullable = false
		}
	}
}

func (s *soak) mapping(depth int) props {
	v := s.value(depth + 1)
	p := props{Type: "object", AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: &v}}
	if s.chance(0.15) {
		p.AdditionalProperties.Schema = nil
	}
	return p
}

// constrain adds, replaces or removes one constraint.
func (s *soak) constrain(p *props) {
	bound := func() *float64 {
		return pick(s, nil, ptr(float64(s.rng.IntN(12)-3)), ptr(float64(s.rng.IntN(12)-3)), ptr(pick(s, 0.5, -0.5, 2.5, 5.5, 1e30, 3e9, -1e30, 1e10)))
	}
	count := func() *int64 { return pick(s, nil, ptr(int64(s.rng.IntN(5))), ptr(int64(s.rng.IntN(5)))) }
	if s.chance(0.12) {
		s.junctor(p)
		return
	}
	switch {
	case p.XIntOrString:
		p.Maximum, p.MaxLength = bound(), count()
	case p.Type == "integer" || p.Type == "number":
		switch s.rng.IntN(6) {
		case 0:
			p.Minimum, p.ExclusiveMinimum = bound(), s.chance(0.3)
		case 1:
			p.Maximum, p.ExclusiveMaximum = bound(), s.chance(0.3)
		case 2:
			p.MultipleOf = pick(s, nil, ptr(1.0), ptr(2.0), ptr(3.0), ptr(4.0), ptr(6.0), ptr(9.0), ptr(0.5), ptr(2.5))
		case 3:
			p.Format = pick(s, "", "int32", "int64", "float", "double", "bits")
		case 4:
			p.Enum = pick(s, nil, []apiextensionsv1.JSON{raw(1), raw(2)}, []apiextensionsv1.JSON{raw(1), raw(2), raw(7)}, []apiextensionsv1.JSON{raw(2), {Raw: []byte("1.0")}}, []apiextensionsv1.JSON{raw(2)})
		default:
			p.Minimum, p.Maximum = bound(), bound()
		}
	case p.Type == "string":
		switch s.rng.IntN(5) {
		case 0:
			p.MinLength = count()
		case 1:
			p.MaxLength = count()
		case 2:
			p.Pattern = pick(s, "", "^a", "^[a-c]*$", "^a+$", "x")
		case 3:
			p.Format = pick(s, "", "date", "date-time", "datetime", "duration", "byte", "ipv4", "ipv6", "uuid", "pet-name", "k8s-short-name")
		default:
			p.Enum = pick(s, nil, []apiextensionsv1.JSON{raw("a"), raw("b")}, []apiextensionsv1.JSON{raw("a"), raw("b"), raw("")}, []apiextensionsv1.JSON{raw("a")})
		}
	case p.Type == "array":
		if s.chance(0.5) {
			p.MinItems = count()
		} else {
			p.MaxItems = count()
		}
	case p.Type == "object":
		switch {
		case s.chance(0.4):
			p.MinProperties = count()
		case s.chance(0.5):
			p.MaxProperties = count()
		case len(p.Properties) > 0:
			if len(p.Required) > 0 && s.chance(0.6) {
				p.Required = p.Required[1:]
			} else {
				s.require(p)
			}
		}
	default:
		p.Format = pick(s, "", "date", "int32")
	}
}

// junctor changes a condition on the whole value.
func (s *soak) junctor(p *props) {
	var conditions []props
	switch p.Type {
	case "object":
		for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
			conditions = append(conditions, props{Required: []string{name}})
			switch p.Properties[name].Type {
			case "string":
				conditions = append(conditions, props{Properties: map[string]props{name: {MaxLength: ptr(int64(2))}}})
			case "integer":
				conditions = append(conditions, props{Properties: map[string]props{name: {Minimum: ptr(1.0)}}})
			}
		}
		conditions = append(conditions, props{MaxProperties: ptr(int64(2))})
	case "string":
		conditions = []props{{MaxLength: ptr(int64(2))}, {MinLength: ptr(int64(1))}, {Pattern: "^a"}, {Enum: []apiextensionsv1.JSON{raw("a"), raw("")}}}
	case "integer", "number":
		conditions = []props{{Maximum: ptr(2.0)}, {Minimum: ptr(1.0)}, {MultipleOf: ptr(2.0)}, {Enum: []apiextensionsv1.JSON{raw(1)}}}
	case "array":
		conditions = []props{{MaxItems: ptr(int64(1))}, {MinItems: ptr(int64(1))}}
	default:
		return
	}
	one := pick(s, conditions...)
	change := func(list []props) []props {
		if len(list) > 0 && s.chance(0.5) {
			return list[1:]
		}
		return append(slices.Clone(list), one)
	}
	switch s.rng.IntN(4) {
	case 0:
		p.AllOf = change(p.AllOf)
	case 1:
		p.AnyOf = change(p.AnyOf)
	case 2:
		p.OneOf = change(p.OneOf)
	default:
		p.Not = pick(s, nil, &one)
	}
}

// fillIn adds, replaces or removes a default.
func (s *soak) fillIn(p *props) {
	if p.Default != nil && s.chance(0.3) {
		p.Default = nil
		return
	}
	var v any
	switch {
	case len(p.Enum) > 0:
		p.Default = ptr(pick(s, p.Enum...))
		return
	case p.XIntOrString:
		v = pick[any](s, 1, "a")
	case p.Type == "integer":
		v = pick(s, 0, 1, 2, 4, 6)
	case p.Type == "number":
		v = pick(s, 0, 1, 2.5)
	case p.Type == "string":
		v = pick(s, "", "a", "aa", "b")
	case p.Type == "boolean":
		v = s.chance(0.5)
	case p.Type == "array":
		v = []any{}
	case p.Type == "object":
		v = map[string]any{}
	default:
		return
	}
	p.Default = ptr(raw(v))
}

// rules returns a CEL rule about what is declared in an object.
func (s *soak) rules(p *props) apiextensionsv1.ValidationRules {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
		list = append(list, fmt.Sprintf("!has(self.%s)", name), fmt.Sprintf("has(self.%s)", name), fmt.Sprintf("!has(self.%s) || self.%s == self.%s", name, name, name),
			fmt.Sprintf("!has(oldSelf.%s) || has(self.%s)", name, name), fmt.Sprintf("has(self.%s) == has(oldSelf.%s) && (!has(self.%s) || self.%s == oldSelf.%s)", name, name, name, name, name))
		switch f := p.Properties[name]; {
		case f.XIntOrString:
			list = append(list, fmt.Sprintf("!has(self.%s) || type(self.%s) == int", name, name))
		case f.Type == "integer", f.Type == "number":
			// What a division gives depends on the type.
			list = append(list, fmt.Sprintf("!has(self.%s) || dyn(self.%s) / dyn(self.%s) == dyn(1) || true", name, name, name),
				fmt.Sprintf("!has(self.%s) || type(self.%s) == int", name, name), fmt.Sprintf("!has(self.%s) || self.%s > 1", name, name))
		case f.Type == "string":
			list = append(list, fmt.Sprintf("!has(self.%s) || type(self.%s) == string", name, name))
		case f.Type == "object":
			for inner := range f.Properties {
				if inner == "a" {
					list = append(list, fmt.Sprintf("!has(self.%s) || !has(self.%s.a)", name, name))
				}
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	if s.chance(0.1) {
		return s.transition(&props{})
	}
	return apiextensionsv1.ValidationRules{{Rule: pick(s, list...)}}
}

// regulate adds a field with a rule about it and others.
func (s *soak) regulate(p *props) {
	const x = "n"
	others := append(slices.Sorted(maps.Keys(p.Properties)), x)
	if p.Properties == nil {
		p.Properties = map[string]props{}
	}
	if _, ok := p.Properties[x]; !ok {
		p.Properties[x] = s.value(3)
	}
	y := pick(s, others...)
	p.XValidations = append(p.XValidations, apiextensionsv1.ValidationRule{Rule: strings.NewReplacer("X", "self."+x, "Y", "self."+y).Replace(pick(s,
		"!has(X)", "has(X)", "!(has(X) && has(Y))", "!has(Y) || !has(X)", "has(X) || has(Y)", "has(Y) && !has(X)", "!has(X) || X == Y",
		"has(X) ? has(Y) : true", "has(X) ? true : has(Y)", "has(X) == has(Y)", "!has(Y) || has(X)", "Y == Y || !has(X)",
		"!has(X) || X == oldSelf.n", "!has(oldSelf.n) || !has(X)", "has(X) == has(oldSelf.n)"))})
}

// mutate changes one place of a schema.
func (s *soak) mutate(p *props) {
	// Go down to a place, more often than not.
	if s.chance(0.75) {
		switch {
		case len(p.Properties) > 0:
			name := pick(s, slices.Sorted(maps.Keys(p.Properties))...)
			child := p.Properties[name]
			s.mutate(&child)
			p.Properties[name] = child
			return
		case p.Items != nil && p.Items.Schema != nil:
			s.mutate(p.Items.Schema)
			return
		case p.AdditionalProperties != nil && p.AdditionalProperties.Schema != nil:
			s.mutate(p.AdditionalProperties.Schema)
			return
		}
	}
	switch s.rng.IntN(15) {
	case 14:
		s.annotate(p)
	case 0:
		p.Nullable = !p.Nullable
	case 1:
		s.fillIn(p)
	case 2, 3, 4:
		s.constrain(p)
	case 5:
		s.retype(p)
	case 6, 7:
		s.reshape(p)
	case 8:
		if preserved := p.XPreserveUnknownFields != nil; preserved && p.Type != "" {
			p.XPreserveUnknownFields = nil
		} else {
			p.XPreserveUnknownFields = ptr(true)
		}
	case 9:
		switch {
		case p.Type == "object" && p.AdditionalProperties == nil && s.chance(0.5):
			s.regulate(p)
		case p.Type == "object":
			p.XValidations = pick(s, nil, s.rules(p))
		case p.XPreserveUnknownFields == nil:
			p.XValidations = pick(s, nil, s.transition(p))
		}
	case 10:
		if p.Items != nil && p.Items.Schema != nil {
			if len(p.XListMapKeys) == 2 {
				p.XListMapKeys = p.XListMapKeys[s.rng.IntN(2):][:1]
				return
			}
			s.listType(p)
		}
	case 11:
		s.junctor(p)
	case 12:
		p.Description = pick(s, "a", "b")
	default:
		if p.XEmbeddedResource || p.XPreserveUnknownFields != nil && p.Type == "object" && s.chance(0.5) {
			p.XEmbeddedResource = !p.XEmbeddedResource
			return
		}
		s.loosen(p)
	}
}

// annotate changes what is said about a value more than what it may be.
func (s *soak) annotate(p *props) {
	if p.Type != "object" {
		return
	}
	switch _, isRoot := p.Properties["spec"]; {
	case isRoot:
		if _, ok := p.Properties["metadata"]; !ok {
			p.Properties["metadata"] = props{Type: "object"}
		}
	case len(p.XValidations) > 0:
		p.XValidations = slices.Clone(p.XValidations)
		p.XValidations[0].Message = pick(s, "not so", "not like this")
	case p.XMapType == nil:
		p.XMapType = ptr(pick(s, "atomic", "granular"))
	default:
		p.XMapType = nil
	}
}

// loosen removes or widens what a rule can prove.
func (s *soak) loosen(p *props) {
	switch {
	case p.Minimum != nil:
		*p = *p.DeepCopy()
		*p.Minimum -= pick(s, 0.5, 1, 2, 1e10)
	case p.Maximum != nil:
		*p = *p.DeepCopy()
		*p.Maximum += pick(s, 0.5, 1, 2, 1e10)
	case p.MultipleOf != nil:
		p.MultipleOf = pick(s, nil, ptr(*p.MultipleOf/2), ptr(*p.MultipleOf/3), ptr(1.0))
	case len(p.Enum) > 1:
		p.Enum = append(slices.Clone(p.Enum), raw("more"))
	case p.Pattern != "":
		p.Pattern = ""
	case len(p.Required) > 0:
		p.Required = p.Required[1:]
	default:
		p.MaxProperties, p.MinItems, p.MaxLength = nil, nil, nil
	}
}

func (s *soak) retype(p *props) {
	switch {
	case p.XIntOrString:
		p.XIntOrString, p.AnyOf = false, nil
		p.Type = pick(s, "integer", "string")
	case p.Type == "integer":
		if p.Type = "number"; s.chance(0.4) {
			p.Type, p.XIntOrString = "", true
		}
	case p.Type == "number":
		p.Type = "integer"
	case p.Type == "string":
		p.Type, p.XIntOrString = "", true
	case p.Type == "":
		p.Type, p.XPreserveUnknownFields = pick(s, "string", "integer"), nil
	default:
		if s.chance(0.3) && len(p.Properties) == 0 && p.Items == nil && p.AdditionalProperties == nil {
			p.Type, p.XPreserveUnknownFields = "", ptr(true)
			return
		}
		description := p.Description
		*p = s.value(3)
		p.Description = description
	}
}

// reshape adds and removes fields, and turns objects into maps and back.
func (s *soak) reshape(p *props) {
	if p.Type != "object" {
		return
	}
	switch s.rng.IntN(5) {
	case 0, 1:
		if p.AdditionalProperties == nil {
			if p.Properties == nil {
				p.Properties = map[string]props{}
			}
			name := pick(s, names...)
			if _, ok := p.Properties[name]; !ok {
				p.Properties[name] = s.value(3)
			}
		}
	case 2:
		for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
			if s.chance(0.5) && !slices.Contains(p.Required, name) {
				delete(p.Properties, name)
				break
			}
		}
	case 3:
		if p.AdditionalProperties == nil {
			v := s.value(3)
			for _, name := range slices.Sorted(maps.Keys(p.Properties)) {
				v = p.Properties[name]
			}
			p.Properties, p.AdditionalProperties = nil, &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: &v}
			if p.XEmbeddedResource = false; s.chance(0.6) {
				p.XPreserveUnknownFields = nil
			}
		} else {
			if v := p.AdditionalProperties.Schema; v != nil {
				p.Properties = map[string]props{"a": *v.DeepCopy()}
			}
			p.AdditionalProperties = nil
		}
	default:
		if p.AdditionalProperties != nil {
			if p.AdditionalProperties.Schema == nil {
				v := s.value(3)
				p.AdditionalProperties.Schema = &v
			} else {
				p.AdditionalProperties.Schema = nil
			}
		}
	}
}
