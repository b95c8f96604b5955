package impact_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/impact"
)

// Of an object that is refused it is said whether an update that leaves it as it is
// passes: what is wrong and does not change is let be, but not by rules that compare
// with the old value, and not where nothing is served.
func TestUnchangedUpdates(t *testing.T) {
	const was = `properties: {size: {type: integer}, names: {type: array, items: {type: string}}}`
	for _, tt := range []struct{ name, spec, object, want string }{
		{"nothing", was, "{size: 11}", ""},
		{"a bound", `properties: {size: {type: integer, maximum: 10}}`, "{size: 11}", impact.Accepted},
		{"a required field", `required: [tier], properties: {size: {type: integer}, tier: {type: string}}`, "{size: 11}", impact.Accepted},
		{"unique items", `properties: {names: {type: array, x-kubernetes-list-type: set, items: {type: string}}}`, "{names: [a, a]}", impact.Accepted},
		{"a rule", `properties: {size: {type: integer}}, x-kubernetes-validations: [{rule: "self.size < 10"}]`, "{size: 11}", impact.Accepted},
		{"a rule that compares", `properties: {size: {type: integer, maximum: 10}}, x-kubernetes-validations: [{rule: "self.size < oldSelf.size"}]`, "{size: 11}", impact.Refused},
		{"no version", "", "{size: 11}", impact.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			change := impact.Change{Old: api(t, "v1", was), New: api(t, "v1", tt.spec)}
			if tt.spec == "" {
				change.New = api(t, "v2", was)
			}
			objects, err := impact.ReadObjects("o.yaml", []byte("apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: a, namespace: team}\nspec: "+tt.object))
			if err != nil {
				t.Fatal(err)
			}
			affected, judged, err := change.Judge(t.Context(), objects, nil)
			if err != nil || judged != 1 {
				t.Fatal(judged, err)
			}
			var have string
			for _, o := range affected {
				if o.Outcome == impact.Refused {
					have = o.Unchanged
				}
			}
			if have != tt.want {
				t.Errorf("an unchanged update is %q, want %q: %+v", have, tt.want, affected)
			}
		})
	}
}

func api(t *testing.T, version, spec string) *impact.API {
	t.Helper()
	read, err := definition.Read([]byte(strings.NewReplacer("VERSION", version, "SPEC", spec).Replace(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.acme.example}
spec:
  group: acme.example
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions: [{name: VERSION, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, SPEC}}}}}]
`)))
	if err != nil || len(read) != 1 || len(read[0].Problems) > 0 {
		t.Fatal(err, read)
	}
	return &impact.API{Definitions: []impact.Definition{{Definition: read[0]}}}
}
