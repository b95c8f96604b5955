package admission_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

// configMap is one as an implicit document has it.
func configMap(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name}, "data": map[string]any{"a": "1"}}
}

// given compiles one implicit document for each merge rule, outside orgs/.
func given(t testing.TB, key string, objects map[schema.Merge][]map[string]any) []*implicit.Object {
	t.Helper()
	repo := &tenancy.Tenancy{LogicalClusters: []*tenancy.LogicalCluster{{
		Meta: document.Meta{Key: key}, Org: &tenancy.Organization{Path: "acme"}, Class: &tenancy.Class{}}}}
	var sources []*implicit.Source
	for merge, list := range objects {
		sources = append(sources, &implicit.Source{Meta: &document.Meta{Kind: schema.KindImplicit, Key: string(merge)},
			Content: schema.Implicit{Objects: list, Merge: merge}})
	}
	set, found := implicit.Compile(repo, sources)
	for _, f := range found {
		t.Fatalf("%s %s", f.Code, f.Message)
	}
	return set.Given(key)
}

// What implicit documents give stands under the platform's protection as far as
// the merge rule says, from before the first object is applied.
func TestImplicitObjects(t *testing.T) {
	p := platform()
	p.Implicit = []desired.GroupKind{{Kind: "ConfigMap"}}
	prod := state("acme/prod", "acme-prod")
	prod.Implicit = &desired.Implicit{Objects: given(t, "acme/prod", map[schema.Merge][]map[string]any{
		schema.PlatformWins: {configMap("wins")}, schema.TenantWins: {configMap("theirs")},
		schema.MergeFields: {configMap("shared")}, schema.MergeError: {configMap("ours")},
	})}
	bare := state("acme/bare", "acme-bare")
	argo := state("acme/argo", "acme-argo")
	argo.Engine = "argo"
	argo.Implicit = &desired.Implicit{Objects: given(t, "acme/argo", map[schema.Merge][]map[string]any{schema.PlatformWins: {configMap("wins")}})}
	s := newServer(t, p, []*desired.State{prod, bare, argo})

	live := map[string]*unstructured.Unstructured{}
	for _, m := range lower(prod) {
		if m.Get("kind") == "ConfigMap" {
			u := decode[unstructured.Unstructured](t, m)
			live[u.GetName()] = u
		}
	}
	if len(live) != 4 {
		t.Fatalf("objects: %v", live)
	}
	const create, update, remove = apiadmission.Create, apiadmission.Update, apiadmission.Delete
	told := func(name string, pairs ...string) *unstructured.Unstructured {
		return annotated(object(name), pairs...)
	}
	with := func(u *unstructured.Unstructured, field string, value any) *unstructured.Unstructured {
		u = u.DeepCopy()
		u.Object[field] = value
		return u
	}
	write := func(as string, op apiadmission.Operation, ns, name string, object, old *unstructured.Unstructured) request {
		return request{as, op, "/v1/configmaps", "ConfigMap", ns, name, object, old}
	}
	full := map[string]any{"a": strings.Repeat("x", 129<<10)}
	for _, c := range []struct {
		name string
		request
		refused string
	}{
		{"platform-wins: tenant alters it", write(tenant, update, "acme-prod", "wins", with(live["wins"], "data", map[string]any{}), live["wins"]), "belongs to the platform"},
		{"platform-wins: tenant deletes it", write(tenant, remove, "acme-prod", "wins", nil, live["wins"]), "belongs to the platform"},
		{"platform-wins: tenant comes first", write(tenant, create, "acme-prod", "wins", object("wins"), nil), ""},
		{"platform-wins: and tells the engine to pass it by", write(tenant, create, "acme-prod", "wins", told("wins", "kustomize.toolkit.fluxcd.io/reconcile=disabled"), nil), "only the platform tells"},
		{"platform-wins: or does so later", write(tenant, update, "acme-prod", "wins", told("wins", "kustomize.toolkit.fluxcd.io/ssa=Ignore"), object("wins")), "only the platform tells"},
		{"platform-wins: or by a label", write(tenant, create, "acme-prod", "wins", object("wins", "kustomize.toolkit.fluxcd.io/reconcile=disabled"), nil), "only the platform tells"},
		{"platform-wins: tenant keeps what it told before", write(tenant, update, "acme-prod", "wins", told("wins", "kustomize.toolkit.fluxcd.io/ssa=Ignore", "a=b"), told("wins", "kustomize.toolkit.fluxcd.io/ssa=Ignore")), ""},
		{"platform-wins: the engine applies", write(engine, create, "acme-prod", "wins", live["wins"], nil), ""},
		{"platform-wins under Argo CD: tenant comes first", write(tenant, create, "acme-argo", "wins", object("wins"), nil), "use another name"},
		{"error: tenant comes first", write(tenant, create, "acme-prod", "ours", object("ours"), nil), "configmaps ours is given to this logical cluster by an implicit resource"},
		{"error: the operator comes first", write(operator, create, "acme-prod", "ours", object("ours"), nil), "use another name"},
		{"error: tenant alters it", write(tenant, update, "acme-prod", "ours", live["ours"], live["ours"]), "belongs to the platform"},
		{"error: the engine applies", write(engine, create, "acme-prod", "ours", live["ours"], nil), ""},
		{"error: in a logical cluster that does not get it", write(tenant, create, "acme-bare", "ours", object("ours"), nil), ""},
		{"error: another kind of that name", request{tenant, create, "/v1/pods", "Pod", "acme-prod", "ours", object("ours"), nil}, ""},
		{"error: a made-up name", write(tenant, create, "acme-prod", "", generated("ours-"), nil), ""},
		{"merge: tenant adds to it", write(tenant, update, "acme-prod", "shared", with(live["shared"], "data", map[string]any{"a": "1", "b": "2"}), live["shared"]), ""},
		{"merge: tenant deletes it", write(tenant, remove, "acme-prod", "shared", nil, live["shared"]), ""},
		{"merge: tenant makes it unchangeable", write(tenant, update, "acme-prod", "shared", with(live["shared"], "immutable", true), live["shared"]), "cannot be immutable"},
		{"merge: tenant comes first with an unchangeable one", write(tenant, create, "acme-prod", "shared", with(object("shared"), "immutable", true), nil), "cannot be immutable"},
		{"merge: tenant fills it", write(tenant, update, "acme-prod", "shared", with(live["shared"], "data", full), live["shared"]), "at most 131072 characters"},
		{"merge: tenant fills it with bytes", write(tenant, update, "acme-prod", "shared", with(live["shared"], "binaryData", map[string]any{"a": "AAAA"}), live["shared"]), "at most 131072 characters"},
		{"merge: tenant tells the engine", write(tenant, update, "acme-prod", "shared", annotated(live["shared"], "kustomize.toolkit.fluxcd.io/ssa=Override"), live["shared"]), "only the platform tells"},
		{"merge: the engine fills it", write(engine, update, "acme-prod", "shared", with(live["shared"], "data", full), live["shared"]), ""},
		{"tenant-wins: tenant alters it", write(tenant, update, "acme-prod", "theirs", with(annotated(live["theirs"], "kustomize.toolkit.fluxcd.io/ssa=Ignore"), "data", full), live["theirs"]), ""},
		{"tenant-wins: tenant comes first", write(tenant, create, "acme-prod", "theirs", object("theirs"), nil), ""},
		{"somebody else's name", write(tenant, create, "acme-prod", "mine", with(told("mine", "kustomize.toolkit.fluxcd.io/reconcile=disabled"), "immutable", true), nil), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := s.admit(c.request)
			switch {
			case c.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.refused != "" && err == nil:
				t.Error("admitted")
			case c.refused != "" && !strings.Contains(err.Error(), c.refused):
				t.Errorf("refused with %q, want %q", err, c.refused)
			}
		})
	}
}
