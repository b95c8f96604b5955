// Package demand writes what API sets demand of the fields of their resources as rules and
// mutations.
package demand

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Rules returns the rules that constraints are, and where each stands among
// them. scaled is the field that is written by the scale subresource, too. Paths that
// the schema does not have are passed over.
func Rules(root *apiextensionsv1.JSONSchemaProps, constraints map[string]schema.Constraint, scaled string) (rules []schema.Rule, paths [][]string) {
	for _, path := range slices.Sorted(maps.Keys(constraints)) {
		steps, err := constraint.Steps(root, path)
		if err != nil {
			continue
		}
		for _, demand := range keywords(constraints[path]) {
			expression := held("object", steps, demand)
			if scaled != "" {
				on := "true"
				if path == scaled {
					on = held("object", []constraint.Step{{Field: "spec"}, {Field: "replicas"}}, demand)
				}
				expression = "request.?subResource.orValue('') == 'scale' ? (" + on + ") : (" + expression + ")"
			}
			rules = append(rules, schema.Rule{Expression: expression, Message: path + " " + demand.message})
			paths = append(paths, append([]string{path}, demand.keyword...))
		}
	}
	return rules, paths
}

// demand is one keyword of a constraint.
type demand struct {
	keyword []string // where it stands in the constraint
	// holds is the condition on the value, nil where it is on whether the field is
	// there: there.
	holds   func(value string) string
	there   bool
	null    bool // null does not keep it either
	message string
}

func keywords(c schema.Constraint) (out []demand) {
	add := func(keyword, message string, holds func(string) string) {
		out = append(out, demand{keyword: []string{keyword}, message: message, holds: holds})
	}
	if c.Enum != nil {
		values, texts := make([]string, len(c.Enum)), make([]string, len(c.Enum))
		for i, v := range c.Enum {
			values[i], texts[i] = rule.Dynamic(constraint.Whole(v)), fmt.Sprint(constraint.Whole(v))
		}
		message := "must be one of " + strings.Join(texts, ", ")
		if len(texts) == 1 {
			message = "must be " + texts[0]
		}
		add("enum", message, func(value string) string { return value + " in [" + strings.Join(values, ", ") + "]" })
		out[len(out)-1].keyword, out[len(out)-1].null = []string{"enum", "0"}, true
	}
	number := func(keyword string, n *float64, operator, words string) {
		if n != nil {
			text := rule.Literal(constraint.Whole(*n))
			add(keyword, "must be "+words+" "+text, func(value string) string { return value + " " + operator + " " + text })
		}
	}
	number("minimum", c.Minimum, ">=", "at least")
	number("maximum", c.Maximum, "<=", "at most")
	size := func(keyword string, n *int, operator, words, of string) {
		if n != nil {
			add(keyword, fmt.Sprintf("must have %s %d %s", words, *n, of), func(value string) string { return fmt.Sprintf("size(%s) %s %d", value, operator, *n) })
		}
	}
	size("minLength", c.MinLength, ">=", "at least", "characters")
	size("maxLength", c.MaxLength, "<=", "at most", "characters")
	if c.Pattern != "" {
		add("pattern", "must match "+strings.ReplaceAll(c.Pattern, "\n", `\n`), func(value string) string { return value + ".matches(" + rule.String(c.Pattern) + ")" })
	}
	size("minItems", c.MinItems, ">=", "at least", "items")
	size("maxItems", c.MaxItems, "<=", "at most", "items")
	if c.Required {
		out = append(out, demand{keyword: []string{"required"}, there: true, message: "must be given"})
	}
	if c.Forbidden {
		out = append(out, demand{keyword: []string{"forbidden"}, message: "must be left out"})
	}
	return out
}

// access returns the expression of a field's value, and those of whether it is there
// and is not.
func access(of, field string) (value, has, lacks string) {
	if rule.Identifier(field) && !slices.Contains([]string{"in", "true", "false", "null"}, field) {
		value = of + "." + field
		return value, "has(" + value + ")", "!has(" + value + ")"
	}
	name := rule.String(field)
	return of + "[" + name + "]", name + " in " + of, "!(" + name + " in " + of + ")"
}

const null = "null_type"

// held is the condition that a demand is kept in a value, wherever the steps lead.
func held(value string, steps []constraint.Step, d demand) string {
	if len(steps) == 0 {
		return d.holds(value)
	}
	step, rest := steps[0], steps[1:]
	if step.Field == "" {
		name := fmt.Sprintf("x%d", len(steps))
		item := name
		if step.Map {
			item = value + "[" + name + "]"
		}
		return value + ".all(" + name + ", " + orNull(item, step, d, rest) + held(item, rest, d) + ")"
	}
	next, has, lacks := access(value, step.Field)
	switch {
	case len(rest) > 0 || d.holds != nil:
		return lacks + " || " + orNull(next, step, d, rest) + held(next, rest, d)
	case d.there:
		return has
	}
	return lacks
}

// orNull is the beginning of a condition on what may be null, which keeps all demands on
// what is in it, and nearly all on itself.
func orNull(value string, step constraint.Step, d demand, rest []constraint.Step) string {
	if !step.Nullable || d.null && len(rest) == 0 {
		return ""
	}
	return "type(" + value + ") == " + null + " || "
}

// ReplicasPath is the field that the scale subresource of a resource writes; empty
// where there is none.
func ReplicasPath(r *tenancy.Resource) string {
	if !slices.ContainsFunc(r.Subresources, func(s tenancy.Subresource) bool { return s.Name == "scale" }) {
		return ""
	}
	if r.CRD == nil || r.CRD.Definition == nil {
		return "spec.replicas"
	}
	for _, v := range r.CRD.Definition.Spec.Versions {
		if v.Served && v.Subresources != nil && v.Subresources.Scale != nil {
			return strings.TrimPrefix(v.Subresources.Scale.SpecReplicasPath, ".")
		}
	}
	return ""
}
