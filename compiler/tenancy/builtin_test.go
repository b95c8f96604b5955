package tenancy

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Kubernetes' own client knows every built-in resource in every version.
func TestBuiltinsExist(t *testing.T) {
	for key, b := range builtins() {
		for _, version := range b.versions {
			if gvk := (schema.GroupVersionKind{Group: b.group, Version: version, Kind: b.kind}); !scheme.Scheme.Recognizes(gvk) {
				t.Errorf("%s: there is no %s", key, gvk)
			}
		}
		if refusedBuiltin(key) != "" {
			t.Errorf("%s is both given and refused", key)
		}
	}
}

// What would let a tenant out of its logical cluster is in nobody's hands.
func TestBuiltinsStayWithin(t *testing.T) {
	writes := func(verbs []string) bool {
		return slices.ContainsFunc(verbs, func(v string) bool { return !slices.Contains(readVerbs(), v) })
	}
	table := builtins()
	for key, b := range table {
		if writes(b.view) {
			t.Errorf("view writes %s", key)
		}
		for _, s := range b.subresources {
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
		if b := table[key]; writes(b.edit) || writes(b.admin) || b.most == nil || writes(b.most) {
			t.Errorf("%s can be written", key)
		}
	}
	if b := table["secrets"]; b.view != nil {
		t.Error("view reads secrets")
	}
}
