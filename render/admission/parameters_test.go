package admission_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/admission"
)

// Parameters of a built-in kind are what no policy may have (P10): those in a
// namespace go before the rest of it, and then its deletion hangs; and once the
// last policy with such parameters has gone, the API server does not find new
// ones. Values of a tenant stand on the Namespace instead.
func TestNoBuiltInParameters(t *testing.T) {
	p := platform()
	p.Implicit = []desired.GroupKind{{Kind: "ConfigMap"}}
	objects := admission.Platform(p)
	rendered := os.DirFS("../../examples")
	err := fs.WalkDir(rendered, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" || !strings.Contains(name, "/rendered/clusters/") {
			return err
		}
		data, err := fs.ReadFile(rendered, name)
		if err != nil {
			return err
		}
		more, err := manifest.FromYAML(data)
		objects = append(objects, more...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, m := range objects {
		if kind, _ := m.Get("kind").(string); strings.HasSuffix(kind, "AdmissionPolicy") || strings.HasSuffix(kind, "AdmissionPolicyBinding") {
			seen++
		}
	}
	if seen < 20 {
		t.Errorf("only %d policies and bindings are looked at", seen)
	}
	for _, name := range withBuiltInParameters(objects) {
		t.Errorf("%s has parameters of a built-in kind", name)
	}
}

// withBuiltInParameters names the policies with such parameters, and the bindings
// with parameters of a policy that has none of its own kind.
func withBuiltInParameters(objects []manifest.Map) []string {
	custom := map[string]bool{}
	var out []string
	for _, m := range objects {
		kind, _ := m.Get("kind").(string)
		name, _ := m.Get("metadata", "name").(string)
		if param := m.Get("spec", "paramKind"); strings.HasSuffix(kind, "AdmissionPolicy") && param != nil {
			api, _ := m.Get("spec", "paramKind", "apiVersion").(string)
			if group, _, ok := strings.Cut(api, "/"); ok && strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") {
				custom[name] = true
			} else {
				out = append(out, kind+" "+name)
			}
		}
	}
	for _, m := range objects {
		kind, _ := m.Get("kind").(string)
		policy, _ := m.Get("spec", "policyName").(string)
		if strings.HasSuffix(kind, "AdmissionPolicyBinding") && m.Get("spec", "paramRef") != nil && !custom[policy] {
			name, _ := m.Get("metadata", "name").(string)
			out = append(out, kind+" "+name)
		}
	}
	return out
}

func TestBuiltInParametersAreSeen(t *testing.T) {
	with := func(name, api string) []manifest.Map {
		spec := manifest.M("paramKind", manifest.M("apiVersion", api, "kind", "Limits"))
		if api == "" {
			spec = nil
		}
		return []manifest.Map{
			manifest.M("kind", "MutatingAdmissionPolicy", "metadata", manifest.M("name", name), "spec", spec),
			manifest.M("kind", "MutatingAdmissionPolicyBinding", "metadata", manifest.M("name", name+"-b"),
				"spec", manifest.M("policyName", name, "paramRef", manifest.M("name", "x"))),
		}
	}
	objects := slices.Concat(with("core", "v1"), with("rbac", "rbac.authorization.k8s.io/v1"), with("none", ""), with("own", "limits.acme.example/v1"))
	want := []string{"MutatingAdmissionPolicy core", "MutatingAdmissionPolicy rbac",
		"MutatingAdmissionPolicyBinding core-b", "MutatingAdmissionPolicyBinding rbac-b", "MutatingAdmissionPolicyBinding none-b"}
	if got := withBuiltInParameters(objects); !slices.Equal(got, want) {
		t.Errorf("seen are %q, want %q", got, want)
	}
}
