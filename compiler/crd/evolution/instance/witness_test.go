package instance_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func schemaOf(t *testing.T, text string) *apiextensionsv1.JSONSchemaProps {
	t.Helper()
	s := &apiextensionsv1.JSONSchemaProps{}
	if err := yaml.UnmarshalStrict([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// A witness has what shows the change and nothing more.
func TestWitness(t *testing.T) {
	const rest = `, z: {type: string}, y: {type: array, items: {type: object, properties: {n: {type: integer}}}}}`
	for _, c := range []struct{ name, old, new, path, want string }{
		{"maximum", `x: {type: integer, maximum: 10}`, `x: {type: integer, maximum: 5}`, ".x", `{"x":10}`},
		{"required", `x: {type: object, properties: {a: {type: string}}}`, `x: {type: object, required: [a], properties: {a: {type: string}}}`, ".x", `{"x":{}}`},
		{"required field that is new", `x: {type: object}`, `x: {type: object, required: [a], properties: {a: {type: string}}}`, ".x.a", `{"x":{}}`},
		{"value of a list", `x: {type: string, enum: [a, b]}`, `x: {type: string, enum: [b]}`, ".x", `{"x":"a"}`},
		{"pattern", `x: {type: string, pattern: "^[a-c]+-[0-9]{2}$"}`, `x: {type: string, pattern: "^a"}`, ".x", ""},
		{"length", `x: {type: string}`, `x: {type: string, maxLength: 3}`, ".x", `{"x":"aaaa"}`},
		{"item", `x: {type: array, items: {type: object, required: [k], properties: {k: {type: string}, n: {type: number}}}}`,
			`x: {type: array, items: {type: object, required: [k], properties: {k: {type: string}, n: {type: integer}}}}`, ".x[*].n", ""},
		{"unique items", `x: {type: array, items: {type: string}}`, `x: {type: array, x-kubernetes-list-type: set, items: {type: string}}`, ".x", ""},
		{"value of a map", `x: {type: object, additionalProperties: {type: string}}`, `x: {type: object, additionalProperties: {type: integer}}`, ".x.*", ""},
		{"null", `x: {type: array, items: {type: string, nullable: true}}`, `x: {type: array, items: {type: string}}`, ".x[*]", `{"x":[null]}`},
		{"rule", `x: {type: integer}`, `x: {type: integer, x-kubernetes-validations: [{rule: "self != 7"}]}`, ".x", `{"x":7}`},
		{"default that a count notices", `x: {type: object, maxProperties: 1, properties: {a: {type: string}, b: {type: string}}}`,
			`x: {type: object, maxProperties: 1, properties: {a: {type: string, default: d}, b: {type: string}}}`, ".x.a", ""},
		{"nothing to show", `x: {type: integer, maximum: 5}`, `x: {type: integer, maximum: 10}`, ".x", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, new := schemaOf(t, "{type: object, properties: {"+c.old+rest+"}"), schemaOf(t, "{type: object, properties: {"+c.new+rest+"}")
			w, err := instance.NewWitnesses(old, new)
			if err != nil {
				t.Fatal(err)
			}
			object, ok, err := w.Find(t.Context(), c.path)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				if c.want != "none" {
					t.Fatal("no witness")
				}
				return
			}
			before, _ := instance.NewServer(old)
			after, _ := instance.NewServer(new)
			if _, errs := before.Admit(object); len(errs) > 0 {
				t.Errorf("the old schema refuses %v: %v", object, errs)
			}
			if _, errs := after.Admit(object); len(errs) == 0 {
				t.Errorf("the new schema accepts %v", object)
			}
			again, _, _ := w.Find(t.Context(), c.path)
			for _, key := range []string{"apiVersion", "kind", "metadata"} {
				delete(object, key)
				delete(again, key)
			}
			have, _ := json.Marshal(object)
			if repeated, _ := json.Marshal(again); string(repeated) != string(have) {
				t.Errorf("the second time it is %s and not %s", repeated, have)
			}
			if c.want != "" && string(have) != c.want || strings.Contains(string(have), `"y":`) {
				t.Errorf("the witness is %s, want %s", have, c.want)
			}
		})
	}
}
