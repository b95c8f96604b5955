package desired_test

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

var (
	readVerbs = []string{"get", "list", "watch"}
	allVerbs  = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
)

func kind(group, plural string, versions ...string) *tenancy.Resource {
	return &tenancy.Resource{Group: group, Plural: plural, Versions: versions, View: readVerbs, Edit: allVerbs, Admin: allVerbs}
}

func version(set, name string, resources ...*tenancy.Resource) *tenancy.APIVersion {
	return &tenancy.APIVersion{Set: &tenancy.APISet{Name: set}, Name: name, Resources: resources}
}

func cluster(name string) *tenancy.PhysicalCluster {
	return &tenancy.PhysicalCluster{Name: name, Minor: 36, PhysicalCluster: schema.PhysicalCluster{
		DNS: schema.DefaultPhysicalCluster().DNS}}
}

// logicalCluster returns a small logical cluster with one namespace, "main".
func logicalCluster(key string, versions ...*tenancy.APIVersion) *tenancy.LogicalCluster {
	lc := &tenancy.LogicalCluster{
		Meta: document.Meta{Key: key}, Name: path.Base(key), Org: &tenancy.Organization{Path: path.Dir(key)},
		Backing: "namespace", State: schema.Active, Network: schema.NetworkLogicalCluster, PodSecurity: "baseline",
		Namespaces: []tenancy.Namespace{{Name: "main", Quota: quota.Quota{{Resource: "requests.cpu", Quantity: resource.MustParse("1500m")}}}},
		Access: []tenancy.Grant{
			{Subject: tenancy.Subject{Kind: "Group", Name: "devs"}, Role: schema.Edit},
			{Subject: tenancy.Subject{Kind: "Group", Name: "devs"}, Role: schema.View, Organization: "acme"},
		},
		Source: &schema.Source{Repo: "https://git.example/x", Path: ".", Branch: "main", Role: schema.Edit, Interval: "5m"},
	}
	for _, v := range versions {
		lc.APIs = append(lc.APIs, tenancy.Binding{Version: v})
	}
	return lc
}

func site(cluster string) pins.Site {
	return pins.Site{Cluster: cluster, Cut: "c0001", Namespaces: pins.NamesOf(map[string]string{"main": "x-main"})}
}

// world is a tenancy of clusters a and b, with logical clusters placed on a.
func world(lcs ...*tenancy.LogicalCluster) (*tenancy.Tenancy, map[string]*pins.LogicalCluster) {
	t := &tenancy.Tenancy{Targets: render.BuiltIn().Table(),
		Settings: tenancy.Settings{Settings: schema.Settings{GitOps: schema.DefaultGitOps()}},
		Clusters: []*tenancy.PhysicalCluster{cluster("a"), cluster("b")},
	}
	placed := map[string]*pins.LogicalCluster{}
	for _, lc := range lcs {
		t.LogicalClusters = append(t.LogicalClusters, lc)
		placed[lc.Key] = &pins.LogicalCluster{Site: site("a")}
	}
	return t, placed
}

func one(t *testing.T, lc *tenancy.LogicalCluster, change func(*pins.LogicalCluster)) desired.State {
	t.Helper()
	repo, placed := world(lc)
	if change != nil {
		change(placed[lc.Key])
	}
	states, _ := desired.Expand(repo, placed, nil, nil, nil)
	if len(states) != 1 {
		t.Fatalf("%d states", len(states))
	}
	return states[0]
}

func TestState(t *testing.T) {
	lc := logicalCluster("acme/pay/prod", version("core", "v1", kind("", "pods")))
	s := one(t, lc, nil)
	want := desired.State{
		Key: "acme/pay/prod", Organization: "acme/pay", Cluster: "a", Cut: "c0001", Backing: "namespace",
		Network: "logical-cluster", DNS: &desired.DNS{Namespace: "kube-system", Labels: []desired.Label{{Key: "k8s-app", Value: "kube-dns"}}},
		PodSecurity: "baseline", Minor: 36, Containers: &desired.Containers{},
		Namespaces: []desired.Namespace{{Name: "main", Physical: "x-main", Hard: quota.Quota{{Resource: "requests.cpu", Quantity: resource.MustParse("1500m")}}}},
		// The higher of two roles includes the other.
		Grants: []desired.Grant{{Kind: "Group", Subject: "devs", Role: "edit"}},
		Roles:  s.Roles, Gate: s.Gate,
		Source: &desired.Source{Repo: "https://git.example/x", Path: ".", Branch: "main", Role: "edit",
			Namespace: "x-main", Interval: "5m"},
		Declared: "active", APIs: []desired.API{{Set: "core", Version: "v1"}},
		Deployers: "tenantry-system", Engine: "flux",
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
}

func TestPhases(t *testing.T) {
	lc := func(change func(*tenancy.LogicalCluster)) *tenancy.LogicalCluster {
		out := logicalCluster("acme/prod")
		if change != nil {
			change(out)
		}
		return out
	}
	phase := func(p pins.Phase) func(*pins.LogicalCluster) {
		return func(l *pins.LogicalCluster) { l.Phase = p }
	}
	for _, c := range []struct {
		name                   string
		lc                     *tenancy.LogicalCluster
		place                  func(*pins.LogicalCluster)
		frozen, access, source bool
	}{
		{"present", lc(nil), nil, false, true, true},
		{"frozen", lc(func(l *tenancy.LogicalCluster) { l.State = schema.Frozen }), nil, true, true, true},
		{"suspended", lc(func(l *tenancy.LogicalCluster) { l.Suspended = true }), nil, false, false, false},
		{"left behind", lc(nil), phase(pins.Leaving), true, true, false},
		{"declared deleted", lc(nil), phase(pins.Leaving), true, true, false},
		{"kept by a hold", lc(nil), phase(pins.Stopped), true, true, false},
		{"confirmed", lc(nil), phase(pins.Confirmed), true, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := one(t, c.lc, c.place)
			if s.Frozen != c.frozen || (len(s.Grants) > 0) != c.access || (s.Source != nil) != c.source {
				t.Errorf("frozen %v, grants %v, source %v", s.Frozen, s.Grants, s.Source)
			}
		})
	}
}

func TestWhereStatesStand(t *testing.T) {
	moved, gone, unplaced, lost := logicalCluster("acme/moved"), logicalCluster("acme/gone"), logicalCluster("acme/unplaced"), logicalCluster("acme/lost")
	repo, placed := world(gone, lost, moved, unplaced)
	left := site("b")
	left.Phase = pins.Leaving
	placed["acme/moved"].Left = []pins.Site{left}
	placed["acme/gone"].Phase = pins.Gone
	placed["acme/lost"].Cluster = "never-declared"
	delete(placed, "acme/unplaced")
	states, platforms := desired.Expand(repo, placed, nil, nil, nil)
	var got []string
	for _, s := range states {
		got = append(got, fmt.Sprintf("%s on %s, %q", s.Key, s.Cluster, s.Phase))
	}
	if want := []string{`acme/moved on a, ""`, `acme/moved on b, "leaving"`}; !slices.Equal(got, want) {
		t.Errorf("states: %q", got)
	}
	if len(platforms) != 2 || platforms[0].Cluster != "a" || platforms[1].Cluster != "b" {
		t.Errorf("platforms: %+v", platforms)
	}
}

func TestRetiredNamespaces(t *testing.T) {
	s := one(t, logicalCluster("acme/prod"), func(l *pins.LogicalCluster) {
		l.Namespaces = append(l.Namespaces, pins.Name{Name: "undeclared", Physical: "x-undeclared"})
		l.Retired = pins.NamesOf(map[string]string{"old": "x-old"})
	})
	none := quota.Quota{{Resource: "pods", Quantity: resource.MustParse("0")}}
	want := []desired.Namespace{
		{Name: "main", Physical: "x-main", Hard: quota.Quota{{Resource: "requests.cpu", Quantity: resource.MustParse("1500m")}}},
		{Name: "old", Physical: "x-old", Hard: none, Retired: true},
		{Name: "undeclared", Physical: "x-undeclared", Hard: none, Retired: true},
	}
	if diff := cmp.Diff(want, s.Namespaces); diff != "" {
		t.Error(diff)
	}
}

func TestRolesFollowFromBoundAPIs(t *testing.T) {
	secrets := kind("", "secrets")
	secrets.View = nil
	deployments := kind("apps", "deployments")
	deployments.Subresources = []tenancy.Subresource{{Name: "scale", View: []string{"get"}, Edit: []string{"get", "update", "patch"}, Admin: []string{"get", "update", "patch"}}}
	lc := logicalCluster("acme/prod", version("core", "v1", kind("", "configmaps"), kind("", "pods"), secrets), version("apps", "v1", deployments))
	repo, placed := world(lc)
	states, platforms := desired.Expand(repo, placed, nil, nil, nil)
	roles := map[string]desired.Role{}
	for _, r := range platforms[0].Roles {
		roles[r.Name] = r
	}
	want := []desired.Rule{
		{Groups: []string{""}, Resources: []string{"configmaps", "events", "limitranges", "pods", "resourcequotas"}, Verbs: readVerbs},
		{Groups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
		{Groups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: readVerbs},
		{Groups: []string{"apps"}, Resources: []string{"deployments/scale"}, Verbs: []string{"get"}},
		{Groups: []string{"events.k8s.io"}, Resources: []string{"events"}, Verbs: readVerbs},
	}
	if diff := cmp.Diff(want, roles[states[0].Roles.View].Rules); diff != "" {
		t.Error("view:", diff)
	}
	want = []desired.Rule{
		{Groups: []string{""}, Resources: []string{"configmaps", "pods", "secrets"}, Verbs: allVerbs},
		{Groups: []string{""}, Resources: []string{"events", "limitranges", "resourcequotas"}, Verbs: readVerbs},
		{Groups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
		{Groups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: allVerbs},
		{Groups: []string{"apps"}, Resources: []string{"deployments/scale"}, Verbs: []string{"get", "update", "patch"}},
		{Groups: []string{"events.k8s.io"}, Resources: []string{"events"}, Verbs: readVerbs},
	}
	if diff := cmp.Diff(want, roles[states[0].Roles.Edit].Rules); diff != "" {
		t.Error("edit:", diff)
	}
}

func TestGates(t *testing.T) {
	readOnly := kind("", "resourcequotas")
	readOnly.Edit, readOnly.Admin = readVerbs, readVerbs
	gate := func(versions ...*tenancy.APIVersion) desired.Gate {
		repo, placed := world(logicalCluster("acme/prod", versions...))
		states, platforms := desired.Expand(repo, placed, nil, nil, nil)
		if g := platforms[0].Gates; len(g) != 1 || g[0].Name != states[0].Gate {
			t.Fatalf("gates %v, state's %s", g, states[0].Gate)
		}
		return platforms[0].Gates[0]
	}
	pods, podsAgain := version("core", "v1", kind("", "pods"), readOnly), version("more", "v1", kind("", "pods"))
	v1, v2, every := version("db", "v1", kind("db", "databases", "v1")), version("db2", "v1", kind("db", "databases", "v2", "v1")), version("db3", "v1", kind("db", "databases"))
	for _, c := range []struct {
		name     string
		versions []*tenancy.APIVersion
		want     []desired.Allowed
	}{
		{"nothing bound", nil, []desired.Allowed{}},
		{"what can only be read is left out", []*tenancy.APIVersion{pods}, []desired.Allowed{{Resource: "pods"}}},
		{"bound twice", []*tenancy.APIVersion{pods, podsAgain}, []desired.Allowed{{Resource: "pods"}}},
		{"one version", []*tenancy.APIVersion{v1}, []desired.Allowed{{Group: "db", Resource: "databases", Versions: []string{"v1"}}}},
		{"versions add up", []*tenancy.APIVersion{v1, v2}, []desired.Allowed{{Group: "db", Resource: "databases", Versions: []string{"v1", "v2"}}}},
		{"all versions win", []*tenancy.APIVersion{v1, every}, []desired.Allowed{{Group: "db", Resource: "databases"}}},
		{"and in the other order", []*tenancy.APIVersion{every, v1}, []desired.Allowed{{Group: "db", Resource: "databases"}}},
	} {
		if diff := cmp.Diff(c.want, gate(c.versions...).Allowed); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if gate(pods).Name != gate(podsAgain).Name {
		t.Error("equal gates have two names")
	}
	if gate(v1).Name == gate(v2).Name || gate(pods).Name == gate().Name {
		t.Error("different gates have one name")
	}
}

func TestPlatformsAreDeduplicated(t *testing.T) {
	crd := func(name string, managed bool) *tenancy.Resource {
		r := kind("db.example", name)
		r.CRD = &tenancy.CRD{Name: name + ".db.example", File: "crds.yaml", Data: []byte(name), Managed: managed}
		return r
	}
	db := version("db", "v1", crd("databases", true), crd("backups", false))
	same := version("core", "v1", kind("", "pods"))
	repo, placed := world(logicalCluster("acme/a", same), logicalCluster("acme/b", same), logicalCluster("acme/c", db, same), logicalCluster("acme/d", db))
	repo.Settings.Controllers = []string{"b", "a", "b"}
	repo.Clusters[1].Kubeconfig = &schema.SecretKey{Secret: "b"}
	repo.Clusters[1].Engine = "argo"
	placed["acme/d"].Cluster = "b"
	databases := db.Resources[0].CRD
	databases.Definition = &apiextensionsv1.CustomResourceDefinition{}
	databases.Definition.Name = databases.Name
	_, platforms := desired.Expand(repo, placed, []placement.Definition{{Cluster: "a", CRD: databases.Definition, File: databases}}, nil, nil)
	a, b := platforms[0], platforms[1]
	if len(a.Roles) != 6 || len(a.Gates) != 2 || len(b.Roles) != 3 || len(b.Gates) != 1 {
		t.Errorf("a: %d roles, %d gates; b: %d, %d", len(a.Roles), len(a.Gates), len(b.Roles), len(b.Gates))
	}
	if want := []desired.CRD{{Name: "databases.db.example", Data: []byte("databases")}}; !reflect.DeepEqual(a.CRDs, want) {
		t.Errorf("CRDs: %v", a.CRDs)
	}
	if a.Remote || !b.Remote || a.Engine != "flux" || b.Engine != "argo" || !slices.Equal(a.Controllers, []string{"a", "b"}) {
		t.Errorf("a: %+v\nb: %+v", a, b)
	}
}

// Sets of the same name in two organizations are two sets.
func TestSetsOfOneNameAreToldApart(t *testing.T) {
	repo, placed := world(logicalCluster("acme/a", version("db", "v1", kind("db", "databases"))),
		logicalCluster("other/a", version("db", "v1", kind("db", "secrets"))))
	states, _ := desired.Expand(repo, placed, nil, nil, nil)
	if states[0].Gate == states[1].Gate || states[0].Roles == states[1].Roles {
		t.Error("one profile for both")
	}
}
