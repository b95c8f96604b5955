package object_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

const twoVersions = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: queues.acme.example}
spec:
  group: acme.example
  scope: Namespaced
  names: {kind: Queue, plural: queues}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
  - {name: v2, served: true, storage: false, schema: {openAPIV3Schema: {type: object}}}
`

// Whoever asks first for some versions of a resource, others get those that they ask for.
func TestTypesOfVersions(t *testing.T) {
	crds, err := definition.Read([]byte(twoVersions))
	if err != nil {
		t.Fatal(err)
	}
	queue := &tenancy.Resource{Key: "queues.acme.example", Group: "acme.example", Plural: "queues", Kind: "Queue", CRD: &tenancy.CRD{Name: crds[0].Name, Data: []byte(twoVersions)}}
	types := object.NewTypes(&tenancy.Tenancy{APISets: []*tenancy.APISet{{Versions: []*tenancy.APIVersion{{Resources: []*tenancy.Resource{queue}}}}}})
	for _, c := range []struct{ ask, want []string }{
		{[]string{"v1"}, []string{"queues.v1.acme.example"}},
		{[]string{"v2"}, []string{"queues.v2.acme.example"}},
		{[]string{"v3"}, nil},
		{[]string{"*"}, []string{"queues.v1.acme.example", "queues.v2.acme.example"}},
		{nil, []string{"queues.v1.acme.example", "queues.v2.acme.example"}},
		{[]string{"v1"}, []string{"queues.v1.acme.example"}},
	} {
		var have []string
		for _, one := range types.Of("acme.example", "queues", c.ask) {
			have = append(have, one.Name)
		}
		if diff := cmp.Diff(c.want, have); diff != "" {
			t.Errorf("versions %v (-want +have):\n%s", c.ask, diff)
		}
	}
}
