package namespace_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"pgregory.net/rapid"
)

var (
	nameGen = rapid.StringMatching(`[a-z0-9]([a-z0-9]|-[a-z0-9]){0,15}`)
	// What YAML readers would take for something else is the interesting part.
	textGen = rapid.OneOf(rapid.StringMatching(`[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,8}[a-zA-Z0-9])?`),
		rapid.SampledFrom([]string{"yes", "on", "null", "1e3", "0x1F", "012", "1_000", "12:30:45", "true", "2026-11-20"}))
	subjectGen = rapid.OneOf(textGen, rapid.SampledFrom([]string{"user@example.com", "oidc:a#b", "#x", "- a", "ä/ö", `a"b'c`, "{x}", "&a", "*b", "!t"}))
	amountGen  = rapid.SampledFrom([]string{"0", "1", "1500m", "64Gi", "1e3", "100"})
	labelGen   = textGen.Filter(func(s string) bool { return !strings.Contains(s, ":") })
	mapGen     = rapid.MapOfN(labelGen, labelGen, 0, 3)
	amountsGen = rapid.Custom(func(t *rapid.T) (out quota.Quota) {
		for _, name := range []string{"cpu", "memory"} {
			if rapid.Bool().Draw(t, "some "+name) {
				out = append(out, quota.Amount{Resource: name, Quantity: resource.MustParse(amountGen.Draw(t, name))})
			}
		}
		return out
	})
	labelsGen = rapid.Custom(func(t *rapid.T) (out []desired.Label) {
		labels := mapGen.Draw(t, "labels")
		for _, key := range slices.Sorted(maps.Keys(labels)) {
			out = append(out, desired.Label{Key: key, Value: labels[key]})
		}
		return out
	})
)

var stateGen = rapid.Custom(func(t *rapid.T) *desired.State {
	org := strings.Join(rapid.SliceOfN(nameGen, 1, 5).Draw(t, "organization"), "/")
	s := &desired.State{
		Key: org + "/" + nameGen.Draw(t, "name"), Organization: schema.OrgPath(org), Cluster: "a", Cut: "c0001", Backing: "namespace",
		Labels: mapGen.Draw(t, "labels"), Frozen: rapid.Bool().Draw(t, "frozen"),
		Phase:   rapid.SampledFrom([]pins.Phase{pins.Present, pins.Leaving, pins.Confirmed}).Draw(t, "phase"),
		Network: rapid.SampledFrom([]schema.Network{"closed", "logical-cluster", "organization", "open"}).Draw(t, "network"),
		DNS:     &desired.DNS{Namespace: nameGen.Draw(t, "dns"), Labels: labelsGen.Draw(t, "dns labels")}, PodSecurity: "restricted",
		Minor: 36, Gate: "tenantry-apis-0", Roles: desired.Roles{View: "tenantry-view-0", Edit: "tenantry-edit-0", Admin: "tenantry-admin-0"},
		Containers: &desired.Containers{DefaultRequest: amountsGen.Draw(t, "request"), Max: amountsGen.Draw(t, "max")},
		Deployers:  "tenantry-system",
	}
	for i, name := range rapid.SliceOfNDistinct(nameGen, 0, 4, rapid.ID).Draw(t, "namespaces") {
		n := desired.Namespace{Name: name, Physical: "x-" + name, Retired: rapid.Bool().Draw(t, "retired")}
		for _, r := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"requests.cpu", "pods", "count/deployments.apps"}), 0, 3, rapid.ID).Draw(t, fmt.Sprint("quota", i)) {
			n.Hard = append(n.Hard, quota.Amount{Resource: r, Quantity: resource.MustParse(amountGen.Draw(t, r))})
		}
		s.Namespaces = append(s.Namespaces, n)
	}
	for _, name := range rapid.SliceOfNDistinct(subjectGen, 0, 4, rapid.ID).Draw(t, "subjects") {
		g := desired.Grant{Kind: rapid.SampledFrom([]string{"Group", "User"}).Draw(t, "kind"), Subject: name,
			Role: rapid.SampledFrom([]schema.Role{"view", "edit", "admin"}).Draw(t, "role")}
		s.Grants = append(s.Grants, g)
	}
	if rapid.Bool().Draw(t, "source") {
		s.Source = &desired.Source{Role: "edit"}
	}
	return s
})

func TestObjectsOfAnyState(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := stateGen.Draw(rt, "state")
		checkObjects(t, s)
		if t.Failed() {
			rt.Fatalf("%+v", s)
		}
	})
}

// The digest stands for the output: equal digests, equal bytes, and what changes
// the bytes changes the digest.
func TestDigestStandsForBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := stateGen.Draw(t, "a"), stateGen.Draw(t, "b")
		again := *a
		again.Labels = maps.Clone(a.Labels)
		if a.Digest() != again.Digest() || text(a) != text(&again) {
			t.Error("two renderings of a state differ")
		}
		if text(a) != text(b) && a.Digest() == b.Digest() {
			t.Error("equal digests, different bytes")
		}
	})
}

// What the namespaces of a logical cluster may take adds up to its quota.
func TestQuotasAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lc := &tenancy.LogicalCluster{Meta: document.Meta{Key: "acme/prod"}, Org: &tenancy.Organization{Path: "acme"}}
		site := pins.Site{Cluster: "a", Retired: pins.NamesOf(map[string]string{"old": "x-old"})}
		names := rapid.SliceOfNDistinct(nameGen, 1, 4, rapid.ID).Draw(rt, "namespaces")
		slices.Sort(names)
		for _, name := range names {
			n := tenancy.Namespace{Name: name}
			for _, key := range []string{"requests.cpu", "requests.memory", "pods"} {
				q := resource.MustParse(fmt.Sprintf("%dm", rapid.IntRange(0, 1<<40).Draw(rt, key)))
				if key != "requests.cpu" {
					q = *resource.NewQuantity(q.MilliValue(), resource.BinarySI)
				}
				n.Quota = n.Quota.With(key, q)
				total, _ := lc.Quota.Of(key)
				total.Add(q)
				lc.Quota = lc.Quota.With(key, total)
			}
			lc.Namespaces = append(lc.Namespaces, n)
			site.Namespaces = append(site.Namespaces, pins.Name{Name: name, Physical: "x-" + path.Base(name)})
		}
		repo := &tenancy.Tenancy{Clusters: []*tenancy.PhysicalCluster{{Name: "a", PhysicalCluster: schema.DefaultPhysicalCluster()}},
			LogicalClusters: []*tenancy.LogicalCluster{lc}}
		states, _ := desired.Expand(repo, map[string]*pins.LogicalCluster{"acme/prod": {Site: site}}, nil, nil, nil)
		sum := map[string]resource.Quantity{}
		for _, m := range lower(&states[0]) {
			if o, ok := decode(t, m).(*corev1.ResourceQuota); ok {
				for key, q := range o.Spec.Hard {
					total := sum[string(key)]
					total.Add(q)
					sum[string(key)] = total
				}
			}
		}
		if len(sum) != len(lc.Quota) {
			rt.Fatalf("%v, want %v", sum, lc.Quota)
		}
		for key, want := range lc.Quota.All() {
			if got := sum[key]; got.Cmp(want) != 0 {
				rt.Errorf("%s: %s, want %s", key, got.String(), want.String())
			}
		}
	})
}

func BenchmarkLower(b *testing.B) {
	s := prod()
	b.ReportAllocs()
	for b.Loop() {
		lower(s)
	}
}

func BenchmarkLowerAndWrite(b *testing.B) {
	s := prod()
	b.ReportAllocs()
	for b.Loop() {
		manifest.AppendDocuments(nil, lower(s)...)
	}
}
