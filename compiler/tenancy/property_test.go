package tenancy_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/check"
	"github.com/tenantry/tenantry/compiler/tenancy/history"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
	"pgregory.net/rapid"
)

func meta(kind schema.Kind, key, dir string) document.Meta {
	return document.Meta{Kind: kind, Key: key, Dir: dir, Pos: diag.Position{File: dir + "/" + strings.ReplaceAll(key, "/", "-") + ".cue", Line: 3, Column: 1}}
}

// maybe draws a value, or the zero value.
func maybe[T any](t *rapid.T, name string, values ...T) T {
	var zero T
	return rapid.SampledFrom(append(values, zero)).Draw(t, name)
}

func drawInheritable(t *rapid.T) schema.Inheritable {
	in := schema.Inheritable{
		Network:     maybe(t, "network", schema.NetworkClosed, schema.NetworkOpen),
		PodSecurity: maybe[schema.PodSecurity](t, "podSecurity", "restricted"),
		Regions:     maybe(t, "regions", []string{"eu"}, []string{"eu", "us"}, []string{"mars"}),
		Quota: maybe(t, "quota", schema.Quota{"cpu": "3"}, schema.Quota{"cpu": "7", "pods": "11"},
			schema.Quota{"memory": "10Gi"}, schema.Quota{"pods": "1.5"}),
		APIs: maybe(t, "apis", map[string]string{"base": "stable"}, map[string]string{"base": "v2", "tools": "v1"}, map[string]string{"base": "v0"}, map[string]string{"nothing": "v1"}),
	}
	return in
}

func drawLabels(t *rapid.T) map[string]string {
	return maybe(t, "labels", map[string]string{"env": "prod"}, map[string]string{"env": "test", "team": "a"}, map[string]string{"team": "b"})
}

func drawAccess(t *rapid.T) map[string]schema.Role {
	return maybe(t, "access", map[string]schema.Role{"devs": "edit"}, map[string]schema.Role{"group:devs": "admin", "devs": "view", "user:bob": "edit"},
		map[string]schema.Role{"system:masters": "view"})
}

func drawLogicalCluster(t *rapid.T, key string) *document.Document[schema.LogicalCluster] {
	spec := schema.LogicalCluster{
		Inheritable: drawInheritable(t),
		Class:       maybe(t, "class", "standard", "big", "gone"),
		Labels:      drawLabels(t),
		Access:      drawAccess(t),
		State:       maybe(t, "state", schema.Frozen, schema.Deleted, schema.Active, schema.Active),
		Namespaces: maybe(t, "namespaces",
			map[string]schema.Namespace{"a": {}, "b": {}},
			map[string]schema.Namespace{"a": {Quota: schema.Quota{"cpu": "2"}}, "b": {}, "c": {}},
			map[string]schema.Namespace{"a": {Quota: schema.Quota{"cpu": "2", "pods": "1"}}, "b": {Quota: schema.Quota{"cpu": "4"}}}),
		Formerly: maybe(t, "formerly", []string{"acme/old"}, []string{"acme/a"}),
	}
	return &document.Document[schema.LogicalCluster]{Meta: meta(schema.KindLogicalClusters, key, "orgs/"+key[:strings.LastIndexByte(key, '/')]), Spec: spec}
}

// drawDocuments draws a small repo, in which much may be wrong.
func drawDocuments(t *rapid.T) *document.Documents {
	docs := &document.Documents{
		PhysicalClusters: []*document.Document[schema.PhysicalCluster]{
			{Meta: meta(schema.KindPhysicalClusters, "eu-1", "clusters"), Spec: schema.PhysicalCluster{Region: "eu", Kubernetes: "1.36"}},
			{Meta: meta(schema.KindPhysicalClusters, "us-1", "clusters"), Spec: schema.PhysicalCluster{Region: "us", Kubernetes: "1.36"}},
		},
		Settings: &document.Document[schema.Settings]{Meta: meta(schema.KindSettings, "", ""), Spec: schema.Settings{
			Labels: map[string]schema.LabelRule{"env": {Owner: maybe(t, "owner", schema.OwnerPlatform, schema.OwnerOrganization), Values: []string{"prod"}}},
		}},
	}
	resources := map[string]schema.Resource{"pods": {}, "configmaps": {}}
	base := schema.APISet{Channels: map[string]string{"stable": "v1"}, Versions: map[string]schema.APIVersion{
		"v0": {Lifecycle: schema.Removed, ReplacedBy: "v1", Resources: resources},
		"v1": {Lifecycle: schema.Deprecated, Sunset: maybe(t, "sunset", "2026-01-01", "2027-01-01"), ReplacedBy: "v2", Resources: resources},
		"v2": {Resources: resources},
	}}
	docs.APISets = append(docs.APISets, &document.Document[schema.APISet]{Meta: meta(schema.KindAPISets, "base", "apis"), Spec: base})
	if rapid.Bool().Draw(t, "tools") {
		docs.APISets = append(docs.APISets, &document.Document[schema.APISet]{Meta: meta(schema.KindAPISets, "tools", "orgs/acme"),
			Spec: schema.APISet{Versions: map[string]schema.APIVersion{"v1": {Resources: resources}}}})
	}
	for _, name := range []string{"big", "standard"} {
		docs.Classes = append(docs.Classes, &document.Document[schema.Class]{Meta: meta(schema.KindClasses, name, "classes"),
			Spec: schema.Class{Inheritable: drawInheritable(t), Labels: drawLabels(t)}})
	}
	for _, path := range []string{"acme", "acme/pay", "acme/pay/cards", "other"} {
		if rapid.IntRange(0, 9).Draw(t, "absent") == 0 {
			continue
		}
		var offers *schema.Offers
		if rapid.IntRange(0, 3).Draw(t, "offers") == 0 {
			offers = &schema.Offers{APIs: maybe(t, "offers.apis", []string{"base@v2"}, []string{"base", "tools"}, []string{}),
				Classes: maybe(t, "offers.classes", []string{"standard"}), Regions: maybe(t, "offers.regions", []string{"eu"})}
		}
		docs.Organizations = append(docs.Organizations, &document.Document[schema.Organization]{Meta: meta(schema.KindOrganizations, path, "orgs/"+path), Spec: schema.Organization{
			Labels: drawLabels(t), Access: drawAccess(t), Offers: offers,
			Defaults: &schema.Defaults{Inheritable: drawInheritable(t), Class: maybe(t, "default class", "standard", "gone")},
			Ceilings: maybe(t, "ceilings", &schema.Ceilings{Quota: schema.Quota{"cpu": "10"}}),
		}})
	}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"acme/a", "acme/b", "acme/pay/a", "acme/pay/b", "acme/pay/cards/x", "other/a"}), 1, 6, rapid.ID).Draw(t, "keys") {
		docs.LogicalClusters = append(docs.LogicalClusters, drawLogicalCluster(t, key))
	}
	sortLogicalClusters(docs)
	return docs
}

func sortLogicalClusters(docs *document.Documents) {
	slices.SortFunc(docs.LogicalClusters, func(a, b *document.Document[schema.LogicalCluster]) int { return cmp.Compare(a.Key, b.Key) })
}

func emptyRepo() *repo {
	return &repo{asOf: today, former: map[string]bool{}}
}

func snapshot(docs *document.Documents) string {
	data, err := json.Marshal(docs)
	if err != nil {
		panic(err) // two that could not be written would be equal
	}
	return string(data)
}

// The same documents give the same result on any number of processors, and
// stay as they were.
func TestDeterminism(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocuments(t)
		before := snapshot(docs)
		var want string
		for _, processors := range []int{1, 4, 2} {
			runtime.GOMAXPROCS(processors)
			resolved, findings := emptyRepo().judge(docs, sourcetest.Tree(nil))
			got := describe(resolved) + text(findings)
			if want == "" {
				want = got
			} else if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
		}
		if diff := gocmp.Diff(before, snapshot(docs)); diff != "" {
			t.Fatalf("documents changed:\n%s", diff)
		}
	})
}

// What one logical cluster comes to does not depend on which others there are.
func TestOthersDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocuments(t)
		before, _ := resolve.Documents(docs, sourcetest.Tree(nil), today, resolve.History{})
		old := map[string]string{}
		for _, lc := range before.LogicalClusters {
			old[lc.Key] = describe(&tenancy.Tenancy{LogicalClusters: []*tenancy.LogicalCluster{lc}})
		}
		docs.LogicalClusters = append(docs.LogicalClusters, drawLogicalCluster(t, "acme/pay/new"))
		sortLogicalClusters(docs)
		after, _ := resolve.Documents(docs, sourcetest.Tree(nil), today, resolve.History{})
		for key, want := range old {
			got := describe(&tenancy.Tenancy{LogicalClusters: []*tenancy.LogicalCluster{after.LogicalCluster(key)}})
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("%s changed:\n%s", key, diff)
			}
		}
	})
}

// Whatever stays of a quota that is divided is said to be left, and nothing is
// ever given twice.
func TestNamespacesHoldTheQuota(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocuments(t)
		for _, d := range docs.LogicalClusters {
			d.Held = true // a held document gets what there is, whatever it asks for
		}
		resolved, findings := resolve.Documents(docs, sourcetest.Tree(nil), today, resolve.History{})
		for _, lc := range resolved.LogicalClusters {
			for key, total := range lc.Quota.All() {
				var sum resource.Quantity
				for _, n := range lc.Namespaces {
					part, _ := n.Quota.Of(key)
					sum.Add(part)
				}
				left := slices.ContainsFunc(findings, func(f tenancy.Finding) bool {
					return f.Code == diag.QuotaLeft && f.Document == lc.String() && strings.Contains(f.Message, " "+key+" ")
				})
				if order := sum.Cmp(total); order > 0 || order < 0 && !left && lc.State != schema.Deleted {
					t.Fatalf("%s: %s of %s in namespaces, %s in all", lc.Key, sum.String(), key, total.String())
				}
			}
		}
	})
}

// Leaving out what errors concern ends with a tenancy in which no error concerns
// anybody, and a held document is never concerned.
func TestHoldingEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocuments(t)
		hold := rapid.Bool().Draw(t, "hold") // or drop
		for range 8 {
			_, findings := emptyRepo().judge(docs, sourcetest.Tree(nil))
			concerned := map[string]bool{}
			for _, f := range findings {
				for _, id := range f.Concerns {
					if f.Severity != diag.Error {
						t.Fatalf("a %s concerns %v", f.Severity, id)
					}
					concerned[string(id.Kind)+" "+id.Key] = true
				}
			}
			if len(concerned) == 0 {
				return
			}
			settle := func(m *document.Meta) (drop bool) {
				if !concerned[string(m.Kind)+" "+m.Key] {
					return false
				}
				if m.Held {
					t.Fatalf("%s is held and concerned", m)
				}
				m.Held = hold
				return !hold
			}
			docs.APISets = slices.DeleteFunc(docs.APISets, func(d *document.Document[schema.APISet]) bool { return settle(&d.Meta) })
			docs.Classes = slices.DeleteFunc(docs.Classes, func(d *document.Document[schema.Class]) bool { return settle(&d.Meta) })
			docs.Organizations = slices.DeleteFunc(docs.Organizations, func(d *document.Document[schema.Organization]) bool { return settle(&d.Meta) })
			docs.LogicalClusters = slices.DeleteFunc(docs.LogicalClusters, func(d *document.Document[schema.LogicalCluster]) bool { return settle(&d.Meta) })
		}
		t.Fatal("errors still concern documents after eight rounds")
	})
}

// A held logical cluster has nothing that its organizations do not offer.
func TestHoldingGainsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := drawDocuments(t)
		for _, d := range docs.LogicalClusters {
			d.Held = true
		}
		resolved, _ := emptyRepo().judge(docs, sourcetest.Tree(nil))
		for _, lc := range resolved.LogicalClusters {
			if lc.State == schema.Deleted {
				continue
			}
			for _, o := range lc.Org.Ancestors() {
				if o.Spec.Offers == nil || o.Spec.Offers.APIs == nil {
					continue
				}
				for _, b := range lc.APIs {
					if !slices.Contains(o.Spec.Offers.APIs, b.Version.Set.Name) && !slices.Contains(o.Spec.Offers.APIs, b.Version.String()) {
						t.Fatalf("%s binds %s, and %s offers %v", lc.Key, b.Version, o.Path, o.Spec.Offers.APIs)
					}
				}
			}
			for _, g := range lc.Access {
				if strings.HasPrefix(g.Subject.Name, "system:") {
					t.Fatalf("%s lets %s in", lc.Key, g.Subject)
				}
			}
		}
	})
}

// Whoever is held for a ceiling, the sum ends at most where it was or where it
// may be.
func TestCeilingsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(0, 40).Draw(t, "limit")
		r := &repo{asOf: today, former: map[string]bool{}, unchanged: map[string]bool{}, lastGood: map[string]*schema.LogicalCluster{}}
		docs := &document.Documents{
			Classes: []*document.Document[schema.Class]{{Meta: meta(schema.KindClasses, "standard", "classes")}},
			Organizations: []*document.Document[schema.Organization]{{Meta: meta(schema.KindOrganizations, "acme", "orgs/acme"),
				Spec: schema.Organization{Ceilings: &schema.Ceilings{Quota: schema.Quota{"cpu": schema.Quantity(fmt.Sprint(limit))}}}}},
		}
		before, old, now := int64(0), map[string]int64{}, map[string]int64{}
		for i := range rapid.IntRange(1, 6).Draw(t, "n") {
			key := fmt.Sprintf("acme/lc%d", i)
			lc := func(cpu int64) schema.LogicalCluster {
				return schema.LogicalCluster{Class: "standard", Inheritable: schema.Inheritable{Quota: schema.Quota{"cpu": schema.Quantity(fmt.Sprint(cpu))}}}
			}
			now[key] = rapid.Int64Range(0, 15).Draw(t, "now")
			d := &document.Document[schema.LogicalCluster]{Meta: meta(schema.KindLogicalClusters, key, "orgs/acme"), Spec: lc(now[key])}
			switch rapid.SampledFrom([]string{"new", "changed", "unchanged"}).Draw(t, "history") {
			case "unchanged":
				r.former[key], r.unchanged[d.String()] = true, true
				old[key] = now[key]
			case "changed":
				r.former[key] = true
				old[key] = rapid.Int64Range(0, 15).Draw(t, "before")
				spec := lc(old[key])
				r.lastGood[key] = &spec
			}
			before += old[key]
			docs.LogicalClusters = append(docs.LogicalClusters, d)
		}
		_, findings := r.judge(docs, sourcetest.Tree(nil))
		after := int64(0)
		for _, f := range findings {
			for _, id := range f.Concerns {
				if now[id.Key] <= old[id.Key] {
					t.Fatalf("%s asks for %d instead of %d and is held", id.Key, now[id.Key], old[id.Key])
				}
				now[id.Key] = old[id.Key]
			}
		}
		for _, cpu := range now {
			after += cpu
		}
		if after > max(limit, before) {
			t.Fatalf("the sum is %d, before it was %d, and the ceiling is %d", after, before, limit)
		}
	})
}

// Selectors mean what Kubernetes means by them.
func TestSelectors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys, values := rapid.SampledFrom([]string{"a", "b", "c"}), rapid.SampledFrom([]string{"", "x", "y"})
		want := schema.Selector{MatchLabels: rapid.MapOfN(keys, values, 0, 2).Draw(t, "matchLabels")}
		for range rapid.IntRange(0, 2).Draw(t, "expressions") {
			e := schema.Requirement{Key: keys.Draw(t, "key"), Operator: rapid.SampledFrom([]string{"In", "NotIn", "Exists", "DoesNotExist"}).Draw(t, "operator")}
			if strings.HasSuffix(e.Operator, "In") {
				e.Values = rapid.SliceOfN(values, 1, 2).Draw(t, "values")
			}
			want.MatchExpressions = append(want.MatchExpressions, e)
		}
		docs := &document.Documents{
			Classes:       []*document.Document[schema.Class]{{Meta: meta(schema.KindClasses, "standard", "classes")}},
			Organizations: []*document.Document[schema.Organization]{{Meta: meta(schema.KindOrganizations, "acme", "orgs/acme")}},
			LogicalClusters: []*document.Document[schema.LogicalCluster]{{Meta: meta(schema.KindLogicalClusters, "acme/a", "orgs/acme"),
				Spec: schema.LogicalCluster{Class: "standard", Inheritable: schema.Inheritable{ClusterSelector: &want}}}},
		}
		resolved, findings := emptyRepo().judge(docs, sourcetest.Tree(nil))
		if len(findings) > 0 {
			t.Fatal(text(findings))
		}
		set := rapid.MapOfN(keys, values, 0, 3).Draw(t, "labels")
		matches := true
		for key, value := range want.MatchLabels {
			got, ok := set[key]
			matches = matches && ok && got == value
		}
		for _, e := range want.MatchExpressions {
			got, ok := set[e.Key]
			switch e.Operator {
			case "In":
				matches = matches && ok && slices.Contains(e.Values, got)
			case "NotIn":
				matches = matches && !(ok && slices.Contains(e.Values, got))
			case "Exists":
				matches = matches && ok
			case "DoesNotExist":
				matches = matches && !ok
			}
		}
		if got := resolved.LogicalClusters[0].Selector.Matches(labels.Set(set)); got != matches {
			t.Fatalf("%+v on %v: %v, want %v", want, set, got, matches)
		}
	})
}

func BenchmarkResolveAndCheck(b *testing.B) {
	const n = 100_000
	docs := &document.Documents{
		PhysicalClusters: []*document.Document[schema.PhysicalCluster]{{Meta: meta(schema.KindPhysicalClusters, "eu-1", "clusters"), Spec: schema.PhysicalCluster{Region: "eu", Kubernetes: "1.36"}}},
		APISets: []*document.Document[schema.APISet]{{Meta: meta(schema.KindAPISets, "base", "apis"), Spec: schema.APISet{Channels: map[string]string{"stable": "v1"},
			Versions: map[string]schema.APIVersion{"v1": {Resources: map[string]schema.Resource{"pods": {}, "deployments.apps": {}}}}}}},
		Classes: []*document.Document[schema.Class]{{Meta: meta(schema.KindClasses, "standard", "classes"), Spec: schema.Class{
			Labels:      map[string]string{"tier": "silver"},
			Inheritable: schema.Inheritable{APIs: map[string]string{"base": "stable"}, Quota: schema.Quota{"cpu": "4", "memory": "8Gi", "pods": "50"}}}}},
	}
	for i := range n / 20 {
		path := fmt.Sprintf("org%02d/team%04d", i%20, i)
		if i < 20 {
			docs.Organizations = append(docs.Organizations, &document.Document[schema.Organization]{Meta: meta(schema.KindOrganizations, path[:5], "orgs/"+path[:5]),
				Spec: schema.Organization{Ceilings: &schema.Ceilings{Quota: schema.Quota{"cpu": "1M"}}, Offers: &schema.Offers{Classes: []string{"standard"}}, Access: map[string]schema.Role{"sre": "view"}}})
		}
		docs.Organizations = append(docs.Organizations, &document.Document[schema.Organization]{Meta: meta(schema.KindOrganizations, path, "orgs/"+path)})
		for j := range 20 {
			key := fmt.Sprintf("%s/lc%02d", path, j)
			d := &document.Document[schema.LogicalCluster]{Meta: meta(schema.KindLogicalClusters, key, "orgs/"+path), Spec: schema.LogicalCluster{
				Class: "standard", Labels: map[string]string{"env": "prod"}, Access: map[string]schema.Role{"devs": "edit", "leads": "admin"},
				Inheritable: schema.Inheritable{Quota: schema.Quota{"cpu": "6", "memory": "24Gi"}},
				Namespaces:  map[string]schema.Namespace{"api": {}, "jobs": {}},
			}}
			var fields []document.Field
			for _, field := range []string{"access", "class", "labels", "labels.env", "namespaces", "quota", "quota.cpu", "quota.memory"} {
				fields = append(fields, document.Field{Path: field, Pos: d.Pos})
			}
			d.Places = document.NewPlaces(fields)
			docs.LogicalClusters = append(docs.LogicalClusters, d)
		}
	}
	slices.SortFunc(docs.Organizations, func(a, b *document.Document[schema.Organization]) int { return cmp.Compare(a.Key, b.Key) })
	sortLogicalClusters(docs)
	tree := sourcetest.Tree(nil)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		resolved, findings := resolve.Documents(docs, tree, today, resolve.History{})
		history := history.New(resolved, history.Former{Changed: func(schema.Kind, string, string) bool { return true }})
		resolved, checks := check.Tenancy(check.Input{Tenancy: resolved, History: history, AsOf: today})
		if len(resolved.LogicalClusters) != n || len(findings)+len(checks) > 0 {
			b.Fatal(text(append(findings, checks...)[:1]))
		}
	}
}
