package implicit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
)

// A placeholder is ${tenantry.dev/FIELD}. No shell, Kubernetes, Flux or template
// engine gives these characters a meaning, so text of objects never holds one by
// chance; $${tenantry.dev/ stands for the characters themselves.
const (
	opening = "${tenantry.dev/"
	escaped = "$" + opening
)

// labelField begins a placeholder for a label of the logical cluster.
const labelField = "labels."

// Values are what placeholders stand for in one namespace of a logical cluster.
type Values struct {
	// Organization and LogicalCluster are paths; the labels are their values as labels.
	Organization, OrganizationLabel     string
	LogicalCluster, LogicalClusterLabel string
	// Namespace is the physical one.
	Namespace               string
	Region, PhysicalCluster string
	// Labels of the logical cluster, as the repo has them.
	Labels map[string]string
	// View, Edit and Admin are the names of the logical cluster's own ClusterRoles.
	View, Edit, Admin string
	// Revoked is the access that RoleBindings do not give, whatever documents say.
	Revoked []tenancy.Revoked
}

// field is one of the closed set of placeholders.
type field struct {
	name string
	at   func(*Values) *string
	// samples are the extremes of what it may stand for: what is valid with each of
	// them is valid with all.
	samples []string
}

var longest = strings.Repeat("a", 63)

var fields = []field{
	{"organization", func(v *Values) *string { return &v.Organization }, []string{"a/a"}},
	{"organization.dotted", func(v *Values) *string { return &v.OrganizationLabel }, []string{"a.a", longest}},
	{"logicalCluster", func(v *Values) *string { return &v.LogicalCluster }, []string{"a/a"}},
	{"logicalCluster.dotted", func(v *Values) *string { return &v.LogicalClusterLabel }, []string{"a.a", longest}},
	{"namespace", func(v *Values) *string { return &v.Namespace }, []string{"a", longest}},
	{"region", func(v *Values) *string { return &v.Region }, []string{"a", longest[:40]}},
	{"physicalCluster", func(v *Values) *string { return &v.PhysicalCluster }, []string{"a", longest[:40]}},
}

// labelSamples: a label may be empty, long, and hold what no name can.
var labelSamples = []string{"", strings.ToUpper(longest), "A_a"}

// text is a string, cut at its placeholders.
type text []part

type part struct {
	literal string
	field   *field // nil: the literal stands as it is
	label   string // of a field for a label: its key
}

// parseText cuts a string at its placeholders. The problem names the one that can
// not be read.
func parseText(s string) (text, string) {
	var out text
	literal := func(l string) {
		if n := len(out); n > 0 && out[n-1].field == nil {
			out[n-1].literal += l
		} else if l != "" {
			out = append(out, part{literal: l})
		}
	}
	for {
		at := strings.Index(s, opening)
		if at < 0 {
			literal(s)
			return out, ""
		}
		if at > 0 && s[at-1] == '$' {
			literal(s[:at-1] + opening)
			s = s[at+len(opening):]
			continue
		}
		literal(s[:at])
		name, rest, closed := strings.Cut(s[at+len(opening):], "}")
		if !closed {
			return nil, fmt.Sprintf("the placeholder that begins with %s has no end: } is missing", opening)
		}
		f, label := findField(name)
		if f == nil {
			return nil, fmt.Sprintf("there is no placeholder %s%s}", opening, name)
		}
		out = append(out, part{field: f, label: label})
		s = rest
	}
}

func findField(name string) (f *field, label string) {
	if key, ok := strings.CutPrefix(name, labelField); ok {
		if key == "" {
			return nil, ""
		}
		return &field{name: name, samples: labelSamples}, key
	}
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return nil, ""
	}
	return &fields[i], ""
}

// fieldNames are the placeholders, for messages.
func fieldNames() string {
	var out []string
	for _, f := range fields {
		out = append(out, f.name)
	}
	return strings.Join(append(out, "labels.KEY"), ", ")
}

// templated reports whether the text holds placeholders.
func (t text) templated() bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.field != nil })
}

func (t text) fill(v *Values) string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.value(v))
	}
	return b.String()
}

func (p *part) value(v *Values) string {
	switch {
	case p.field == nil:
		return p.literal
	case p.label != "":
		return v.Labels[p.label]
	}
	return *p.field.at(v)
}

// samples are the extremes of what the text may come to.
func (t text) samples() []string {
	var out []string
	for n := range 3 {
		var b strings.Builder
		for _, p := range t {
			if p.field != nil {
				b.WriteString(p.field.samples[min(n, len(p.field.samples)-1)])
			} else {
				b.WriteString(p.literal)
			}
		}
		out = append(out, b.String())
	}
	return out
}

// fillTree returns a tree with its placeholders filled in. Parts without any are
// shared with the tree.
func fillTree(v manifest.Value, values *Values) manifest.Value {
	switch v := v.(type) {
	case text:
		return v.fill(values)
	case template:
		return v.fill(values)
	}
	return v
}

// template is a map or list that holds placeholders somewhere below.
type template struct {
	fields manifest.Map
	items  manifest.List
}

func (t template) fill(values *Values) manifest.Value {
	if t.items != nil {
		out := make(manifest.List, len(t.items))
		for i, item := range t.items {
			out[i] = fillTree(item, values)
		}
		return out
	}
	out := make(manifest.Map, len(t.fields))
	for i, f := range t.fields {
		out[i] = manifest.Field{Key: f.Key, Value: fillTree(f.Value, values)}
	}
	return out
}

// parser turns plain values into trees, and reports what is wrong with their
// placeholders.
type parser struct {
	at     func(path ...string) diag.Position
	report func(diag.Diagnostic)
	labels map[string]diag.Position // labels that placeholders name
}

// text reads one string; escapes are resolved.
func (p *parser) text(s string, path []string) text {
	t, problem := parseText(s)
	if problem != "" {
		p.report(diag.New(diag.ImplicitPlaceholder, p.at(path...), "%s", problem).Suggest("the placeholders are %s", fieldNames()))
		return text{{literal: s}}
	}
	for _, part := range t {
		if part.label != "" {
			if _, ok := p.labels[part.label]; !ok {
				p.labels[part.label] = p.at(path...)
			}
		}
	}
	return t
}

// value returns a tree in which every string with placeholders is a text, and
// everything above one a template.
func (p *parser) value(v any, path []string) (out manifest.Value, templated bool) {
	path = slices.Clip(path)
	switch v := v.(type) {
	case string:
		t := p.text(v, path)
		if t.templated() {
			return t, true
		}
		return t.fill(nil), false
	case map[string]any:
		m := make(manifest.Map, 0, len(v))
		for _, key := range sortedKeys(v) {
			below := append(path, key)
			if strings.Contains(key, opening) {
				p.report(diag.New(diag.ImplicitPlaceholder, p.at(below...), "a placeholder stands in the key %q", key).Suggest("placeholders stand in values"))
			}
			value, t := p.value(v[key], below)
			templated = templated || t
			m = append(m, manifest.Field{Key: key, Value: value})
		}
		if templated {
			return template{fields: m}, true
		}
		return m, false
	case []any:
		list := make(manifest.List, 0, len(v))
		for i, item := range v {
			value, t := p.value(item, append(path, fmt.Sprint(i)))
			templated = templated || t
			list = append(list, value)
		}
		if templated {
			return template{items: list}, true
		}
		return list, false
	case int64:
		if v > 1<<53 || v < -1<<53 {
			p.report(diag.New(diag.ImplicitObject, p.at(path...), "%d is too large for a number that every reader of JSON takes", v))
		}
	}
	return v, false
}

// sortedKeys returns the keys as people write them in objects: what names it
// first, then by name.
func sortedKeys(m map[string]any) []string {
	first := []string{"apiVersion", "kind", "metadata", "name"}
	keys := make([]string, 0, len(m))
	for _, k := range first {
		if _, ok := m[k]; ok {
			keys = append(keys, k)
		}
	}
	n := len(keys)
	for k := range m {
		if !slices.Contains(first, k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys[n:])
	return keys
}
