package constraint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/schema"
)

const database = `
type: object
properties:
  spec:
    type: object
    required: [size]
    properties:
      size: {type: integer, minimum: 1, maximum: 64}
      plan: {type: string, enum: [small, large]}
      name: {type: string, pattern: "^[a-z]+$"}
      tier: {type: string, default: gold}
      zones: {type: array, items: {type: string}}
      labels: {type: object, additionalProperties: {type: string}}
      anything: {type: object, x-kubernetes-preserve-unknown-fields: true}
`

func parse(t *testing.T, text string) *apiextensionsv1.JSONSchemaProps {
	t.Helper()
	var s apiextensionsv1.JSONSchemaProps
	if err := yaml.UnmarshalStrict([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

func number(f float64) *float64 { return &f }
func count(n int) *int          { return &n }

// narrowed is the schema with demands on one field, and what is wrong with them.
func narrowed(t *testing.T, path string, c schema.Constraint, byDefault any) (spec apiextensionsv1.JSONSchemaProps, problems []string) {
	t.Helper()
	root := parse(t, database)
	demands := constraint.Demands{Constraints: map[string]schema.Constraint{path: c}}
	if byDefault != nil {
		demands.Defaults = map[string]any{path: byDefault}
	}
	out, found := constraint.Narrow(root, demands)
	if diff := cmp.Diff(parse(t, database), root); diff != "" {
		t.Errorf("the schema given was changed:\n%s", diff)
	}
	for _, p := range found {
		problems = append(problems, strings.Join(p.Path, " ")+": "+p.Err.Error())
	}
	return out.Properties["spec"], problems
}

// A constraint makes a schema narrower, and never wider.
func TestNarrow(t *testing.T) {
	for _, c := range []struct {
		name, path string
		constraint schema.Constraint
		byDefault  any
		want       string // of spec.properties, merged into what is there
	}{
		{name: "bounds", path: "spec.size", constraint: schema.Constraint{Minimum: number(2), Maximum: number(8)}, want: `size: {type: integer, minimum: 2, maximum: 8}`},
		{name: "bounds that the definition has tighter", path: "spec.size", constraint: schema.Constraint{Minimum: number(0), Maximum: number(100)}, want: `size: {type: integer, minimum: 1, maximum: 64}`},
		{name: "fewer values", path: "spec.plan", constraint: schema.Constraint{Enum: []any{"small"}}, want: `plan: {type: string, enum: [small]}`},
		{name: "a second pattern", path: "spec.name", constraint: schema.Constraint{Pattern: "^a"}, want: `name: {type: string, pattern: "^[a-z]+$", allOf: [{pattern: "^a"}]}`},
		{name: "lengths", path: "spec.name", constraint: schema.Constraint{MinLength: count(1), MaxLength: count(3)}, want: `name: {type: string, pattern: "^[a-z]+$", minLength: 1, maxLength: 3}`},
		{name: "items", path: "spec.zones", constraint: schema.Constraint{MaxItems: count(2)}, want: `zones: {type: array, maxItems: 2, items: {type: string}}`},
		{name: "each item", path: "spec.zones[]", constraint: schema.Constraint{Pattern: "^eu"}, want: `zones: {type: array, items: {type: string, pattern: "^eu"}}`},
		{name: "each value", path: "spec.labels[]", constraint: schema.Constraint{MaxLength: count(9)}, want: `labels: {type: object, additionalProperties: {type: string, maxLength: 9}}`},
		{name: "a default", path: "spec.plan", byDefault: "small", want: `plan: {type: string, enum: [small, large], default: small}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec, problems := narrowed(t, c.path, c.constraint, c.byDefault)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			want := parse(t, database).Properties["spec"]
			for name, s := range parse(t, "properties:\n  "+c.want).Properties {
				want.Properties[name] = s
			}
			if diff := cmp.Diff(want, spec); diff != "" {
				t.Errorf("(-want +have):\n%s", diff)
			}
		})
	}
}

// Required and forbidden are about the object that has the field.
func TestNarrowPresence(t *testing.T) {
	spec, problems := narrowed(t, "spec.plan", schema.Constraint{Required: true}, nil)
	if diff := cmp.Diff([]string{"size", "plan"}, spec.Required); diff != "" || len(problems) > 0 {
		t.Errorf("%v (-want +have):\n%s", problems, diff)
	}
	spec, problems = narrowed(t, "spec.plan", schema.Constraint{Forbidden: true}, nil)
	if len(spec.AllOf) != 1 || spec.AllOf[0].Not == nil || len(problems) > 0 {
		t.Errorf("%v: %+v", problems, spec.AllOf)
	}
}

// Demands that make no sense of a schema are refused with the place that they are
// written at.
func TestNarrowRefuses(t *testing.T) {
	for _, c := range []struct {
		path       string
		constraint schema.Constraint
		byDefault  any
		want       string
	}{
		{"spec.nothing", schema.Constraint{Required: true}, nil, "constraints spec.nothing: spec has no field nothing"},
		{"metadata.name", schema.Constraint{Pattern: "x"}, nil, "constraints metadata.name: nothing can be said of metadata"},
		{"status.phase", schema.Constraint{Pattern: "x"}, nil, "constraints status.phase: nothing can be said of status"},
		{"spec.zones.x", schema.Constraint{Pattern: "x"}, nil, "write spec.zones[] for each of its items"},
		{"spec.anything.x", schema.Constraint{Pattern: "x"}, nil, "the schema says nothing of what spec.anything holds"},
		{"spec.plan", schema.Constraint{Minimum: number(1)}, nil, "constraints spec.plan minimum: "},
		{"spec.plan", schema.Constraint{Enum: []any{"huge"}}, nil, "constraints spec.plan enum: "},
		{"spec.name", schema.Constraint{Pattern: "("}, nil, "constraints spec.name pattern: "},
		{"spec.size", schema.Constraint{Minimum: number(65)}, nil, "at least 65 and at most 64"},
		{"spec.size", schema.Constraint{Forbidden: true}, nil, "the definition requires it"},
		{"spec.tier", schema.Constraint{Enum: []any{"silver"}}, nil, "the definition's own default \"gold\" is not allowed"},
		{"spec.tier", schema.Constraint{}, "silver", "defaults spec.tier: spec.tier: the definition's own default \"gold\" comes first"},
		{"spec.size", schema.Constraint{}, "many", "defaults spec.size: "},
		{"spec.plan", schema.Constraint{Forbidden: true}, "small", "it can have no default"},
		{"spec.zones[]", schema.Constraint{Required: true}, nil, "only a field can be required"},
	} {
		_, problems := narrowed(t, c.path, c.constraint, c.byDefault)
		if all := strings.Join(problems, "\n"); !strings.Contains(all, c.want) {
			t.Errorf("%s %+v: have %q, want %q", c.path, c.constraint, all, c.want)
		}
	}
}

// Kubernetes' own kinds have the types of their fields, which can be narrowed too.
func TestBuiltin(t *testing.T) {
	deployment := constraint.Builtin(kubeschema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"})
	steps, err := constraint.Steps(deployment, "spec.template.spec.containers[].image")
	if err != nil || len(steps) != 6 || steps[5].Field != "image" || steps[4].Field != "" || steps[4].Map {
		t.Errorf("%+v, %v", steps, err)
	}
	_, problems := constraint.Narrow(deployment, constraint.Demands{Constraints: map[string]schema.Constraint{"spec.replicas": {Maximum: number(10)}, "spec.template": {Required: true}}})
	if len(problems) != 1 || !strings.Contains(problems[0].Err.Error(), "the API server always writes the field") {
		t.Errorf("%v", problems)
	}
	if s := constraint.Builtin(kubeschema.GroupVersionKind{Group: "acme.example", Version: "v1", Kind: "Deployment"}); s != nil {
		t.Errorf("an unknown kind has a schema: %+v", s)
	}
}
