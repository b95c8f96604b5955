package evolution

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

type props = apiextensionsv1.JSONSchemaProps

// node is a place in an object, with the schemas that both sides have for it.
type node struct {
	*walk
	rule   *rule
	parent *node
	step   step
	// was and is are the schemas in full. They are never changed.
	was, is *props
	// old and new are what no rule has explained yet.
	old, new props
	// keptOld and keptNew tell whether fields that the schema does not declare are
	// kept here instead of being pruned.
	keptOld, keptNew bool
	// inMap tells whether the new schema has the value among the values of a map.
	inMap bool
}

// step leads from a value to one inside it.
type step struct {
	kind stepKind
	name string // of a property
}

type stepKind int

const (
	root stepKind = iota
	property
	item
	mapValue
)

func (s step) String() string {
	switch s.kind {
	case property:
		if strings.Trim(s.name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$") != "" || s.name == "" {
			return "['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s.name) + "']"
		}
		return "." + s.name
	case item:
		return "[*]"
	case mapValue:
		return ".*"
	}
	return ""
}

func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	return n.parent.path() + n.step.String()
}

// place names the node for people.
func (n *node) place() string {
	if n.parent == nil {
		return "the root"
	}
	return n.path()
}

// schemas compares two schemas and all below them.
func (w *walk) schemas(old, new *props) {
	n := &node{walk: w, was: old, is: new, keptOld: preserves(old), keptNew: preserves(new)}
	n.compare()
	if w.documented > 0 {
		w.documentation()
	}
}

func (n *node) child(s step, old, new *props) *node {
	c := &node{walk: n.walk, parent: n, step: s, was: old, is: new, inMap: n.inMap || s.kind == mapValue}
	c.keptOld = preserves(old) || s.kind == item && n.keptOld
	c.keptNew = preserves(new) || s.kind == item && n.keptNew
	return c
}

// compare has every rule look at the node; those for properties, items and map
// values go on with what is below.
func (n *node) compare() {
	n.old, n.new = *n.was, *n.is
	for _, r := range n.rules {
		if r.schema != nil {
			n.rule = r
			r.schema(n)
		}
	}
	n.leftover(n.path(), &n.old, &n.new)
}

// report adds a change of the rule that is looking at the node.
func (n *node) report(kind string, old, new any, message string) {
	c := n.walk.report(n.rule, kind, n.path(), old, new, message)
	switch n.rule.find(kind).effect {
	case altersValue:
		at := n.noticed()
		// Of a field that nobody knew, an API server has checked that the default may stay.
		if known := !reflect.DeepEqual(*n.was, props{}); at == "" && known && anyBelow(n.is, comparesWithOld) {
			at = "a rule there that compares with the old value"
		}
		if at != "" {
			c.Writers, c.WritersIf = Breaking, ""
			c.Message += "; " + at + " can notice, and refuse what was valid"
		}
	case altersType:
		if at := n.seenByRules(); at != nil {
			c.Writers, c.WritersIf = Breaking, ""
			if c.Readers == Compatible { // they may let through what they refused
				c.Readers, c.ReadersIf = Conditional, "readers-tolerate-new-values"
			}
			c.Message += "; the validation rules at " + at.place() + " see another type, and may mean something else"
		}
	}
}

// seenByRules returns the nearest place, here or above, whose CEL rules can see
// this value; nil where there is none.
func (n *node) seenByRules() *node {
	for at := n; at != nil; at = at.parent {
		if hasRules(at.is) {
			return at
		}
	}
	return nil
}

func hasRules(s *props) bool {
	if len(s.XValidations) > 0 {
		return true
	}
	for i := range s.AllOf {
		if nestedRules(&s.AllOf[i]) {
			return true
		}
	}
	return false
}

// comparesWithOld reports whether CEL rules of a schema compare with the old value, and
// so can refuse an update because a default has been there before.
func comparesWithOld(s *props) bool {
	return slices.ContainsFunc(s.XValidations, func(r apiextensionsv1.ValidationRule) bool { return strings.Contains(r.Rule, "oldSelf") })
}

// nestedRules reports whether a schema inside allOf has CEL rules at any depth.
func nestedRules(s *props) bool {
	if hasRules(s) || s.Items != nil && s.Items.Schema != nil && nestedRules(s.Items.Schema) ||
		s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil && nestedRules(s.AdditionalProperties.Schema) {
		return true
	}
	for _, p := range s.Properties {
		if nestedRules(&p) {
			return true
		}
	}
	return false
}

// noticed says what, above the node, judges more than this value and may judge
// otherwise once the value changes or appears; "" where nothing does.
func (n *node) noticed() string {
	return n.judgedAbove(func(at *node) *props { return at.is }, func(s *props, direct bool) string {
		switch {
		case hasRules(s):
			return "the validation rules"
		case direct && s.MaxProperties != nil:
			return "maxProperties"
		}
		return ""
	})
}

// missed says what, above the node, was true of the whole and may not be for those who
// do not know this field; "" where nothing is. Validation rules don't name a field that
// is new, and are not among it.
func (n *node) missed() string {
	return n.judgedAbove(func(at *node) *props { return at.was }, func(s *props, direct bool) string {
		if direct && s.MinProperties != nil && *s.MinProperties > 0 {
			return "minProperties"
		}
		return ""
	})
}

// judgedAbove says what, in the schemas of one side above the node, judges more than
// this value: whole knows some of it, for the object that the value is a field of
// (direct) and for what is further up.
func (n *node) judgedAbove(side func(*node) *props, whole func(s *props, direct bool) string) string {
	steps := []step{n.step}
	for at := n.parent; at != nil; at = at.parent {
		s := side(at)
		what := whole(s, len(steps) == 1)
		switch {
		case what != "":
		case len(s.Enum) > 0:
			what = "enum"
		case s.UniqueItems, s.XListType != nil && *s.XListType == "set",
			s.XListType != nil && *s.XListType == "map" && len(steps) == 2 && slices.Contains(s.XListMapKeys, steps[1].name):
			what = "the uniqueness of items"
		default:
			for name, list := range map[string][]props{"allOf": s.AllOf, "anyOf": s.AnyOf, "oneOf": s.OneOf, "not": single(s.Not)} {
				for i := range list {
					if looksAt(&list[i], steps) && (what == "" || name < what) {
						what = name
					}
				}
			}
		}
		if what != "" {
			return what + " at " + at.place()
		}
		steps = append([]step{at.step}, steps...)
	}
	return ""
}

func single(s *props) []props {
	if s == nil {
		return nil
	}
	return []props{*s}
}

// looksAt reports whether a schema inside allOf, anyOf, oneOf or not constrains
// the value that the steps lead to, or whether it is there.
func looksAt(s *props, steps []step) bool {
	if len(steps) == 0 {
		return !reflect.DeepEqual(*s, props{})
	}
	if len(s.Enum) > 0 || s.MaxProperties != nil || s.MinProperties != nil || s.UniqueItems || len(s.XValidations) > 0 {
		return true
	}
	for _, list := range [][]props{s.AllOf, s.AnyOf, s.OneOf, single(s.Not)} {
		if slices.ContainsFunc(list, func(nested props) bool { return looksAt(&nested, steps) }) {
			return true
		}
	}
	next, rest := steps[0], steps[1:]
	switch next.kind {
	case property, mapValue:
		return looksAtField(s, next, rest)
	case item:
		return s.Items != nil && (s.Items.Schema == nil || looksAt(s.Items.Schema, rest))
	}
	return false
}

// looksAtField is looksAt for a first step to a property, or to any field of a map.
func looksAtField(s *props, next step, rest []step) bool {
	leadsTo := func(name string) bool { return next.kind == mapValue || name == next.name }
	if len(rest) == 0 && slices.ContainsFunc(s.Required, leadsTo) {
		return true
	}
	for name, p := range s.Properties {
		if leadsTo(name) && looksAt(&p, rest) {
			return true
		}
	}
	values := s.AdditionalProperties
	return values != nil && (values.Schema == nil || looksAt(values.Schema, rest))
}

func preserves(s *props) bool { return s.XPreserveUnknownFields != nil && *s.XPreserveUnknownFields }

// leftover reports what the rules have left of both sides, which are pointers to
// structs of one type.
func (w *walk) leftover(path string, old, new any) {
	if reflect.DeepEqual(old, new) {
		return
	}
	a, b := reflect.ValueOf(old).Elem(), reflect.ValueOf(new).Elem()
	var fields []string
	for i := range a.NumField() {
		if reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			continue
		}
		f := a.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields = append(fields, cmp.Or(name, f.Name))
	}
	w.report(unexplainedRule, "changed", path, nil, nil, "something changed that no rule explains: "+strings.Join(fields, ", "))
}

// Keys returns the keys that lead to the schema of a path in a version of a
// definition.
func Keys(path string) []string {
	keys := []string{"schema", "openAPIV3Schema"}
	for path != "" {
		switch {
		case strings.HasPrefix(path, "[*]"):
			keys, path = append(keys, "items"), path[3:]
		case strings.HasPrefix(path, "['"):
			name := strings.Builder{}
			for path = path[2:]; path != "" && path[0] != '\''; path = path[1:] {
				if path[0] == '\\' && len(path) > 1 {
					path = path[1:]
				}
				name.WriteByte(path[0])
			}
			keys, path = append(keys, "properties", name.String()), strings.TrimPrefix(path, "']")
		default:
			path = path[1:]
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			if path[:end] == "*" {
				keys = append(keys, "additionalProperties")
			} else {
				keys = append(keys, "properties", path[:end])
			}
			path = path[end:]
		}
	}
	return keys
}

// PathOf returns the path of a field of the object at a path, as changes name it.
func PathOf(path, field string) string { return path + step{property, field}.String() }
