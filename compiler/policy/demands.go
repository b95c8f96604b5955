package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Demanded is what a version of an API set demands of a resource's fields. For those
// that bind the version, its constraints are a policy at stage admit, and its defaults
// one at stage transform.
type Demanded struct {
	Version  *tenancy.APIVersion
	Resource *tenancy.Resource

	// positions are where each rule, or each mutation, stands.
	positions []diag.Position
}

// demands makes policies of what API sets demand. It is held against the resources
// where API sets are resolved.
func (c *compiler) demands() {
	for _, set := range c.tenancy.APISets {
		for _, v := range set.Versions {
			if v.Spec.Lifecycle == schema.Removed {
				continue
			}
			for _, r := range v.Resources {
				if !r.Demands.Empty() {
					c.demanded(v, r)
				}
			}
		}
	}
}

func (c *compiler) demanded(v *tenancy.APIVersion, r *tenancy.Resource) {
	at := func(path ...string) diag.Position {
		return v.Set.At(append([]string{"versions", v.Name, "resources", r.Key}, path...)...)
	}
	add := func(stage schema.Stage, rules schema.RuleSet, positions []diag.Position, resources ...string) {
		p := &Policy{Meta: v.Set.Meta, Spec: &schema.Policy{Enforcement: schema.Deny}, Stage: stage, Rules: rules, Demanded: &Demanded{v, r, positions}}
		p.Key, p.Pos, p.rulesAt = v.String()+"/"+r.Key, positions[0], &p.Meta
		p.Rules.MatchConstraints = &schema.MatchConstraints{ResourceRules: []schema.ResourceRule{
			{APIGroups: []string{r.Group}, APIVersions: r.Versions, Resources: append([]string{r.Plural}, resources...)}}}
		err := p.compose()
		if err == nil {
			err = c.accepted(p)
		}
		if err != nil {
			c.notComposed(p, err)
			return
		}
		c.out.admits = c.out.admits || p.Admission != nil
		c.out.All = append(c.out.All, p)
	}
	root := r.Schema(r.Writable()[0])
	if r.Lost || root == nil {
		add(schema.Admit, schema.RuleSet{Rules: []schema.Rule{{Expression: "false", Message: "nothing can be written until the definition of " + r.Key + " is found again"}}}, []diag.Position{at()})
		return
	}
	var parts []string // of an object that are written by themselves, as the whole of it
	if r.Group == "" && r.Plural == "pods" {
		parts = []string{"pods/ephemeralcontainers", "pods/resize"}
	}
	constraints, scaled := r.Demands.Constraints, replicasPath(r)
	if _, ok := constraints[scaled]; !ok {
		scaled = ""
	}
	positions := func(field string, paths [][]string) []diag.Position {
		out := make([]diag.Position, len(paths))
		for i, path := range paths {
			out[i] = at(append([]string{field}, path...)...)
		}
		return out
	}
	if rules, paths := constraintRules(root, constraints, scaled); rules != nil {
		judged := parts
		if scaled != "" {
			judged = append(judged, r.Plural+"/scale")
		}
		add(schema.Admit, schema.RuleSet{Rules: rules}, positions("constraints", paths), judged...)
	}
	if mutations, paths := defaultMutations(root, r.Demands.Defaults); mutations != nil {
		add(schema.Transform, schema.RuleSet{Mutations: mutations}, positions("defaults", paths), parts...)
	}
}

// constraintRules returns the rules that constraints are, and where each stands among
// them. scaled is the field that is written by the scale subresource, too. Paths that
// the schema does not have are passed over.
func constraintRules(root *apiextensionsv1.JSONSchemaProps, constraints map[string]schema.Constraint, scaled string) (rules []schema.Rule, paths [][]string) {
	for _, path := range sortedKeys(constraints) {
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

// defaultMutations returns the mutations that defaults are, and where each stands among
// them.
func defaultMutations(root *apiextensionsv1.JSONSchemaProps, defaults map[string]any) (mutations []schema.Mutation, paths [][]string) {
	for _, path := range sortedKeys(defaults) {
		if steps, err := constraint.Steps(root, path); err == nil {
			mutations = append(mutations, schema.Mutation{JSONPatch: filled("object", "'", steps, rule.Literal(constraint.Whole(defaults[path])))})
			paths = append(paths, []string{path})
		}
	}
	return mutations, paths
}

// replicasPath is the field that the scale subresource of a resource writes; empty
// where there is none.
func replicasPath(r *tenancy.Resource) string {
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

// binds reports whether a logical cluster binds the version.
func (d *Demanded) binds(lc *tenancy.LogicalCluster) bool {
	return slices.ContainsFunc(lc.APIs, func(b tenancy.Binding) bool { return b.Version == d.Version })
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

// filled is the list of JSON patches that give a field its default, wherever the steps
// lead and the field is missing. pointer is the place of the value, as a CEL
// expression that ends within a text.
func filled(value, pointer string, steps []constraint.Step, literal string) string {
	var none []string // where any of these is true, there is nothing to fill
	for i, step := range steps {
		if step.Field == "" {
			name := fmt.Sprintf("x%d", len(steps)-i)
			item, over, index := value+"["+name+"]", "lists.range(size("+value+"))", "string("+name+")"
			if step.Map {
				over, index = value, "jsonpatch.escapeKey("+name+")"
			}
			inner := filled(item, pointer+"/' + "+index+" + '", steps[i+1:], literal)
			if step.Nullable {
				inner = "type(" + item + ") == " + null + " ? [] : " + inner
			}
			return unless(none, over+".map("+name+", "+inner+").flatten()")
		}
		next, has, lacks := access(value, step.Field)
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step.Field)
		if i == len(steps)-1 {
			return unless(append(none, has), "[JSONPatch{op: 'add', path: "+pointer+"', value: "+literal+"}]")
		}
		none = append(none, lacks)
		if step.Nullable {
			none = append(none, "type("+next+") == "+null)
		}
		value = next
	}
	return "[]"
}

func unless(none []string, list string) string {
	if none == nil {
		return list
	}
	return strings.Join(none, " || ") + " ? [] : " + list
}
