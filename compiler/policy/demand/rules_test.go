package demand_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/demand"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"sigs.k8s.io/yaml"
)

const demandedSchema = `
type: object
properties:
  apiVersion: {type: string}
  kind: {type: string}
  metadata: {type: object}
  spec:
    type: object
    properties:
      size: {type: integer}
      ratio: {type: number, nullable: true}
      name: {type: string, maxLength: 6}
      in: {type: string}
      "with-dash": {type: boolean}
      tags: {type: array, items: {type: string}}
      options: {type: object, additionalProperties: {type: string, nullable: true}}
      parts:
        type: array
        items:
          type: object
          properties:
            name: {type: string}
            kind: {type: string, pattern: "^[a-z]*$"}
            sizes: {type: object, additionalProperties: {type: object, properties: {size: {type: integer}, unit: {type: string}}}}
      inner: {type: object, nullable: true, properties: {name: {type: string}, size: {type: integer, default: 3}}}
`

// TestDemandsAreAsInADefinition: what the policies of constraints and defaults allow
// and fill in is what a definition would that has them in its schema.
func TestDemandsAreAsInADefinition(t *testing.T) {
	root := &apiextensionsv1.JSONSchemaProps{}
	if err := yaml.Unmarshal([]byte(demandedSchema), root); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	word := func() string { return []string{"", "a", "b", "ab", "abc", "B", "ä€"}[r.IntN(7)] }
	number := func() *float64 { n := float64(r.IntN(5)); return &n }
	count := func() *int { n := r.IntN(4); return &n }
	text := func() (c schema.Constraint) {
		switch r.IntN(6) {
		case 0:
			c.Enum = []any{word(), word()}
		case 1:
			c.Pattern = []string{"^a", "b$", "^[a-z]+$", `\S'`}[r.IntN(4)]
		case 2:
			c.MinLength = count()
		case 3:
			c.MaxLength = count()
		case 4:
			c.Required = true
		default:
			c.Forbidden = true
		}
		return c
	}
	whole := func() (c schema.Constraint) {
		switch r.IntN(4) {
		case 0:
			c.Minimum = number()
		case 1:
			c.Maximum = number()
		case 2:
			c.Enum = []any{*number(), *number()}
		default:
			c.Required = true
		}
		return c
	}
	bound := func() (c schema.Constraint) { // the API server takes 1.5 where an enum says 1
		c = whole()
		c.Enum = nil
		return c
	}
	list := func() (c schema.Constraint) {
		if r.IntN(2) == 0 {
			c.MinItems = count()
		} else {
			c.MaxItems = count()
		}
		c.Required = r.IntN(3) == 0
		return c
	}
	kinds := map[string]func() schema.Constraint{
		"spec.size": whole, "spec.ratio": bound, "spec.name": text, "spec.in": text, "spec.tags": list, "spec.parts": list,
		"spec.tags[]": func() schema.Constraint { c := text(); c.Required, c.Forbidden = false, false; return c }, "spec.options[]": func() schema.Constraint { c := text(); c.Required, c.Forbidden = false, false; return c },
		"spec.parts[].name": text, "spec.parts[].kind": text, "spec.parts[].sizes[].size": whole, "spec.parts[].sizes[].unit": text, "spec.inner.name": text, "spec.inner.size": whole,
		"spec.with-dash": func() schema.Constraint { return schema.Constraint{Enum: []any{true}, Required: r.IntN(2) == 0} },
	}
	values := map[string]func() any{
		"spec.size": func() any { return *number() }, "spec.ratio": func() any { return *number() + 0.5 }, "spec.name": func() any { return word() }, "spec.in": func() any { return word() },
		"spec.with-dash": func() any { return true }, "spec.tags": func() any { return []any{word()} }, "spec.parts[].name": func() any { return word() },
		"spec.parts[].sizes[].size": func() any { return *number() }, "spec.parts[].sizes[].unit": func() any { return word() }, "spec.inner.name": func() any { return word() },
		"spec.parts": func() any { return []any{map[string]any{"name": word()}} }, "spec.inner": func() any { return map[string]any{"name": word()} },
	}
	maybe := func(m map[string]any, name string, value func() any) {
		if r.IntN(3) > 0 {
			m[name] = value()
		}
	}
	written := func() map[string]any {
		spec := map[string]any{}
		maybe(spec, "size", func() any { return int64(r.IntN(5)) })
		maybe(spec, "ratio", func() any { return []any{int64(r.IntN(5)), 1.5, nil}[r.IntN(3)] })
		maybe(spec, "name", func() any { return word() })
		maybe(spec, "in", func() any { return word() })
		maybe(spec, "with-dash", func() any { return r.IntN(2) == 0 })
		maybe(spec, "tags", func() any { return slices.Repeat([]any{word()}, r.IntN(4)) })
		maybe(spec, "options", func() any { return map[string]any{"a/b~c": word(), "x": nil} })
		maybe(spec, "parts", func() any {
			out := []any{}
			for range r.IntN(4) {
				part := map[string]any{}
				maybe(part, "name", func() any { return word() })
				maybe(part, "kind", func() any { return word() })
				maybe(part, "sizes", func() any {
					one := map[string]any{}
					maybe(one, "size", func() any { return int64(r.IntN(5)) })
					maybe(one, "unit", func() any { return word() })
					return map[string]any{"a~/b": one, "y": map[string]any{}}
				})
				out = append(out, part)
			}
			return out
		})
		maybe(spec, "inner", func() any { return []any{nil, map[string]any{}, map[string]any{"name": word()}}[r.IntN(3)] })
		out := map[string]any{"apiVersion": "x.example/v1", "kind": "X", "metadata": map[string]any{"name": "x", "namespace": "y"}}
		maybe(out, "spec", func() any { return spec })
		return out
	}
	base, err := instance.NewServer(root)
	if err != nil {
		t.Fatal(err)
	}
	kind := kubeschema.GroupVersionKind{Group: "x.example", Version: "v1", Kind: "X"}
	resource := kubeschema.GroupVersionResource{Group: "x.example", Version: "v1", Resource: "xs"}
	namespace, nobody := &corev1.Namespace{}, authorizerfactory.NewAlwaysDenyAuthorizer()
	allowed, denied, filled := 0, 0, 0
	for range 200 {
		d := constraint.Demands{Constraints: map[string]schema.Constraint{}, Defaults: map[string]any{}}
		for range 1 + r.IntN(3) {
			path := slices.Sorted(maps.Keys(kinds))[r.IntN(len(kinds))]
			d.Constraints[path] = kinds[path]()
		}
		for range r.IntN(3) {
			path := slices.Sorted(maps.Keys(values))[r.IntN(len(values))]
			d.Defaults[path] = values[path]()
		}
		narrowed, problems := constraint.Narrow(root, d)
		for _, p := range problems { // what makes no sense is left out
			delete(d.Constraints, p.Path[1])
			delete(d.Defaults, p.Path[1])
		}
		if len(problems) > 0 {
			if narrowed, problems = constraint.Narrow(root, d); len(problems) > 0 {
				continue
			}
		}
		server, err := instance.NewServer(narrowed)
		if err != nil {
			t.Fatalf("%+v: %v", d, err)
		}
		rules, _ := demand.Rules(root, d.Constraints, "")
		mutations, _ := demand.Mutations(root, d.Defaults)
		set := schema.RuleSet{Rules: rules, Mutations: mutations,
			MatchConstraints: &schema.MatchConstraints{ResourceRules: []schema.ResourceRule{{APIGroups: []string{"x.example"}, Resources: []string{"xs"}}}}}
		source, err := apiserver.NewSource("x", &set, nil)
		if err != nil {
			t.Fatal(err)
		}
		transform, err := apiserver.NewTransform([]*apiserver.Source{source})
		if err != nil {
			t.Fatal(err)
		}
		var judge *apiserver.Judge
		if rules != nil {
			admission, err := apiserver.NewAdmission(source, schema.Deny)
			if err != nil {
				t.Fatal(err)
			}
			if judge, err = admission.Judge(rule.Latest); err != nil {
				t.Fatal(err)
			}
		}
		mutator, err := transform.Mutator(rule.Latest, object.NewSchemas(&tenancy.Tenancy{}))
		if err != nil {
			t.Fatalf("%+v: %v", mutations, err)
		}
		for range 25 {
			given := written()
			want, errs := server.Admit(given)
			stored, before := base.Admit(given)
			if len(before) > 0 {
				continue
			}
			write := func(o map[string]any) admission.Attributes {
				return admission.NewAttributesRecord(&unstructured.Unstructured{Object: o}, nil, kind, "y", "x", resource, "", admission.Create, nil, false, nil)
			}
			changed, err := mutator.Mutate(t.Context(), write(runtime.DeepCopyJSON(stored)), namespace, nobody)
			if err != nil {
				t.Fatalf("%+v: %s: %v", d, asJSON(given), err)
			}
			got := changed.(*unstructured.Unstructured).Object
			base.Default(got)
			if diff := cmp.Diff(asJSON(want), asJSON(got)); diff != "" {
				t.Fatalf("%s\n%s is filled in otherwise (-definition +policy):\n%s", asJSON(d), asJSON(given), diff)
			}
			if asJSON(stored) != asJSON(got) {
				filled++
			}
			var broken []string
			if judge != nil {
				for _, one := range judge.Denied(t.Context(), write(got), namespace, nobody) {
					broken = append(broken, one.Message)
				}
			}
			if (len(errs) > 0) != (len(broken) > 0) {
				t.Fatalf("%s\n%s: the definition says %v, the policy %s", asJSON(d), asJSON(got), errs, strings.Join(broken, "; "))
			}
			if len(errs) > 0 {
				denied++
			} else {
				allowed++
			}
		}
	}
	if allowed < 500 || denied < 500 || filled < 200 {
		t.Errorf("%d allowed, %d denied, %d filled in: the test shows too little", allowed, denied, filled)
	}
}

func asJSON(v any) string {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(data)
}
