package desired_test

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"
)

// full has something in every field.
func full() *desired.State {
	m := func(k string) map[string]string { return map[string]string{k: "1", k + "2": "2"} }
	cpu := func() quota.Quota { return quota.Quota{{Resource: "cpu", Quantity: resource.MustParse("1")}} }
	return &desired.State{
		Key: "acme/prod", Organization: "acme", Cluster: "a", Cut: "c0001", Backing: "namespace", Labels: m("env"),
		Phase: pins.Leaving, Network: "open", DNS: &desired.DNS{Namespace: "kube-system", Labels: []desired.Label{{Key: "k8s-app", Value: "kube-dns"}}},
		PodSecurity: "baseline", Minor: 36,
		Containers: &desired.Containers{DefaultRequest: cpu(), Default: cpu(), Max: cpu(), Min: cpu()},
		Class:      "standard", Declared: "active", APIs: []desired.API{{Set: "database", Requested: "stable", Version: "v1"}},
		Namespaces: []desired.Namespace{{Name: "main", Physical: "x", Hard: quota.Quota{{Resource: "pods", Quantity: resource.MustParse("1")}}}},
		Grants:     []desired.Grant{{Kind: "Group", SubjectNamespace: "n", Subject: "devs", Role: "edit"}},
		Roles:      desired.Roles{View: "v", Edit: "e", Admin: "a"}, Gate: "g", Policies: []string{"p"}, Transforms: []string{"t"},
		Source:    &desired.Source{Repo: "r", Path: "p", Branch: "b", Role: "edit", Namespace: "x", Secret: "s", Interval: "5m"},
		Deployers: "d", Engine: "flux",
		Implicit: &desired.Implicit{Region: "eu", Objects: []*implicit.Object{{}}, Revoked: []tenancy.Revoked{{Subject: tenancy.Subject{Kind: "User", Namespace: "ns", Name: "n"}, Dir: "orgs/acme"}}},
		Patches:  &desired.Patches{Region: "eu", Chain: &patch.Chain{}},
	}
}

// Whatever field a State has or will have, changing it changes the digest.
func TestDigestCoversEveryField(t *testing.T) {
	seen := map[[32]byte]string{}
	fields := 0
	record := func(where string, s *desired.State) {
		fields++
		d := s.Digest()
		if other, ok := seen[d]; ok {
			t.Errorf("%s gives the digest of %s", where, other)
		}
		seen[d] = where
	}
	record("the state itself", full())
	var walk func(where string, get func(*desired.State) reflect.Value)
	walk = func(where string, get func(*desired.State) reflect.Value) {
		s := full()
		v := get(s)
		switch v.Kind() {
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[resource.Quantity]() {
				v.Set(reflect.ValueOf(resource.MustParse("17")))
				break
			}
			for i := range v.NumField() {
				walk(where+"."+v.Type().Field(i).Name, func(s *desired.State) reflect.Value { return get(s).Field(i) })
			}
			return
		case reflect.Slice:
			if v.Len() == 0 {
				t.Fatalf("%s is empty: fill it in full", where)
			}
			walk(where+"[0]", func(s *desired.State) reflect.Value { return get(s).Index(0) })
			v.Set(reflect.Append(v, v.Index(0)))
		case reflect.Pointer:
			if v.Type() == reflect.TypeFor[*implicit.Object]() { // its own digest stands for it
				v.Set(reflect.ValueOf(&implicit.Object{Digest: [32]byte{1}}))
				break
			}
			if v.Type() == reflect.TypeFor[*patch.Chain]() { // the same
				v.Set(reflect.ValueOf(&patch.Chain{Digest: [32]byte{1}}))
				break
			}
			walk(where, func(s *desired.State) reflect.Value { return get(s).Elem() })
			v.SetZero()
		case reflect.Map:
			if v.Len() == 0 {
				t.Fatalf("%s is empty: fill it in full", where)
			}
			key := v.MapKeys()[0]
			v.SetMapIndex(key, reflect.ValueOf("changed"))
			record(where+", a value", s)
			v.SetMapIndex(key, reflect.Value{})
			record(where+", a key less", s)
			v.SetMapIndex(reflect.ValueOf("more"), reflect.ValueOf("1"))
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		default:
			t.Fatalf("%s: a %s", where, v.Kind())
		}
		record(where, s)
	}
	walk("State", func(s *desired.State) reflect.Value { return reflect.ValueOf(s).Elem() })
	if fields < 50 {
		t.Errorf("only %d changes", fields)
	}
}

func TestDigestOfEqualStates(t *testing.T) {
	a, b := full(), full()
	b.Labels = map[string]string{"env2": "2", "env": "1"}
	if a.Digest() != b.Digest() {
		t.Error("equal states differ")
	}
	a.Labels, b.Labels = nil, map[string]string{}
	if a.Digest() != b.Digest() {
		t.Error("no labels differ from an empty map of them")
	}
}

var nameGen = rapid.StringMatching(`[a-z0-9]([a-z0-9]|-[a-z0-9]){0,19}`)

func TestLabelValues(t *testing.T) {
	paths := rapid.Custom(func(t *rapid.T) string {
		names := rapid.SliceOfN(nameGen, 1, 4)
		if rapid.Bool().Draw(t, "long") {
			names = rapid.SliceOfN(rapid.StringMatching(`[a-z0-9]([a-z0-9]|-[a-z0-9]){3,12}`), 5, 20)
		}
		return strings.Join(names.Draw(t, "names"), "/")
	})
	path := regexp.MustCompile(`^[a-z0-9]([a-z0-9]|-[a-z0-9])*(/[a-z0-9]([a-z0-9]|-[a-z0-9])*)*$`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := paths.Draw(t, "a"), paths.Draw(t, "b")
		if rapid.Bool().Draw(t, "alike") {
			b = a + rapid.SampledFrom([]string{"", "/x", "x"}).Draw(t, "tail")
		}
		value := desired.LabelValue(a)
		if errs := validation.IsValidLabelValue(value); errs != nil {
			t.Errorf("%s: %v", value, errs)
		}
		if errs := validation.IsQualifiedName(desired.PrefixAncestor + value); errs != nil {
			t.Errorf("%s: %v", value, errs)
		}
		if errs := validation.IsDNS1123Subdomain(desired.DeployerName(a)); errs != nil || len(desired.DeployerName(a)) > 63 {
			t.Errorf("%s: %v", desired.DeployerName(a), errs)
		}
		if (a == b) != (value == desired.LabelValue(b)) || (a == b) != (desired.DeployerName(a) == desired.DeployerName(b)) {
			t.Errorf("%q and %q: %q, %q", a, b, value, desired.LabelValue(b))
		}
		// Nobody can choose a path whose plain value is the hashed one of another.
		if forged := strings.ReplaceAll(value, ".", "/"); forged != a && path.MatchString(forged) {
			t.Errorf("%q and %q share a value", a, forged)
		}
	})
}

// A LimitRange whose parts contradict each other is refused by the API server,
// with all that is applied beside it.
func TestContainersNeverContradict(t *testing.T) {
	amount := rapid.SampledFrom([]schema.Quantity{"", "", "100m", "0.5", "1", "2", "1Gi", "512Mi"})
	compute := rapid.Custom(func(t *rapid.T) schema.Compute {
		return schema.Compute{CPU: amount.Draw(t, "cpu"), Memory: amount.Draw(t, "memory")}
	})
	rapid.Check(t, func(t *rapid.T) {
		lc := logicalCluster("acme/prod")
		lc.Containers = &schema.Containers{DefaultRequest: compute.Draw(t, "request"), Default: compute.Draw(t, "default"),
			Max: compute.Draw(t, "max"), Min: compute.Draw(t, "min")}
		repo, placed := world(lc)
		states, _ := desired.Expand(repo, placed, nil, nil, nil)
		c := states[0].Containers
		of := func(list quota.Quota) map[string]string {
			out := map[string]string{}
			for _, a := range list {
				out[a.Resource] = a.Quantity.String()
			}
			return out
		}
		order := []map[string]string{of(c.Min), of(c.DefaultRequest), of(c.Default), of(c.Max)}
		for _, name := range []string{"cpu", "memory"} {
			for i, low := range order {
				for _, high := range order[i+1:] {
					if low[name] == "" || high[name] == "" {
						continue
					}
					l, h := resource.MustParse(low[name]), resource.MustParse(high[name])
					if l.Cmp(h) > 0 {
						t.Errorf("%s: %+v", name, c)
					}
				}
			}
		}
		for i, given := range []schema.Compute{lc.Containers.Min, lc.Containers.DefaultRequest, lc.Containers.Default, lc.Containers.Max} {
			if (given.CPU == "") != (order[i]["cpu"] == "") || (given.Memory == "") != (order[i]["memory"] == "") {
				t.Errorf("%+v became %+v", lc.Containers, c)
			}
		}
		if given := lc.Containers.Max.CPU; given != "" {
			if want, got := resource.MustParse(string(given)), resource.MustParse(order[3]["cpu"]); want.Cmp(got) != 0 {
				t.Errorf("a maximum of %s became %s", given, order[3]["cpu"])
			}
		}
	})
}

// verbSet says what a role allows, as "group/resource verb".
func verbSet(rules []desired.Rule) map[string]bool {
	out := map[string]bool{}
	for _, r := range rules {
		for _, g := range r.Groups {
			for _, res := range r.Resources {
				for _, v := range r.Verbs {
					out[g+"/"+res+" "+v] = true
				}
			}
		}
	}
	return out
}

var versionGen = rapid.Custom(func(t *rapid.T) *tenancy.APIVersion {
	verbs := rapid.SliceOfN(rapid.SampledFrom(allVerbs), 0, 8)
	v := version("set", "v1")
	for range rapid.IntRange(0, 4).Draw(t, "resources") {
		r := &tenancy.Resource{Group: rapid.SampledFrom([]string{"", "apps", "db"}).Draw(t, "group"),
			Plural:   rapid.SampledFrom([]string{"pods", "secrets", "things"}).Draw(t, "plural"),
			Versions: rapid.SliceOfN(rapid.SampledFrom([]string{"v1", "v2"}), 0, 2).Draw(t, "versions"),
			View:     verbs.Draw(t, "view"), Edit: verbs.Draw(t, "edit"), Admin: verbs.Draw(t, "admin")}
		if rapid.Bool().Draw(t, "scaled") {
			r.Subresources = []tenancy.Subresource{{Name: "scale", View: verbs.Draw(t, "view"), Edit: verbs.Draw(t, "edit"), Admin: verbs.Draw(t, "admin")}}
		}
		v.Resources = append(v.Resources, r)
	}
	return v
})

// Roles give what the bound APIs say and the base, each what the one before it
// gives, and whatever can be written passes the gate.
func TestRolesAndGatesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		versions := rapid.SliceOfN(versionGen, 0, 3).Draw(t, "versions")
		repo, placed := world(logicalCluster("acme/prod", versions...))
		states, platforms := desired.Expand(repo, placed, nil, nil, nil)
		roles := map[string]map[string]bool{}
		for _, r := range platforms[0].Roles {
			roles[r.Name] = verbSet(r.Rules)
		}
		want := map[string]bool{"/namespaces get": true}
		for _, v := range readVerbs {
			for _, r := range []string{"/events ", "events.k8s.io/events ", "/limitranges ", "/resourcequotas "} {
				want[r+v] = true
			}
		}
		for level, name := range []string{states[0].Roles.View, states[0].Roles.Edit, states[0].Roles.Admin} {
			for _, version := range versions {
				for _, r := range version.Resources {
					for _, v := range [][]string{r.View, r.Edit, r.Admin}[level] {
						want[r.Group+"/"+r.Plural+" "+v] = true
					}
					for _, s := range r.Subresources {
						for _, v := range [][]string{s.View, s.Edit, s.Admin}[level] {
							want[r.Group+"/"+r.Plural+"/"+s.Name+" "+v] = true
						}
					}
				}
			}
			if diff := cmp.Diff(want, roles[name]); diff != "" {
				t.Fatalf("level %d: %s", level, diff)
			}
		}
		passes := map[string]bool{}
		for _, a := range platforms[0].Gates[0].Allowed {
			passes[a.Group+"/"+a.Resource] = true
		}
		writes := map[string]bool{}
		for permission := range want {
			what, verb, _ := strings.Cut(permission, " ")
			if !slices.Contains(readVerbs, verb) {
				writes[strings.TrimSuffix(what, "/scale")] = true
			}
		}
		if diff := cmp.Diff(writes, passes); diff != "" {
			t.Fatalf("gate: %s", diff)
		}
	})
}

// A logical cluster's state is its own: who else is there, and in which order
// work is done, makes no difference.
func TestStatesAreIndependent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		versions := rapid.SliceOfN(versionGen, 1, 3).Draw(t, "versions")
		all := map[string]*tenancy.LogicalCluster{}
		n := rapid.IntRange(1, 700).Draw(t, "logical clusters")
		for i := range n {
			key := fmt.Sprintf("acme/lc-%d", i)
			all[key] = logicalCluster(key, versions[i%len(versions)])
		}
		list := func(keys []string) []desired.State {
			var lcs []*tenancy.LogicalCluster
			for _, k := range keys {
				lcs = append(lcs, all[k])
			}
			repo, placed := world(lcs...)
			states, _ := desired.Expand(repo, placed, nil, nil, nil)
			return states
		}
		keys := slices.Sorted(maps.Keys(all))
		states := list(keys)
		if len(states) != n {
			t.Fatalf("%d states of %d", len(states), n)
		}
		pick := rapid.IntRange(0, n-1).Draw(t, "pick")
		alone := list(keys[pick : pick+1])
		if states[pick].Key != keys[pick] || states[pick].Digest() != alone[0].Digest() {
			t.Errorf("%s depends on its neighbours", keys[pick])
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	s := full()
	b.ReportAllocs()
	for b.Loop() {
		s.Digest()
	}
}

func BenchmarkExpand(b *testing.B) {
	v := version("core", "v1", kind("", "pods"))
	var lcs []*tenancy.LogicalCluster
	for i := range 10000 {
		lcs = append(lcs, logicalCluster(fmt.Sprintf("acme/lc-%05d", i), v))
	}
	repo, placed := world(lcs...)
	b.ReportAllocs()
	for b.Loop() {
		desired.Expand(repo, placed, nil, nil, nil)
	}
}
