package placement_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// clone copies pins through their JSON.
func clone(lcs map[string]*pins.LogicalCluster) map[string]*pins.LogicalCluster {
	data, err := json.Marshal(lcs)
	if err != nil {
		panic(err)
	}
	out := map[string]*pins.LogicalCluster{}
	if err := json.Unmarshal(data, &out); err != nil {
		panic(err)
	}
	for key, lc := range out {
		lc.Organization = lcs[key].Organization
	}
	return out
}

// where tells a logical cluster's sites as "cluster/cut phase since".
func where(lc *pins.LogicalCluster) []string {
	if lc == nil {
		return nil
	}
	tell := func(s pins.Site) string {
		out := s.Cluster + "/" + s.Cut
		if s.Phase != pins.Present {
			out += " " + string(s.Phase) + " " + s.Since
		}
		return out
	}
	out := []string{tell(lc.Site)}
	for _, s := range lc.Left {
		out = append(out, tell(s))
	}
	return out
}

// step is one build: the document's state, and where the logical cluster stands
// after it.
type step struct {
	day  int
	edit func(*tenancy.LogicalCluster)
	want []string
	said []string
}

func follow(t *testing.T, steps []step) *repo {
	t.Helper()
	r := newRepo()
	r.cluster("eu-1")
	r.cluster("eu-2")
	for _, s := range steps {
		r.lc("acme/prod", s.edit)
		out := r.build(s.day)
		if got := where(out["acme/prod"]); !slices.Equal(got, s.want) {
			t.Errorf("day %d: have %q, want %q", s.day, got, s.want)
		}
		r.expect(t, s.said...)
		if physical := out["acme/prod"].Namespaces.Map()["prod"]; physical != "acme-prod" {
			t.Errorf("day %d: the namespace is called %s", s.day, physical)
		}
	}
	return r
}

func TestMove(t *testing.T) {
	leaving := []string{"TEN0410", "it left eu-1, and its copy there stands since 2026-11-02, frozen"}
	follow(t, []step{
		{day: 1, edit: demand("eu-1"), want: []string{"eu-1/c0001"}},
		{day: 2, edit: demand("eu-2"), want: []string{"eu-2/c0001", "eu-1/c0001 leaving 2026-11-02"}, said: leaving},
		{day: 3, edit: demand("eu-2"), want: []string{"eu-2/c0001", "eu-1/c0001 leaving 2026-11-02"}, said: leaving},
		{day: 3, edit: demand("", "eu-1"), want: []string{"eu-2/c0001", "eu-1/c0001 confirmed 2026-11-03"}},
		{day: 3, edit: demand("", "eu-1"), want: []string{"eu-2/c0001", "eu-1/c0001 confirmed 2026-11-03"}},
		{day: 4, edit: demand("", "eu-1"), want: []string{"eu-2/c0001", "eu-1/c0001 confirmed 2026-11-03"}},
		{day: 5, edit: demand("", "eu-1"), want: []string{"eu-2/c0001", "eu-1/c0001 gone 2026-11-05"}},
		{day: 5, edit: demand(""), want: []string{"eu-2/c0001", "eu-1/c0001 gone 2026-11-05"}},
		{day: 6, edit: demand("eu-1"), want: []string{"eu-1/c0001", "eu-2/c0001 leaving 2026-11-06"},
			said: []string{"TEN0410", "it left eu-2"}},
	})
}

func TestMoveAndBack(t *testing.T) {
	follow(t, []step{
		{day: 1, edit: demand("eu-1"), want: []string{"eu-1/c0001"}},
		{day: 2, edit: demand("eu-2"), want: []string{"eu-2/c0001", "eu-1/c0001 leaving 2026-11-02"}, said: []string{"TEN0410", ""}},
		{day: 3, edit: demand("eu-1"), want: []string{"eu-1/c0001", "eu-2/c0001 leaving 2026-11-03"}, said: []string{"TEN0410", ""}},
		{day: 4, edit: demand("eu-1", "eu-2"), want: []string{"eu-1/c0001", "eu-2/c0001 confirmed 2026-11-04"}},
		// The release was taken back before the copy was gone.
		{day: 5, edit: demand("eu-1"), want: []string{"eu-1/c0001", "eu-2/c0001 leaving 2026-11-05"}, said: []string{"TEN0410", ""}},
	})
}

func TestMoveThatReleasesAtOnce(t *testing.T) {
	r := follow(t, []step{
		{day: 1, edit: demand("eu-1"), want: []string{"eu-1/c0001"}},
		{day: 2, edit: demand("eu-2", "eu-1"), want: []string{"eu-1/c0001"}, said: []string{"TEN0407", "releases eu-1 at once"}},
	})
	if !slices.Equal(r.concerned(), []string{"acme/prod"}) {
		t.Errorf("held: %v", r.concerned())
	}
}

func TestMoveThatIsNotPossible(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.cluster("us-1", func(c *tenancy.PhysicalCluster) { c.Region = "us" })
	eu := func(lc *tenancy.LogicalCluster) { lc.Regions = []string{"eu"} }
	r.lc("acme/prod", eu)
	before := r.build(1)
	r.lc("acme/prod", eu, demand("us-1"))
	if diff := cmp.Diff(before, r.build(2)); diff != "" {
		t.Error(diff)
	}
	r.expect(t, "TEN0406", "it stays on eu-1, since us-1 can't take it: its region us is not among eu")
	if !slices.Equal(r.concerned(), []string{"acme/prod"}) {
		t.Errorf("held: %v", r.concerned())
	}
}

func TestDeletion(t *testing.T) {
	deleted := state(schema.Deleted)
	held := func(lc *tenancy.LogicalCluster) { deleted(lc); lc.Spec.Hold = true }
	both := func(day string) []string { return []string{"TEN0417", "a build for " + day, "TEN0410", "it left eu-1"} }
	r := follow(t, []step{
		{day: 1, edit: demand("eu-1"), want: []string{"eu-1/c0001"}},
		{day: 2, edit: demand("eu-2"), want: []string{"eu-2/c0001", "eu-1/c0001 leaving 2026-11-02"}, said: []string{"TEN0410", ""}},
		{day: 3, edit: deleted, want: []string{"eu-2/c0001 leaving 2026-11-03", "eu-1/c0001 leaving 2026-11-02"}, said: both("2026-11-10")},
		{day: 9, edit: deleted, want: []string{"eu-2/c0001 leaving 2026-11-03", "eu-1/c0001 leaving 2026-11-02"}, said: both("2026-11-10")},
		{day: 10, edit: deleted, want: []string{"eu-2/c0001 confirmed 2026-11-10", "eu-1/c0001 confirmed 2026-11-10"}, said: []string{"TEN0417", "2026-11-12"}},
		{day: 10, edit: deleted, want: []string{"eu-2/c0001 confirmed 2026-11-10", "eu-1/c0001 confirmed 2026-11-10"}, said: []string{"TEN0417", "2026-11-12"}},
		// Held, then taken back.
		{day: 11, edit: held, want: []string{"eu-2/c0001 stopped 2026-11-11", "eu-1/c0001 leaving 2026-11-11"}, said: []string{"TEN0417", "kept by a hold since 2026-11-11: everything on eu-2", "TEN0410", ""}},
		{day: 20, edit: held, want: []string{"eu-2/c0001 stopped 2026-11-11", "eu-1/c0001 leaving 2026-11-11"}, said: []string{"TEN0417", "kept by a hold since 2026-11-11: everything on eu-2", "TEN0410", ""}},
		{day: 20, edit: state(schema.Frozen), want: []string{"eu-2/c0001", "eu-1/c0001 leaving 2026-11-11"}, said: []string{"TEN0410", ""}},
		{day: 20, edit: deleted, want: []string{"eu-2/c0001 leaving 2026-11-20", "eu-1/c0001 leaving 2026-11-11"}, said: both("2026-11-27")},
		{day: 27, edit: deleted, want: []string{"eu-2/c0001 confirmed 2026-11-27", "eu-1/c0001 confirmed 2026-11-27"}, said: []string{"TEN0417", "2026-11-29"}},
		{day: 28, edit: deleted, want: []string{"eu-2/c0001 confirmed 2026-11-27", "eu-1/c0001 confirmed 2026-11-27"}, said: []string{"TEN0417", "2026-11-29"}},
		{day: 29, edit: deleted, want: []string{"eu-2/c0001 gone 2026-11-29", "eu-1/c0001 gone 2026-11-29"}, said: []string{"TEN0415", "it was deleted"}},
		{day: 30, edit: state(schema.Active), want: []string{"eu-2/c0001 gone 2026-11-29", "eu-1/c0001 gone 2026-11-29"}, said: []string{"TEN0409", "nothing to bring back"}},
	})
	if !slices.Equal(r.concerned(), []string{"acme/prod"}) {
		t.Errorf("held: %v", r.concerned())
	}
	delete(r.lcs, "acme/prod")
	if out := r.build(31); len(out) != 0 {
		t.Errorf("still remembered: %v", out)
	}
	r.lc("acme/prod", demand("eu-2"))
	if got := where(r.build(32)["acme/prod"]); !slices.Equal(got, []string{"eu-2/c0001"}) {
		t.Errorf("anew: %v", got)
	}
}

// A pin whose document is missing is nobody's to change.
func TestPinWithoutDocument(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/prod")
	before := r.build(1)
	delete(r.lcs, "acme/prod")
	after := r.build(2)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	r.expect(t)
}

func TestDeletedBeforeItWasBuilt(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/prod", state(schema.Deleted))
	if out := r.build(1); len(out) != 0 {
		t.Errorf("placed: %v", out)
	}
	r.expect(t)
}

// Where the document of a deleted logical cluster goes on the day on which its
// objects do, its cut must still be remembered: an engine that sees both vanish
// at once orphans what it should delete.
func TestDocumentGoesTogetherWithItsObjects(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a")
	r.build(1)
	r.lc("acme/a", state(schema.Deleted))
	for _, day := range []int{2, 9, 11} {
		r.build(day)
	}
	clear(r.lcs)
	for day, remembered := range map[int]bool{11: true, 12: false} {
		former := *r
		if out := former.build(day); (out["acme/a"] != nil) != remembered {
			t.Errorf("day %d: have %v", day, out["acme/a"])
		}
	}
}
