package inventory_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/inventory"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func fromJSON[T any](t testing.TB, m manifest.Map) T {
	t.Helper()
	var out T
	if err := json.Unmarshal(manifest.AppendJSON(nil, m), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// What a state comes to as an object has all that its definition requires, and nothing
// that the definition does not know.
func TestSpecFitsDefinition(t *testing.T) {
	definition := fromJSON[apiextensionsv1.CustomResourceDefinition](t, inventory.Definition(manifest.M("a", "b")))
	if definition.Name != definition.Spec.Names.Plural+"."+definition.Spec.Group {
		t.Errorf("the definition is called %s", definition.Name)
	}
	schema := definition.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	full := &desired.State{
		Key: "acme/shop/prod", Organization: "acme/shop", Class: "standard", Declared: "active", Cluster: "eu-1", Backing: "namespace",
		Labels: map[string]string{"env": "prod"}, APIs: []desired.API{{Set: "core", Requested: "stable", Version: "v1"}},
		Namespaces: []desired.Namespace{{Name: "api", Physical: "lc-api"}, {Name: "old", Physical: "lc-old", Retired: true}},
	}
	for _, phase := range []pins.Phase{pins.Present, pins.Leaving, pins.Confirmed} {
		full.Phase = phase
		fits(t, "spec", &schema, fromJSON[any](t, inventory.Spec(full)))
	}
	for name := range schema.Properties {
		if _, ok := fromJSON[map[string]any](t, inventory.Spec(full))[name]; !ok {
			t.Errorf("no state has the field %s", name)
		}
	}
	few := &desired.State{Key: "a/b", Organization: "a", Class: "c", Declared: "deleted", Cluster: "eu-1", Backing: "namespace",
		Namespaces: []desired.Namespace{{Name: "default", Physical: "lc"}}}
	fits(t, "spec", &schema, fromJSON[any](t, inventory.Spec(few)))
}

// fits checks what a structural schema says of fields and enums.
func fits(t *testing.T, path string, s *apiextensionsv1.JSONSchemaProps, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				t.Errorf("%s lacks %s", path, name)
			}
		}
		for name, value := range v {
			field, ok := s.Properties[name]
			switch {
			case ok:
				fits(t, path+"."+name, &field, value)
			case s.AdditionalProperties != nil:
				fits(t, path+"."+name, s.AdditionalProperties.Schema, value)
			default:
				t.Errorf("%s has %s, which the definition lacks", path, name)
			}
		}
	case []any:
		for _, item := range v {
			fits(t, path+"[]", s.Items.Schema, item)
		}
	case string:
		known := len(s.Enum) == 0
		for _, e := range s.Enum {
			known = known || string(e.Raw) == `"`+v+`"`
		}
		if !known || s.Type != "string" {
			t.Errorf("%s is %q, which the definition refuses", path, v)
		}
	default:
		if s.Type != "boolean" || reflect.TypeOf(v).Kind() != reflect.Bool {
			t.Errorf("%s is %v, want a %s", path, v, s.Type)
		}
	}
}
