package constraint

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/schema"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
)

// Demands are what is demanded of the fields of a resource, by their paths.
type Demands struct {
	Constraints map[string]schema.Constraint
	Defaults    map[string]any
}

// Empty reports whether nothing is demanded.
func (d Demands) Empty() bool { return len(d.Constraints) == 0 && len(d.Defaults) == 0 }

// Problem is a demand that makes no sense of a schema.
type Problem struct {
	// Path leads to it in the resource's document: "constraints", the path of the
	// field, and the keyword.
	Path []string
	Err  error
}

// Narrow returns a schema with the demands in it, as a definition would have them, and
// what is wrong with the demands. The schema given stays as it is.
func Narrow(root *apiextensionsv1.JSONSchemaProps, d Demands) (*apiextensionsv1.JSONSchemaProps, []Problem) {
	out := *root
	var problems []Problem
	wrong := func(path []string, format string, args ...any) {
		problems = append(problems, Problem{path, fmt.Errorf(format, args...)})
	}
	for _, path := range sorted(d.Constraints) {
		at, err := find(&out, path)
		if err != nil {
			problems = append(problems, Problem{[]string{"constraints", path}, err})
			continue
		}
		c := d.Constraints[path]
		own := at.node.Default
		at.apply(c, func(keyword, format string, args ...any) {
			wrong([]string{"constraints", path, keyword}, path+": "+format, args...)
		})
		at.put()
		if own != nil {
			if err := accepts(at.node, decode(own.Raw)); err != nil {
				wrong([]string{"constraints", path}, "%s: the definition's own default %s is not allowed: %v", path, own.Raw, err)
			}
			if c.Forbidden {
				wrong([]string{"constraints", path, "forbidden"}, "%s: the definition's own default %s comes back", path, own.Raw)
			}
		}
	}
	for _, path := range sorted(d.Defaults) {
		at, err := find(&out, path)
		if err != nil {
			problems = append(problems, Problem{[]string{"defaults", path}, err})
			continue
		}
		raw, err := json.Marshal(d.Defaults[path])
		switch {
		case err != nil:
			wrong([]string{"defaults", path}, "%s: %v", path, err)
		case at.name == "":
			wrong([]string{"defaults", path}, "%s: only a field can be left out", path)
		case d.Constraints[path].Forbidden:
			wrong([]string{"defaults", path}, "%s must be left out, so it can have no default", path)
		case at.node.Default != nil:
			wrong([]string{"defaults", path}, "%s: the definition's own default %s comes first", path, at.node.Default.Raw)
		case d.Defaults[path] == nil:
			wrong([]string{"defaults", path}, "%s: null is no default", path)
		default:
			if err := accepts(at.node, decode(raw)); err != nil {
				wrong([]string{"defaults", path}, "%s: %v", path, err)
			}
			at.node.Default = &apiextensionsv1.JSON{Raw: raw}
			at.put()
		}
	}
	return &out, problems
}

// Steps returns the way of a path through a schema.
func Steps(root *apiextensionsv1.JSONSchemaProps, path string) ([]Step, error) {
	copied := *root
	at, err := find(&copied, path)
	return at.steps, err
}

// narrowing is a constraint on its way into what is found.
type narrowing struct {
	*place
	constraint schema.Constraint
	wrong      func(keyword, format string, args ...any)
}

// apply adds a constraint to what is found.
func (at *place) apply(c schema.Constraint, wrong func(keyword, format string, args ...any)) {
	n := &narrowing{at, c, wrong}
	n.enum()
	n.numbers()
	n.lengths()
	n.items()
	n.pattern()
	n.presence()
}

// is reports whether a keyword is given and for values of the field's type.
func (n *narrowing) is(keyword string, given bool, types ...string) bool {
	s := n.node
	if given && !slices.Contains(types, s.Type) {
		kind := s.Type
		if s.XIntOrString {
			kind = "a number or a text"
		} else if kind == "" {
			kind = "not known"
		}
		n.wrong(keyword, "it is for values of type %s, and the field's type is %s", types[len(types)-1], kind)
		return false
	}
	return given
}

func (n *narrowing) enum() {
	if n.constraint.Enum == nil {
		return
	}
	var values []apiextensionsv1.JSON
	for _, v := range n.constraint.Enum {
		raw, err := json.Marshal(v)
		if err == nil {
			err = accepts(n.node, decode(raw))
		}
		if err != nil {
			n.wrong("enum", "%s can't be one of its values: %v", raw, err)
			continue
		}
		values = append(values, apiextensionsv1.JSON{Raw: raw})
	}
	n.node.Enum = values
}

func (n *narrowing) numbers() {
	s, c := n.node, n.constraint
	if n.is("minimum", c.Minimum != nil, "integer", "number") && (s.Minimum == nil || *s.Minimum < *c.Minimum) {
		s.Minimum, s.ExclusiveMinimum = c.Minimum, false
	}
	if n.is("maximum", c.Maximum != nil, "integer", "number") && (s.Maximum == nil || *s.Maximum > *c.Maximum) {
		s.Maximum, s.ExclusiveMaximum = c.Maximum, false
	}
	if s.Minimum != nil && s.Maximum != nil && *s.Minimum > *s.Maximum && (c.Minimum != nil || c.Maximum != nil) {
		n.wrong("minimum", "no number is at least %v and at most %v", *s.Minimum, *s.Maximum)
	}
}

// raise makes a lower bound at least a value.
func raise(bound **int64, value int) {
	if n := int64(value); *bound == nil || **bound < n {
		*bound = &n
	}
}

// lower makes an upper bound at most a value.
func lower(bound **int64, value int) {
	if n := int64(value); *bound == nil || **bound > n {
		*bound = &n
	}
}

// crossed reports whether no count is within both bounds.
func crossed(least, most *int64) bool { return least != nil && most != nil && *least > *most }

func (n *narrowing) lengths() {
	s, c := n.node, n.constraint
	if n.is("minLength", c.MinLength != nil, "string") {
		raise(&s.MinLength, *c.MinLength)
	}
	if n.is("maxLength", c.MaxLength != nil, "string") {
		lower(&s.MaxLength, *c.MaxLength)
	}
	if crossed(s.MinLength, s.MaxLength) && (c.MinLength != nil || c.MaxLength != nil) {
		n.wrong("minLength", "no text has at least %d and at most %d characters", *s.MinLength, *s.MaxLength)
	}
}

func (n *narrowing) items() {
	s, c := n.node, n.constraint
	if n.is("minItems", c.MinItems != nil, "array") {
		raise(&s.MinItems, *c.MinItems)
	}
	if n.is("maxItems", c.MaxItems != nil, "array") {
		lower(&s.MaxItems, *c.MaxItems)
	}
	if crossed(s.MinItems, s.MaxItems) && (c.MinItems != nil || c.MaxItems != nil) {
		n.wrong("minItems", "no list has at least %d and at most %d items", *s.MinItems, *s.MaxItems)
	}
}

func (n *narrowing) pattern() {
	s, c := n.node, n.constraint
	if !n.is("pattern", c.Pattern != "", "string") {
		return
	}
	if _, err := regexp.Compile(c.Pattern); err != nil {
		n.wrong("pattern", "%v", err)
	} else if s.Pattern == "" {
		s.Pattern = c.Pattern
	} else if s.Pattern != c.Pattern {
		s.AllOf = append(slices.Clip(s.AllOf), apiextensionsv1.JSONSchemaProps{Pattern: c.Pattern})
	}
}

// presence says of the schema around the field whether it must be there.
func (n *narrowing) presence() {
	c := n.constraint
	if !c.Required && !c.Forbidden {
		return
	}
	if n.name == "" {
		n.wrong("", "only a field can be required or forbidden")
		return
	}
	switch p := n.parent; {
	case c.Required && c.Forbidden:
		n.wrong("forbidden", "it can't be required as well")
	case n.node.Description == alwaysThere:
		n.wrong("", "the API server always writes the field")
	case c.Required && !slices.Contains(p.Required, n.name):
		p.Required = append(slices.Clip(p.Required), n.name)
	case c.Forbidden && slices.Contains(p.Required, n.name):
		n.wrong("forbidden", "the definition requires it")
	case c.Forbidden:
		p.AllOf = append(slices.Clip(p.AllOf), apiextensionsv1.JSONSchemaProps{Not: &apiextensionsv1.JSONSchemaProps{Required: []string{n.name}}})
	}
}

// accepts says why a schema does not take a value, in the API server's own words.
func accepts(s *apiextensionsv1.JSONSchemaProps, value any) error {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(s, &internal, nil); err != nil {
		return err
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return err
	}
	errs := validation.ValidateCustomResource(nil, value, validator)
	if len(errs) == 0 {
		return nil
	}
	texts := make([]string, len(errs))
	for i, e := range errs {
		if texts[i] = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(e.Detail), "in body")); texts[i] == "" {
			texts[i] = e.ErrorBody()
		}
	}
	return fmt.Errorf("%s", strings.Join(texts, "; "))
}

// decode returns a JSON value with whole numbers as int64.
func decode(raw []byte) any {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return nil
	}
	return Whole(value)
}

// Whole turns the whole numbers of a JSON value into int64, as the API server has them.
func Whole(value any) any {
	switch x := value.(type) {
	case float64:
		if x == float64(int64(x)) {
			return int64(x)
		}
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = Whole(x[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k := range x {
			out[k] = Whole(x[k])
		}
		return out
	}
	return value
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
