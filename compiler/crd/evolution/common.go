package evolution

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Narrowing is something that one of two definitions allows and their common
// denominator does not.
type Narrowing struct {
	Version string `json:"version,omitempty"`
	// Path is the place; empty for a whole version.
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

func (n Narrowing) String() string {
	switch {
	case n.Version == "":
		return n.Message
	case n.Path == "":
		return n.Version + ": " + n.Message
	}
	return n.Version + " " + n.Path + ": " + n.Message
}

// Common returns the lowest common denominator of two definitions of a resource:
// what is valid under it, with its defaults, is valid under both, and means the
// same. It says what it leaves out of them. Where there is none, the definition is
// nil, and it says why. Both must be valid and have the API server's defaults;
// neither is changed.
//
// A candidate is made of what both sides have, and then held against each by the
// rules; a field by which it would break is left out, until nothing would.
func Common(a, b *apiextensionsv1.CustomResourceDefinition) (*apiextensionsv1.CustomResourceDefinition, []Narrowing) {
	m := &merge{members: []Member{{Definition: a}, {Definition: b}}, walk: &walk{rules: rules(), resource: ResourceOf(a)}}
	out := m.head()
	for _, o := range m.obstacles {
		return nil, []Narrowing{{Message: o.Message}}
	}
	var narrowed, refused []Narrowing
	out.Spec.Versions = nil
	for _, name := range m.versionNames() {
		x, y := versionOf(a, name), versionOf(b, name)
		if x == nil || y == nil || !x.Served || !y.Served {
			refused = append(refused, Narrowing{Version: name, Message: "not both serve the version"})
			continue
		}
		v, found, why := m.commonVersion(x, y)
		narrowed = append(narrowed, found...)
		if why != nil {
			refused = append(refused, *why)
			continue
		}
		out.Spec.Versions = append(out.Spec.Versions, *v)
	}
	if len(out.Spec.Versions) == 0 {
		return nil, refused
	}
	if len(out.Spec.Versions) > 1 {
		m.out = out
		if m.convert(); len(m.obstacles) > 0 {
			return nil, []Narrowing{{Message: m.obstacles[0].Message}}
		}
	} else {
		out.Spec.Conversion = nil
	}
	storage := 0
	for i, v := range out.Spec.Versions {
		if v.Name == storageOf(a).Name {
			storage = i
		}
	}
	out.Spec.Versions[storage].Storage = true
	// A rule may speak of a field that is left out.
	if problems := definition.Validate(out); len(problems) > 0 {
		return nil, append(append(refused, narrowed...), Narrowing{Message: "what is left would not be valid: " + problems[0]})
	}
	return out, append(refused, narrowed...)
}

// commonVersion returns the common denominator of two versions, or why there is
// none.
func (m *merge) commonVersion(x, y *crdVersion) (*crdVersion, []Narrowing, *Narrowing) {
	out := x.DeepCopy()
	out.Storage, out.Deprecated, out.DeprecationWarning = false, x.Deprecated || y.Deprecated, cmp.Or(x.DeprecationWarning, y.DeprecationWarning)
	out.SelectableFields = slices.DeleteFunc(out.SelectableFields, func(f apiextensionsv1.SelectableField) bool { return !slices.Contains(y.SelectableFields, f) })
	root := intersect(schemaOf(x), schemaOf(y))
	out.Schema = &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &root}
	var narrowed []Narrowing
	for {
		blocked := m.blocking(out, x, y)
		if blocked == nil {
			return out, append(narrowed, missingFrom(x.Name, &root, schemaOf(x), schemaOf(y), narrowed)...), nil
		}
		path := drop(&root, blocked.Path)
		if path == "" {
			return nil, nil, &Narrowing{x.Name, blocked.Path, blocked.Message}
		}
		narrowed = append(narrowed, Narrowing{x.Name, path, "left out, since the sides do not go together: " + blocked.Message})
	}
}

// blocking returns a change from the candidate to one of the sides that breaks
// writers; nil where there is none.
func (m *merge) blocking(candidate *crdVersion, sides ...*crdVersion) *Change {
	for _, side := range sides {
		w := &walk{rules: m.rules, resource: m.resource}
		w.versions(candidate, side)
		for _, c := range w.sorted() {
			// What is stored has been defaulted and has no nulls to be dropped.
			if c.Writers == Breaking || c.Writers == Conditional && !slices.Contains([]string{"default-suits", "no-explicit-nulls", "single-applier"}, c.WritersIf) {
				return &c
			}
		}
	}
	return nil
}

// drop takes the field at the path out of a schema, or the nearest field above
// that can be left out, and returns where that is; "" for none.
func drop(s *props, path string) string {
	for keys := Keys(path)[2:]; len(keys) > 0; keys = keys[:len(keys)-1] {
		if len(keys) < 2 || keys[len(keys)-2] != "properties" {
			continue
		}
		name := keys[len(keys)-1]
		if remove(s, keys[:len(keys)-2], name) {
			return pathOf(keys)
		}
		keys = keys[:len(keys)-1]
	}
	return ""
}

// remove takes a field that is not required out of the schema to which the keys
// lead.
func remove(s *props, keys []string, name string) bool {
	if len(keys) == 0 {
		if _, ok := s.Properties[name]; !ok || slices.Contains(s.Required, name) {
			return false
		}
		delete(s.Properties, name)
		return true
	}
	switch keys[0] {
	case "items":
		return s.Items != nil && s.Items.Schema != nil && remove(s.Items.Schema, keys[1:], name)
	case "additionalProperties":
		return s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil && remove(s.AdditionalProperties.Schema, keys[1:], name)
	}
	p, ok := s.Properties[keys[1]]
	if !ok || !remove(&p, keys[2:], name) {
		return false
	}
	s.Properties[keys[1]] = p
	return true
}

// pathOf is the path to which keys inside a schema lead.
func pathOf(keys []string) string {
	var b strings.Builder
	for i := 0; i < len(keys); i++ {
		switch keys[i] {
		case "items":
			b.WriteString(step{kind: item}.String())
		case "additionalProperties":
			b.WriteString(step{kind: mapValue}.String())
		default:
			i++
			b.WriteString(step{property, keys[i]}.String())
		}
	}
	return b.String()
}

// intersect makes the candidate: what both schemas have, as narrow as either.
func intersect(a, b *props) props {
	out := *a.DeepCopy()
	if wider(typeName(a), typeName(b)) {
		out.Type, out.XIntOrString = b.Type, b.XIntOrString
		out.XPreserveUnknownFields = b.XPreserveUnknownFields
		if a.XIntOrString {
			out.AnyOf, out.AllOf = beside(a, out.AnyOf), besideAll(a)
		}
	}
	out.Nullable = a.Nullable && b.Nullable
	intersectValues(&out, a, b)
	if listType(a) == "atomic" {
		out.XListType, out.XListMapKeys = b.XListType, b.XListMapKeys
	}
	if a.XPreserveUnknownFields == nil || b.XPreserveUnknownFields == nil {
		if typeName(&out) != anyType {
			out.XPreserveUnknownFields = nil
		}
	}
	intersectConditions(&out, b)
	for _, name := range b.Required {
		if !slices.Contains(out.Required, name) {
			out.Required = append(out.Required, name)
		}
	}
	if text(a.Default) != text(b.Default) {
		out.Default = nil
	}
	intersectContents(&out, a, b)
	return out
}

// intersectValues narrows out to the values that both schemas allow by themselves.
func intersectValues(out, a, b *props) {
	out.Format = cmp.Or(a.Format, b.Format)
	out.Pattern = cmp.Or(a.Pattern, b.Pattern)
	out.UniqueItems = a.UniqueItems || b.UniqueItems
	out.MultipleOf = cmp.Or(a.MultipleOf, b.MultipleOf)
	out.MinLength, out.MaxLength = most(a.MinLength, b.MinLength), least(a.MaxLength, b.MaxLength)
	out.MinItems, out.MaxItems = most(a.MinItems, b.MinItems), least(a.MaxItems, b.MaxItems)
	out.MinProperties, out.MaxProperties = most(a.MinProperties, b.MinProperties), least(a.MaxProperties, b.MaxProperties)
	if b.Minimum != nil && (a.Minimum == nil || lower(*a.Minimum, a.ExclusiveMinimum).covers(lower(*b.Minimum, b.ExclusiveMinimum))) {
		out.Minimum, out.ExclusiveMinimum = b.Minimum, b.ExclusiveMinimum
	}
	if b.Maximum != nil && (a.Maximum == nil || upper{*a.Maximum, a.ExclusiveMaximum}.covers(upper{*b.Maximum, b.ExclusiveMaximum})) {
		out.Maximum, out.ExclusiveMaximum = b.Maximum, b.ExclusiveMaximum
	}
	switch {
	case len(a.Enum) == 0:
		out.Enum = b.Enum
	case len(b.Enum) > 0:
		gone := missing(a.Enum, b.Enum)
		out.Enum = missing(a.Enum, gone)
		if len(out.Enum) == 0 {
			out.Enum = a.Enum // nothing in common: the rules will say so
		}
	}
}

// intersectConditions adds what a schema demands beyond the values themselves.
func intersectConditions(out, b *props) {
	for _, r := range b.XValidations {
		if !slices.ContainsFunc(out.XValidations, func(have apiextensionsv1.ValidationRule) bool { return have.Rule == r.Rule }) {
			out.XValidations = append(out.XValidations, r)
		}
	}
	for _, c := range b.AllOf {
		if !within(conditions([]props{c}), conditions(out.AllOf)) {
			out.AllOf = append(out.AllOf, c)
		}
	}
	if len(out.AnyOf) == 0 && !b.XIntOrString {
		out.AnyOf = b.AnyOf
	}
	if len(out.OneOf) == 0 {
		out.OneOf = b.OneOf
	}
	if out.Not == nil {
		out.Not = b.Not
	}
}

// intersectContents intersects what lists, maps and objects hold.
func intersectContents(out, a, b *props) {
	if a.Items != nil && b.Items != nil && a.Items.Schema != nil && b.Items.Schema != nil {
		items := intersect(a.Items.Schema, b.Items.Schema)
		out.Items.Schema = &items
	}
	if x, y := a.AdditionalProperties, b.AdditionalProperties; x != nil && y != nil && x.Schema != nil && y.Schema != nil {
		values := intersect(x.Schema, y.Schema)
		out.AdditionalProperties.Schema = &values
	}
	for _, name := range sortedKeys(out.Properties) {
		x, y := a.Properties[name], b.Properties[name]
		if _, ok := b.Properties[name]; !ok {
			if !slices.Contains(out.Required, name) {
				delete(out.Properties, name)
			}
			continue
		}
		out.Properties[name] = intersect(&x, &y)
		// Where the sides would fill in different values, one must be given.
		if text(x.Default) != text(y.Default) && !slices.Contains(out.Required, name) {
			out.Required = append(out.Required, name)
		}
	}
}

func most(a, b *int64) *int64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

func least(a, b *int64) *int64 {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

// missingFrom tells what one of the sides allows and the common schema does not,
// besides what is told already.
func missingFrom(version string, common, a, b *props, told []Narrowing) []Narrowing {
	found := map[string]string{}
	for _, side := range []*props{a, b} {
		w := &walk{rules: rules(), version: version}
		w.schemas(side, common)
		for _, c := range w.sorted() {
			if c.Writers != Breaking || slices.ContainsFunc(told, func(n Narrowing) bool { return below(c.Path, n.Path) }) {
				continue
			}
			found[c.Path+"\x00"+c.Message] = c.Message
		}
	}
	var out []Narrowing
	for _, key := range slices.Sorted(maps.Keys(found)) {
		path, message, _ := strings.Cut(key, "\x00")
		out = append(out, Narrowing{version, path, message})
	}
	return out
}
