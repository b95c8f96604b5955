package placement_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	"pgregory.net/rapid"
)

// edit changes the repo at random, and returns the key of the logical cluster
// that it names, if any.
func edit(t *rapid.T, r *repo) string {
	keys := slices.Sorted(maps.Keys(r.lcs))
	clusters := []string{"eu-1", "eu-2", "us-1"}
	what := rapid.SampledFrom([]string{"new", "new", "new", "quota", "namespaces", "demand", "release", "state", "regions", "backing",
		"drop", "rename", "hold", "cluster", "capacity", "vanish"}).Draw(t, "edit")
	switch what {
	case "new":
		key := rapid.StringMatching(`(acme|b-co)(/[a-c]){1,2}`).Draw(t, "key")
		if r.lcs[key] == nil {
			r.lc(key)
			return key
		}
		return ""
	case "cluster":
		r.cluster(rapid.SampledFrom(clusters).Draw(t, "cluster"))
		return ""
	case "capacity":
		n := rapid.IntRange(0, 5).Draw(t, "capacity")
		r.cluster(rapid.SampledFrom(clusters).Draw(t, "cluster"), capacity(func(c *schema.Capacity) { c.LogicalClusters, c.CPU = &n, "20" }),
			func(c *tenancy.PhysicalCluster) { c.Region = rapid.SampledFrom([]string{"eu", "us"}).Draw(t, "region") })
		return ""
	case "vanish":
		delete(r.clusters, rapid.SampledFrom(clusters).Draw(t, "cluster"))
		return ""
	}
	if len(keys) == 0 {
		return ""
	}
	key := rapid.SampledFrom(keys).Draw(t, "key")
	lc := r.lcs[key]
	switch what {
	case "quota":
		lc.Quota = quota.Quota{{Resource: "requests.cpu", Quantity: *resource.NewQuantity(int64(rapid.IntRange(0, 9).Draw(t, "cpu")), resource.DecimalSI)}}
	case "namespaces":
		declares(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "x-y"}), 1, 3, rapid.ID).Draw(t, "namespaces")...)(lc)
	case "demand":
		lc.Placement.Cluster = rapid.SampledFrom(append(clusters, "")).Draw(t, "demand")
	case "release":
		lc.Placement.Release = rapid.SliceOfDistinct(rapid.SampledFrom(clusters), rapid.ID).Draw(t, "release")
	case "state":
		lc.State = rapid.SampledFrom([]schema.State{schema.Active, schema.Frozen, schema.Deleted}).Draw(t, "state")
		lc.Spec.State, lc.Spec.Hold = lc.State, rapid.IntRange(0, 9).Draw(t, "hold") == 0
	case "regions":
		lc.Regions = []string{rapid.SampledFrom([]string{"eu", "us"}).Draw(t, "region")}
	case "backing":
		lc.Backing = rapid.SampledFrom([]schema.Backing{"namespace", "dedicated"}).Draw(t, "backing")
	case "hold":
		lc.Held = !lc.Held
	case "drop":
		delete(r.lcs, key)
	case "rename":
		to := key + "r"
		if len(key) > 20 || r.lcs[to] != nil {
			return ""
		}
		delete(r.lcs, key)
		renamed := r.lc(to, formerly(key))
		if len(lc.Spec.Namespaces) > 0 {
			declares(slices.Collect(maps.Keys(lc.Spec.Namespaces))...)(renamed)
		}
		return to // what stands under this key may have been dropped before; the former key is named by the document
	}
	return key
}

// Random edits over many builds never move, recut or rename what they do not
// name; nothing is ever called like anything else on its physical cluster; and
// what is decided can be written and read.
func TestDecisionsStand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRepo()
		r.cut = 40
		r.cluster("eu-1")
		r.cluster("eu-2")
		day := 1
		for range rapid.IntRange(1, 12).Draw(t, "builds") {
			before := map[string]*pins.LogicalCluster{}
			former := r.pins
			if former != nil {
				before = clone(former.LogicalClusters)
			}
			named := map[string]bool{}
			for range rapid.IntRange(1, 4).Draw(t, "edits") {
				named[edit(t, r)] = true
			}
			day += rapid.IntRange(0, 1).Draw(t, "days")
			after := r.build(day)
			if former != nil {
				if diff := cmp.Diff(before, former.LogicalClusters); diff != "" {
					t.Fatalf("the former pins were changed: %s", diff)
				}
			}
			for key, lc := range r.lcs { // what a document says stands until it can be done
				if d := lc.Placement.Cluster; d != "" && before[key] != nil && before[key].Cluster != d {
					named[key] = true
				}
				for _, former := range lc.Spec.Formerly {
					named[former] = true
				}
			}
			checkSticky(t, before, after, named)
			checkNames(t, after)
			checkFindings(t, r, after)
			checkCapacity(t, r, before, after)
			checkAgain(t, r, former, after)
			checkWritten(t, r.pins)
		}
	})
}

func checkSticky(t *rapid.T, before, after map[string]*pins.LogicalCluster, named map[string]bool) {
	for key, was := range before {
		if named[key] {
			continue
		}
		is := after[key]
		if is == nil {
			// Only what is gone altogether may be forgotten.
			if was.Phase != pins.Gone {
				t.Fatalf("%s was forgotten", key)
			}
			continue
		}
		if len(was.Left) != len(is.Left) {
			t.Fatalf("%s: %d places left, were %d", key, len(is.Left), len(was.Left))
		}
		for i, s := range append([]pins.Site{was.Site}, was.Left...) {
			now := is.Site
			if i > 0 {
				now = is.Left[i-1]
			}
			s.Phase, s.Since, now.Phase, now.Since = "", "", "", ""
			if diff := cmp.Diff(s, now); diff != "" {
				t.Fatalf("%s: %s", key, diff)
			}
		}
	}
}

func checkNames(t *rapid.T, lcs map[string]*pins.LogicalCluster) {
	owner := map[[2]string]string{}
	for key, lc := range lcs {
		for _, s := range append([]pins.Site{lc.Site}, lc.Left...) {
			for _, n := range slices.Concat(s.Namespaces, s.Retired) {
				at := [2]string{s.Cluster, n.Physical}
				if former, ok := owner[at]; ok {
					t.Fatalf("%s of %s and %s share %s on %s", n.Name, key, former, n.Physical, s.Cluster)
				}
				owner[at] = key
			}
			if s.Phase != pins.Gone && s.Cut == "" {
				t.Fatalf("%s has no cut on %s", key, s.Cluster)
			}
		}
	}
}

// Errors never hold what is held, and every document is placed, deleted or in
// error.
func checkFindings(t *rapid.T, r *repo, after map[string]*pins.LogicalCluster) {
	spoken := map[string]bool{}
	for _, f := range r.findings {
		spoken[f.Document] = true
		for _, id := range f.Concerns {
			if r.lcs[id.Key].Held {
				t.Fatalf("%s holds %s, which is held", f.Code, id.Key)
			}
			if f.Severity != diag.Error {
				t.Fatalf("%s is a %s and holds %s", f.Code, f.Severity, id.Key)
			}
		}
		if f.Code.Entry().Explain == "" || f.Message == "" {
			t.Fatalf("%v says nothing", f)
		}
	}
	claimed := map[string]bool{}
	for _, lc := range r.lcs {
		for _, key := range lc.Spec.Formerly {
			claimed[key] = true
		}
	}
	for key, lc := range r.lcs {
		if after[key] == nil && lc.State != schema.Deleted && !spoken[lc.String()] && !claimed[key] {
			t.Fatalf("%s is neither placed nor spoken of", key)
		}
	}
}

// New ones never exceed a capacity.
func checkCapacity(t *rapid.T, r *repo, before, after map[string]*pins.LogicalCluster) {
	count := map[string]int{}
	joined := map[string]bool{}
	for key, lc := range after {
		stood := map[string]bool{}
		if was := before[key]; was != nil {
			for _, s := range append([]pins.Site{was.Site}, was.Left...) {
				stood[s.Cluster] = s.Phase != pins.Gone
			}
		}
		renamed := r.lcs[key] != nil && len(r.lcs[key].Spec.Formerly) > 0
		for _, s := range append([]pins.Site{lc.Site}, lc.Left...) {
			if s.Phase != pins.Gone {
				count[s.Cluster]++
			}
			if before[key] == nil && !renamed && !stood[s.Cluster] {
				joined[s.Cluster] = true
			}
		}
	}
	for name := range joined {
		if limit := r.clusters[name].Capacity.LogicalClusters; count[name] > *limit {
			t.Fatalf("%s took new ones and holds %d of %d", name, count[name], *limit)
		}
	}
}

// The same former pins give the same decisions, and the decisions themselves
// give no others on the same day.
func checkAgain(t *rapid.T, r *repo, former *pins.Pins, after map[string]*pins.LogicalCluster) {
	for _, p := range []*pins.Pins{former, r.pins} {
		placed, _ := placement.Place(r.tenancy(), p, r.pins.AsOf, nil)
		again := placed.Sites
		placement.Cut(sized(again, func(string) int { return 8 }), again, r.cut)
		if p == former {
			if diff := cmp.Diff(after, again); diff != "" {
				t.Fatalf("decided otherwise: %s", diff)
			}
			continue
		}
		for key, lc := range after {
			if again[key] == nil && lc.Phase != pins.Gone || again[key] != nil && again[key].Cluster != lc.Cluster {
				t.Fatalf("%s: have %+v, decided %+v", key, again[key], lc)
			}
		}
	}
}

func checkWritten(t *rapid.T, p *pins.Pins) {
	fsys := fstest.MapFS{}
	for _, f := range p.Files(func(document.ID) string { return "" }) {
		fsys[f.Path] = &fstest.MapFile{Data: f.AppendYAML(nil)}
	}
	got, err := pins.Read(fsys, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.LogicalClusters, got.LogicalClusters); diff != "" {
		t.Fatal(diff)
	}
}

func many(n, clusters int) *repo {
	r := newRepo()
	for i := range clusters {
		r.cluster(fmt.Sprintf("eu-%02d", i), capacity(func(c *schema.Capacity) { c.CPU, c.Memory = "100k", "1Pi" }))
	}
	db := set("database")
	v := version(db, "v2", "databases.db.example", 2)
	for i := range n {
		r.lc(fmt.Sprintf("acme/team%d/prod%d", i/100, i%100), declares("api", "jobs"), binds(v),
			bounds("requests.cpu", fmt.Sprint(1+i%40), "requests.memory", "96Gi"))
	}
	return r
}

func BenchmarkPlaceNew(b *testing.B) {
	t := many(100_000, 50).tenancy()
	for b.Loop() {
		if out, _ := placement.Place(t, nil, "2026-11-20", nil); len(out.Sites) != 100_000 {
			b.Fatalf("placed %d", len(out.Sites))
		}
	}
}

func BenchmarkPlacePinned(b *testing.B) {
	r := many(100_000, 50)
	r.build(1)
	t := r.tenancy()
	for b.Loop() {
		placement.Place(t, r.pins, "2026-11-20", nil)
	}
}

func BenchmarkCut(b *testing.B) {
	t := many(100_000, 50).tenancy()
	for b.Loop() {
		out, _ := placement.Place(t, nil, "2026-11-20", nil)
		placement.Cut(sized(out.Sites, func(key string) int { return 8 + len(key) }), out.Sites, 300)
	}
}
