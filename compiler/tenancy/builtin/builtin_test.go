package builtin

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Kubernetes' own client knows every built-in resource in every version.
func TestBuiltinsExist(t *testing.T) {
	for key, b := range All() {
		for _, version := range b.Versions {
			if gvk := (schema.GroupVersionKind{Group: b.Group, Version: version, Kind: b.Kind}); !scheme.Scheme.Recognizes(gvk) {
				t.Errorf("%s: there is no %s", key, gvk)
			}
		}
		if Refused(key) != "" {
			t.Errorf("%s is both given and refused", key)
		}
	}
}

// What would let a tenant out of its logical cluster is in nobody's hands.
func TestBuiltinsStayWithin(t *testing.T) {
	writes := func(verbs []string) bool {
		return slices.ContainsFunc(verbs, func(v string) bool { return !slices.Contains(ReadVerbs(), v) })
	}
	table := All()
	for key, b := range table {
		if writes(b.View) {
			t.Errorf("view writes %s", key)
		}
		for _, s := range b.Subresources {
			if writes(s.View) {
				t.Errorf("view writes %s/%s", key, s.Name)
			}
			switch s.Name {
			case "token", "proxy", "finalize", "binding", "approve":
				t.Errorf("%s/%s is given", key, s.Name)
			case "status":
				if writes(s.Edit) || writes(s.Admin) {
					t.Errorf("%s/status can be written", key)
				}
			}
		}
	}
	for _, key := range []string{"resourcequotas", "limitranges"} {
		if b := table[key]; writes(b.Edit) || writes(b.Admin) || b.Most == nil || writes(b.Most) {
			t.Errorf("%s can be written", key)
		}
	}
	if b := table["secrets"]; b.View != nil {
		t.Error("view reads secrets")
	}
}
