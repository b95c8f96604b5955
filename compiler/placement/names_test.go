package placement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"
)

func TestNamesOfNamespaces(t *testing.T) {
	long := "acme/" + strings.Repeat("a", 40) + "/" + strings.Repeat("b", 40)
	for _, c := range []struct {
		key        string
		namespaces []string
		want       map[string]string
	}{
		{"acme/payments/prod", nil, map[string]string{"prod": "acme-payments-prod"}},
		{"acme/payments/prod", []string{"api", "jobs"}, map[string]string{"api": "acme-payments-prod-api", "jobs": "acme-payments-prod-jobs"}},
		{"acme/pay-ments/prod", nil, map[string]string{"prod": "acme--pay-ments--prod"}},
		{"acme/payments", []string{"a-b", "c"}, map[string]string{"a-b": "acme--payments--a-b", "c": "acme-payments-c"}},
		{"istio/system", nil, map[string]string{"system": "istio-system-3c0bd3e7b3"}},
		{"kube/prod", nil, map[string]string{"prod": "lc-kube-prod-692bcca316"}},
		{"cert/manager", nil, map[string]string{"manager": "cert-manager-c39ae0b4e7"}},
		{long, nil, map[string]string{strings.Repeat("b", 40): "acme-" + strings.Repeat("a", 40) + "-bbbbbb-e7995703a0"}},
	} {
		r := newRepo()
		r.cluster("eu-1")
		if c.namespaces == nil {
			r.lc(c.key)
		} else {
			r.lc(c.key, declares(c.namespaces...))
		}
		got := r.build(1)[c.key].Namespaces.Map()
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.key, diff)
		}
	}
}

// Whatever the keys, no two namespaces on a physical cluster share a name, and
// every name is one that Kubernetes accepts.
func TestNamesAreInjective(t *testing.T) {
	segment := rapid.StringMatching(`[ab](-?[ab]){0,2}|[a-z]{30}`)
	rapid.Check(t, func(t *rapid.T) {
		r := newRepo()
		r.cluster("eu-1")
		for range rapid.IntRange(1, 30).Draw(t, "logical clusters") {
			key := strings.Join(rapid.SliceOfN(segment, 2, 4).Draw(t, "key"), "/")
			if rapid.Bool().Draw(t, "declares") {
				r.lc(key, declares(rapid.SliceOfNDistinct(segment, 1, 3, rapid.ID).Draw(t, "namespaces")...))
			} else {
				r.lc(key)
			}
		}
		owner := map[string]string{}
		for key, lc := range r.build(1) {
			for _, n := range lc.Namespaces {
				physical := n.Physical
				if former, ok := owner[physical]; ok {
					t.Fatalf("%s and %s share %s", former, key, physical)
				}
				owner[physical] = key
				if errs := validation.IsDNS1123Label(physical); len(errs) > 0 {
					t.Fatalf("%s: %v", physical, errs)
				}
			}
		}
		if len(r.findings) > 0 {
			t.Fatal(r.said())
		}
	})
}

// A namespace that left the document keeps its name, and its name keeps it.
func TestNamespacesComeAndGo(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/pay/prod", declares("api", "jobs"))
	r.build(1)
	r.lc("acme/pay/prod", declares("api"))
	got := r.build(2)["acme/pay/prod"]
	if diff := cmp.Diff([]map[string]string{{"api": "acme-pay-prod-api"}, {"jobs": "acme-pay-prod-jobs"}}, []map[string]string{got.Namespaces.Map(), got.Retired.Map()}); diff != "" {
		t.Error(diff)
	}
	// Another logical cluster whose name would be the same one.
	r.lc("acme/pay/prod/jobs")
	if other := r.build(3)["acme/pay/prod/jobs"].Namespaces.Map()["jobs"]; other != "acme-pay-prod-jobs-10bfaa6460" {
		t.Errorf("the other is called %s", other)
	}
	r.lc("acme/pay/prod", declares("jobs", "web"))
	got = r.build(4)["acme/pay/prod"]
	if diff := cmp.Diff([]map[string]string{{"jobs": "acme-pay-prod-jobs", "web": "acme-pay-prod-web"}, {"api": "acme-pay-prod-api"}}, []map[string]string{got.Namespaces.Map(), got.Retired.Map()}); diff != "" {
		t.Error(diff)
	}
}

func TestNameThatIsTaken(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a")
	r.build(1)
	// Both names of the new one stand already, under keys that nobody would choose.
	joined := r.pins.LogicalClusters["acme/a"]
	joined.Namespaces = pins.NamesOf(map[string]string{"a": "acme-b"})
	joined.Retired = pins.NamesOf(map[string]string{"x": "acme-b-32cba6d9a7"})
	r.lc("acme/b")
	if out := r.build(2); out["acme/b"] != nil {
		t.Errorf("placed: %v", out["acme/b"])
	}
	r.expect(t, "TEN0405", "its namespace b finds no name on eu-1: acme-b and acme-b-32cba6d9a7 can't be used there")
}

// The namespaces of the physical cluster's own parts are nobody's.
func TestNamesOfThePhysicalCluster(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1", func(c *tenancy.PhysicalCluster) { c.DNS.Namespace = "acme-dns" })
	r.lc("acme/dns")
	if got := r.build(1)["acme/dns"].Namespaces.Map()["dns"]; !strings.HasPrefix(got, "acme-dns-") {
		t.Errorf("have %s", got)
	}
}

func TestRename(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.cluster("eu-2")
	r.lc("acme/pay/prod", demand("eu-2"))
	before := r.build(1)["acme/pay/prod"]
	delete(r.lcs, "acme/pay/prod")
	r.movesTo["acme"] = map[string]string{"pay/prod": "acme/payments/live"}
	r.lc("acme/payments/live", formerly("acme/pay/old", "acme/pay/prod"))
	out := r.build(2)
	r.expect(t)
	after := out["acme/payments/live"]
	if len(out) != 1 || after.Cluster != "eu-2" || after.Cut != before.Cut || after.Organization != "acme/payments" {
		t.Errorf("have %+v, was %+v", after, before)
	}
	if diff := cmp.Diff(map[string]string{"live": "acme-pay-prod"}, after.Namespaces.Map()); diff != "" || after.Retired != nil {
		t.Errorf("%s, retired %v", diff, after.Retired)
	}
	// A namespace that it gains is called after its key of today.
	r.lc("acme/payments/live", formerly("acme/pay/prod"), declares("live", "jobs"))
	if diff := cmp.Diff(map[string]string{"live": "acme-pay-prod", "jobs": "acme-payments-live-jobs"}, r.build(3)["acme/payments/live"].Namespaces.Map()); diff != "" {
		t.Error(diff)
	}
	// Whoever comes under the old key is somebody else.
	r.lc("acme/pay/prod", demand("eu-2"))
	if got := r.build(4)["acme/pay/prod"].Namespaces.Map()["prod"]; got == "acme-pay-prod" {
		t.Errorf("given twice: %s", got)
	}
}

func TestRenamedOrganizations(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("corp/pay/prod", declares("api"))
	r.lc("corp/pay/test", declares("api"))
	before := r.build(1)
	r.lcs = map[string]*tenancy.LogicalCluster{}
	r.formerly["acme"] = []string{"corp"}
	r.movesTo["corp"] = map[string]string{"pay/prod": "acme/payments/prod", "pay/test": "acme/payments/live"}
	r.formerly["acme/payments"] = []string{"acme/pay"}
	r.lc("acme/payments/prod", declares("api"))
	r.lc("acme/payments/live", declares("api"), formerly("acme/payments/test"))
	out := r.build(2)
	r.expect(t)
	for now, was := range map[string]string{"acme/payments/prod": "corp/pay/prod", "acme/payments/live": "corp/pay/test"} {
		if diff := cmp.Diff(before[was].Site, out[now].Site); diff != "" {
			t.Errorf("%s: %s", now, diff)
		}
	}
	if len(out) != 2 {
		t.Errorf("have %d", len(out))
	}
}

func TestFormerKeysThatCannotBeTakenOver(t *testing.T) {
	build := func(edit func(r *repo)) *repo {
		r := newRepo()
		r.cluster("eu-1")
		r.lc("acme/a")
		r.lc("acme/b")
		r.build(1)
		edit(r)
		before := clone(r.pins.LogicalClusters)
		out := r.build(2)
		if diff := cmp.Diff(before["acme/a"], out["acme/a"]); diff != "" {
			t.Error(diff)
		}
		return r
	}
	build(func(r *repo) {
		delete(r.lcs, "acme/a")
		r.lc("acme/b", formerly("acme/a"))
	}).expect(t, "TEN0404", "it stands in the pins, and so does its former key acme/a")
	build(func(r *repo) {
		clear(r.lcs)
		r.lc("acme/c", formerly("acme/a", "acme/b"))
	}).expect(t, "TEN0404", "its former keys acme/a, acme/b all stand in the pins")
	// A key that is somebody's today is nobody's former one.
	build(func(r *repo) { r.lc("acme/c", formerly("acme/a")) }).expect(t)

	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a")
	r.build(1)
	clear(r.lcs)
	r.lc("acme/b", formerly("acme/a"))
	r.lc("acme/c", formerly("acme/a"))
	out := r.build(2)
	r.expect(t, "TEN0404", "acme/b already takes over its former key acme/a")
	if out["acme/b"].Namespaces.Map()["b"] != "acme-a" || out["acme/c"] != nil || out["acme/a"] != nil {
		t.Errorf("have %v", out)
	}
}

// A document that can't be evaluated today is held, and what it stands on goes
// to nobody, whatever another document claims.
func TestFormerKeyWhoseDocumentIsHeld(t *testing.T) {
	for _, state := range []schema.State{schema.Active, schema.Deleted} {
		r := newRepo()
		r.cluster("eu-1")
		r.lc("acme/a")
		r.build(1)
		r.lc("acme/a", held)
		b := r.lc("globex/b", formerly("acme/a"))
		b.State, b.Spec.State = state, state
		out := r.build(2)
		if a := out["acme/a"]; a == nil || a.Namespaces.Map()["a"] != "acme-a" || a.Phase != pins.Present {
			t.Errorf("%s: the held one has %+v", state, a)
		}
		if b := out["globex/b"]; b != nil && b.Namespaces.Map()["b"] == "acme-a" {
			t.Errorf("%s: taken over: %+v", state, b)
		}
	}
}

// A document that is to be deleted takes nothing over, even where the former key
// has no document any more.
func TestNobodyTakesOverToDelete(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a")
	r.build(1)
	clear(r.lcs)
	r.lc("globex/b", formerly("acme/a"), state(schema.Deleted))
	out := r.build(2)
	if a := out["acme/a"]; len(out) != 1 || a == nil || a.Phase != pins.Present {
		t.Errorf("have %v", out)
	}
}

// The namespaces of the GitOps engines are nobody's, even where a tenant's names
// join to the same.
func TestNamespacesOfEnginesAreTaken(t *testing.T) {
	t1 := &tenancy.Tenancy{Targets: render.BuiltIn().Table(), Clusters: []*tenancy.PhysicalCluster{{Name: "eu-1"}}}
	t1.Settings.GitOps.Namespace, t1.Settings.GitOps.ArgoNamespace = "acme-flux", "acme-argo"
	t1.Clusters[0].Backings = []schema.Backing{"namespace"}
	org := &tenancy.Organization{Path: "acme"}
	for _, name := range []string{"argo", "flux"} {
		t1.LogicalClusters = append(t1.LogicalClusters, &tenancy.LogicalCluster{Name: name, Org: org, Spec: &schema.LogicalCluster{}, Backing: "namespace",
			State: schema.Active, Namespaces: []tenancy.Namespace{{Name: name}}, Meta: document.Meta{Kind: schema.KindLogicalClusters, Key: "acme/" + name}})
	}
	out, _ := placement.Place(t1, nil, "2026-11-20", nil)
	for _, name := range []string{"argo", "flux"} {
		if lc := out.Sites["acme/"+name]; lc == nil || lc.Namespaces.Map()[name] == "acme-"+name {
			t.Errorf("acme/%s has %+v", name, lc)
		}
	}
}
