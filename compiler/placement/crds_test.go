package placement_test

import (
	"slices"
	"testing"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// version is a version of an API set with one managed definition of the content.
func version(set *tenancy.APISet, name, crd string, content byte) *tenancy.APIVersion {
	return &tenancy.APIVersion{Set: set, Name: name, Resources: []*tenancy.Resource{
		{Key: "pods"}, {Key: crd, CRD: &tenancy.CRD{Name: crd, Managed: true, Digest: [32]byte{content}}}}}
}

func set(name string) *tenancy.APISet {
	return &tenancy.APISet{Name: name, Meta: document.Meta{Kind: schema.KindAPISets, Key: name, Dir: "apis/" + name}}
}

func binds(versions ...*tenancy.APIVersion) func(*tenancy.LogicalCluster) {
	return func(lc *tenancy.LogicalCluster) {
		lc.Spec.APIs = map[string]string{}
		for _, v := range versions {
			lc.APIs = append(lc.APIs, tenancy.Binding{Requested: v.Name, Version: v})
			lc.Spec.APIs[v.Set.Name] = v.Name
		}
	}
}

func TestDefinitionsKeepNewOnesApart(t *testing.T) {
	db, other := set("database"), set("other")
	v2, v3 := version(db, "v2", "databases.db.example", 2), version(db, "v3", "databases.db.example", 3)
	same := version(db, "v2b", "databases.db.example", 2)
	foreign := version(other, "v1", "databases.db.example", 2)
	r := newRepo()
	r.cluster("eu-1")
	r.cluster("eu-2")
	r.lc("acme/a", binds(v2))
	r.lc("acme/b", binds(v3))
	r.lc("acme/c", binds(v2))
	r.lc("acme/d", binds(v3))
	r.lc("acme/e", binds(same))
	r.lc("acme/f", binds(foreign))
	r.lc("acme/g")
	out := r.build(1)
	if out["acme/a"].Cluster != out["acme/c"].Cluster || out["acme/a"].Cluster != out["acme/e"].Cluster ||
		out["acme/b"].Cluster != out["acme/d"].Cluster || out["acme/a"].Cluster == out["acme/b"].Cluster || out["acme/g"] == nil {
		t.Errorf("have %v", out)
	}
	r.expect(t, "TEN0401", "other@v1 defines databases.db.example, and it serves that of database@v")
}

func TestOneUpgradesAmongMany(t *testing.T) {
	db := set("database")
	v2, v3 := version(db, "v2", "databases.db.example", 2), version(db, "v3", "databases.db.example", 3)
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(v2))
	r.lc("acme/b", binds(v2))
	r.lc("acme/c", binds(v2))
	r.build(1)
	r.lc("acme/a", binds(v3))
	r.lc("acme/b", binds(v3))
	r.build(2)
	r.expect(t, "TEN0408", "eu-1 serves one definition of databases.db.example: it binds database@v3, while 1 logical cluster there bind database@v2 (acme/c)",
		"TEN0408", "it binds database@v3")
	if !slices.Equal(r.concerned(), []string{"acme/a", "acme/b"}) {
		t.Errorf("held: %v", r.concerned())
	}
}

func TestAllUpgradeTogether(t *testing.T) {
	db := set("database")
	v2, v3 := version(db, "v2", "databases.db.example", 2), version(db, "v3", "databases.db.example", 3)
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(v2))
	r.lc("acme/b", binds(v2))
	r.build(1)
	r.lc("acme/a", binds(v3))
	r.lc("acme/b", binds(v3))
	r.build(2)
	r.expect(t)
}

// A channel that moves changes what documents bind that say the same as before:
// the API set is to blame.
func TestChannelMovesPastOneThatStays(t *testing.T) {
	db := set("database")
	v2, v3 := version(db, "v2", "databases.db.example", 2), version(db, "v3", "databases.db.example", 3)
	channel := func(v *tenancy.APIVersion) func(*tenancy.LogicalCluster) {
		return func(lc *tenancy.LogicalCluster) {
			binds(v)(lc)
			lc.Spec.APIs["database"] = "stable"
		}
	}
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", channel(v2))
	r.lc("acme/b", channel(v2))
	r.lc("acme/c", binds(v2))
	r.build(1)
	r.lc("acme/a", channel(v3))
	r.lc("acme/b", channel(v3))
	r.build(2)
	r.expect(t, "TEN0408", "1 logical cluster would bind database@v2 (acme/c) while 2 logical clusters would bind database@v3 (acme/a, acme/b)")
	if f := r.findings[0]; len(f.Concerns) != 1 || f.Concerns[0].Kind != "apiSets" || f.Concerns[0].Key != "database" || f.Concerns[0].Dir != "apis/database" {
		t.Errorf("held: %v", f.Concerns)
	}
}

// The way to upgrade alone: to a physical cluster where nobody binds the old one.
func TestUpgradeByMoving(t *testing.T) {
	db := set("database")
	v2, v3 := version(db, "v2", "databases.db.example", 2), version(db, "v3", "databases.db.example", 3)
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(v2))
	r.lc("acme/b", binds(v2))
	r.build(1)
	r.cluster("eu-2")
	r.lc("acme/a", binds(v3), demand("eu-2"))
	if out := r.build(2); out["acme/a"].Cluster != "eu-2" {
		t.Errorf("have %v", out["acme/a"])
	}
	r.expect(t, "TEN0410", "it left eu-1")
}

func TestTwoDefinitionsInOne(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a", binds(version(set("x"), "v1", "things.example", 1), version(set("y"), "v1", "things.example", 1)))
	r.build(1)
	r.expect(t, "TEN0401", "y@v1 defines things.example, and it also binds x@v1")
}
