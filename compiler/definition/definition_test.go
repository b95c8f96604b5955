package definition

import (
	"strings"
	"testing"
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

// Whatever stands in a file, reading it ends with definitions or with problems.
func FuzzRead(f *testing.F) {
	f.Add(widget)
	f.Add(strings.Replace(widget, "openAPIV3Schema:\n        type: object", "openAPIV3Schema:\n        items: [{}]", 1))
	f.Add(strings.Replace(widget, "schema:", "nothing:", 1))
	f.Add("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n---\n{}\n---\n[]\n")
	f.Add("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {conversion: {strategy: Webhook}, versions: [{}]}\n")
	f.Add("kind: &a [*a]\n")
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
