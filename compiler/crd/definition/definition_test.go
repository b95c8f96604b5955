package definition

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const widget = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.acme.example
spec:
  group: acme.example
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              replicas: {type: integer, default: 1, maximum: 10}
            x-kubernetes-validations: [{rule: "self.replicas < 10"}]
          status:
            type: object
            properties: {replicas: {type: integer}}
`

// The digest is of the content: the layout, the order of fields and what an API
// server fills in do not count, and anything else does.
func TestDigestIsOfContent(t *testing.T) {
	digest := func(text string) [32]byte {
		t.Helper()
		read, err := Read([]byte(text))
		if err != nil || len(read) != 1 || len(read[0].Problems) > 0 {
			t.Fatalf("%+v, %v", read, err)
		}
		return read[0].Digest
	}
	base := digest(widget)
	for _, same := range []string{
		"# a comment\n---\n" + widget,
		strings.Replace(widget, "{kind: Widget, plural: widgets}", "\n    plural: widgets\n    kind: Widget", 1),
		strings.Replace(widget, "metadata:\n", "metadata:\n  creationTimestamp: null\n", 1) + "status:\n  conditions: []\n  storedVersions: []\n",
	} {
		if digest(same) != base {
			t.Errorf("differs, and should not:\n%s", same)
		}
	}
	for _, other := range []string{
		strings.Replace(widget, "maximum: 10", "maximum: 11", 1),
		strings.Replace(widget, "metadata:\n", "metadata:\n  labels: {a: b}\n", 1),
		strings.Replace(widget, "self.replicas < 10", "self.replicas < 9", 1),
	} {
		if digest(other) == base {
			t.Errorf("does not differ, and should:\n%s", other)
		}
	}
}

// A list, as kubectl prints it, is as good as its items, and what an API server has
// added to them does not count.
func TestReadList(t *testing.T) {
	want, err := Read([]byte(widget))
	if err != nil {
		t.Fatal(err)
	}
	added := strings.Replace(widget, "metadata:\n", "metadata:\n  uid: 0b9f5ae3\n  resourceVersion: \"12\"\n  generation: 3\n  managedFields: []\n", 1)
	gadget := strings.NewReplacer("widgets", "gadgets", "Widget", "Gadget").Replace(widget)
	item := func(text, by string) string {
		return by + "- " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by+"  ") + "\n"
	}
	asJSON, err := yaml.YAMLToJSON([]byte(widget))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		line int // of size, 0 where it is not known
	}{
		"list":       {"# dump\n---\napiVersion: v1\nitems:\n" + item(added, "") + item(gadget, "") + "kind: List\nmetadata:\n  resourceVersion: \"\"\n", 31},
		"indented":   {"kind: CustomResourceDefinitionList\napiVersion: apiextensions.k8s.io/v1\nitems:\n" + item(widget, "  ") + item(gadget, "  "), 26},
		"documents":  {"kind: ConfigMap\n---\napiVersion: v1\nkind: List\nitems:\n" + item(widget, "") + "---\n" + gadget, 28},
		"JSON":       {`{"apiVersion": "v1", "kind": "List", "items": [` + string(asJSON) + `]}`, 0},
		"empty":      {"apiVersion: v1\nkind: List\nitems: []\n", 0},
		"other list": {"apiVersion: acme.example/v1\nkind: WidgetList\nitems:\n" + item(widget, ""), 0},
	} {
		read, err := Read([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(name, "empty") || strings.Contains(name, "other") {
			if len(read) != 0 {
				t.Errorf("%s has definitions", name)
			}
			continue
		}
		if len(read) == 0 || read[0].Digest != want[0].Digest || len(read[0].Problems) > 0 || name != "JSON" && (len(read) != 2 || read[1].Name != "gadgets.acme.example") {
			t.Errorf("%s: %+v", name, read)
			continue
		}
		line, _ := read[0].Find("v1", "schema", "openAPIV3Schema", "properties", "spec", "properties", "replicas")
		if line != c.line {
			t.Errorf("%s: replicas stands in line %d, want %d", name, line, c.line)
		}
		again, err := Read(read[0].Text)
		if err != nil || len(again) != 1 || again[0].Digest != want[0].Digest {
			t.Errorf("%s: the text of an item reads as %+v, %v", name, again, err)
		}
	}
}

// Whatever stands in a file, reading it ends with definitions or with problems.
func FuzzRead(f *testing.F) {
	f.Add(widget)
	f.Add(strings.Replace(widget, "openAPIV3Schema:\n        type: object", "openAPIV3Schema:\n        items: [{}]", 1))
	f.Add(strings.Replace(widget, "schema:", "nothing:", 1))
	f.Add("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n---\n{}\n---\n[]\n")
	f.Add("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {conversion: {strategy: Webhook}, versions: [{}]}\n")
	f.Add("kind: &a [*a]\n")
	f.Add("apiVersion: v1\nkind: List\nitems: [{}, 1, {a: &a {b: c}}, *a]\n")
	f.Add("apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(widget, "\n", "\n  ") + "\n- {}\n")
	f.Fuzz(func(t *testing.T, text string) {
		read, _ := Read([]byte(text))
		for _, d := range read {
			if len(d.Problems) > 0 {
				continue
			}
			if spec := d.CRD.Spec; d.Name != spec.Names.Plural+"."+spec.Group || len(spec.Versions) == 0 || d.Digest == [32]byte{} {
				t.Errorf("%q is accepted with %+v", d.Name, spec)
			}
		}
	})
}

// A value is found where the file has it.
func TestFind(t *testing.T) {
	read, err := Read([]byte("# comment\n---\na: b\n---\n" + widget))
	if err != nil || len(read) != 1 {
		t.Fatal(read, err)
	}
	for _, c := range []struct {
		version string
		keys    []string
		line    int
	}{
		{"", nil, 5},
		{"", []string{"spec", "group"}, 10},
		{"v1", nil, 14},
		{"v1", []string{"schema", "openAPIV3Schema", "properties", "spec", "properties", "replicas"}, 27},
		{"v1", []string{"schema", "openAPIV3Schema", "properties", "nowhere"}, 23},
		{"v9", []string{"schema"}, 13},
	} {
		if line, column := read[0].Find(c.version, c.keys...); line != c.line || column < 1 {
			t.Errorf("%s %v stands at %d:%d, want line %d", c.version, c.keys, line, column, c.line)
		}
	}
}

// A definition on which the API server's validation panics is refused.
func TestValidationThatPanics(t *testing.T) {
	read, err := Read([]byte(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.acme.example}
spec:
  group: acme.example
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    selectableFields: [{jsonPath: .spec.tier.name}]
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, additionalProperties: true}}}}
`))
	if err != nil || len(read) != 1 || !strings.Contains(strings.Join(read[0].Problems, "\n"), "validation fails on it") {
		t.Errorf("%v, problems %q", err, read[0].Problems)
	}
}
