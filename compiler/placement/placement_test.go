package placement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

func TestWhyNowhere(t *testing.T) {
	r := newRepo()
	r.owners["acme"] = []string{"acme-owners"}
	one := 1
	r.cluster("a-us", func(c *tenancy.PhysicalCluster) { c.Region = "us" })
	r.cluster("b-dedicated", backings("dedicated"))
	r.cluster("c-labels", func(c *tenancy.PhysicalCluster) { c.Labels = map[string]string{"tier": "bronze"} })
	gold := func(c *tenancy.PhysicalCluster) { c.Labels = map[string]string{"tier": "gold"} }
	r.cluster("d-tainted", gold, func(c *tenancy.PhysicalCluster) { c.Taints = []schema.Taint{{Key: "gpu", Value: "yes"}} })
	r.cluster("e-full", gold, capacity(func(c *schema.Capacity) { c.CPU, c.LoadBalancers = "4", &one }))
	r.cluster("f-bounded", gold, capacity(func(c *schema.Capacity) { c.Memory = "1Ti" }))
	r.lc("acme/payments/prod", bounds("requests.cpu", "24", "services.loadbalancers", "1"), selects("tier=gold"),
		func(lc *tenancy.LogicalCluster) { lc.Regions = []string{"eu"} })
	if placed := r.build(1); len(placed) != 0 {
		t.Errorf("placed: %v", placed)
	}
	f := r.findings[0]
	want := "no physical cluster can take it: " +
		"a-us: its region us is not among eu; " +
		"b-dedicated: it does not support the backing namespace; " +
		"c-labels: its labels do not match tier=gold; " +
		"d-tainted: its taint gpu=yes is not tolerated; " +
		"e-full: cpu is full: 4 free, 24 asked; " +
		"f-bounded: it bounds memory, and the quota leaves that open; " +
		"it is not built until one can (owners of acme: acme-owners)"
	if f.Message != want {
		t.Errorf("have %s\nwant %s", f.Message, want)
	}
	if want := "ask for less than what e-full has free, raise its capacity, or add a physical cluster"; f.Suggestion != want {
		t.Errorf("have %s\nwant %s", f.Suggestion, want)
	}
	if f.Severity != diag.Error || !slices.Equal(r.concerned(), []string{"acme/payments/prod"}) {
		t.Errorf("%s concerns %v", f.Severity, r.concerned())
	}
}

func TestWhyNowhereIsCutShort(t *testing.T) {
	r := newRepo()
	for i := range 20 {
		r.cluster(fmt.Sprintf("c%02d", i))
	}
	r.lc("acme/prod", func(lc *tenancy.LogicalCluster) { lc.Regions = []string{"mars"} })
	r.build(1)
	m := r.findings[0].Message
	if strings.Count(m, "is not among") != 12 || !strings.Contains(m, "; and 8 more;") {
		t.Error(m)
	}
}

func TestDemandThatCannotBeMet(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.cluster("us-1", func(c *tenancy.PhysicalCluster) { c.Region = "us" })
	r.lc("acme/a", demand("us-1"), func(lc *tenancy.LogicalCluster) { lc.Regions = []string{"eu"} })
	r.lc("acme/b", demand("eu-9"))
	r.build(1)
	r.expect(t, "TEN0401", "it demands us-1, which can't take it: its region us is not among eu;",
		"TEN0401", "it demands eu-9, and no document declares such a physical cluster;")
}

func TestDedicated(t *testing.T) {
	r := newRepo()
	r.cluster("big", backings("dedicated"))
	r.cluster("mixed", backings("dedicated", "namespace"))
	dedicated := func(lc *tenancy.LogicalCluster) { lc.Backing = "dedicated" }
	r.lc("acme/a", dedicated)
	r.lc("acme/b", dedicated)
	r.lc("acme/c")
	placed := r.build(1)
	if placed["acme/a"].Cluster != "big" || placed["acme/c"].Cluster != "mixed" || placed["acme/b"] != nil {
		t.Errorf("placed: %v", placed)
	}
	r.expect(t, "TEN0401", "big: it is dedicated to another logical cluster; mixed: it takes other logical clusters too")
	r.build(2)
	r.expect(t, "TEN0401", "big: it is dedicated to another logical cluster; mixed: it takes other logical clusters too")
}

func TestTolerations(t *testing.T) {
	r := newRepo()
	r.cluster("gpu", func(c *tenancy.PhysicalCluster) {
		c.Taints = []schema.Taint{{Key: "gpu", Value: "a100"}, {Key: "spot"}}
	})
	tolerates := func(ts ...schema.Toleration) func(*tenancy.LogicalCluster) {
		return func(lc *tenancy.LogicalCluster) { lc.Tolerations = ts }
	}
	r.lc("acme/all", tolerates(schema.Toleration{Key: "gpu"}, schema.Toleration{Key: "spot"}))
	r.lc("acme/exact", tolerates(schema.Toleration{Key: "gpu", Value: "a100"}, schema.Toleration{Key: "spot"}))
	r.lc("acme/half", tolerates(schema.Toleration{Key: "gpu"}))
	r.lc("acme/other", tolerates(schema.Toleration{Key: "gpu", Value: "h100"}, schema.Toleration{Key: "spot"}))
	placed := r.build(1)
	if len(placed) != 2 || placed["acme/all"] == nil || placed["acme/exact"] == nil {
		t.Errorf("placed: %v", placed)
	}
	r.expect(t, "TEN0401", "its taint spot is not tolerated", "TEN0401", "its taint gpu=a100 is not tolerated")
}

// Equal logical clusters spread over equal physical clusters, and by utilisation
// over unequal ones.
func TestBalance(t *testing.T) {
	r := newRepo()
	for i, cores := range []string{"100", "100", "200"} {
		r.cluster(fmt.Sprintf("eu-%d", i+1), capacity(func(c *schema.Capacity) { c.CPU = schema.Quantity(cores) }))
	}
	for i := range 200 {
		r.lc(fmt.Sprintf("acme/lc%03d", i), bounds("requests.cpu", "1500m"))
	}
	count := map[string]int{}
	for _, lc := range r.build(1) {
		count[lc.Cluster]++
	}
	if diff := cmp.Diff(map[string]int{"eu-1": 50, "eu-2": 50, "eu-3": 100}, count); diff != "" {
		t.Error(diff)
	}
}

func TestCapacityIsNeverExceededByNewOnes(t *testing.T) {
	r := newRepo()
	three, five := 3, 5
	r.cluster("eu-1", capacity(func(c *schema.Capacity) { c.LogicalClusters = &three }))
	r.cluster("eu-2", capacity(func(c *schema.Capacity) { c.Namespaces = &five }))
	for i := range 10 {
		r.lc(fmt.Sprintf("acme/lc%d", i), declares("a", "b"))
	}
	if placed := r.build(1); len(placed) != 5 { // three, and two with two namespaces each
		t.Errorf("placed: %d", len(placed))
	}
	for _, f := range r.findings {
		if f.Code != diag.Unplaceable {
			t.Errorf("%s: %s", f.Code, f.Message)
		}
	}
}

// A physical cluster that grew too small or too different keeps what it has.
func TestWhatStandsStays(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1", capacity(func(c *schema.Capacity) { c.CPU = "100" }))
	r.lc("acme/a", bounds("limits.cpu", "60"))
	r.lc("acme/b", bounds("requests.cpu", "20"))
	before := r.build(1)
	r.expect(t)
	r.cluster("eu-1", capacity(func(c *schema.Capacity) { c.CPU, c.Memory = "50", "1Ti" }),
		func(c *tenancy.PhysicalCluster) { c.Taints = []schema.Taint{{Key: "old"}} })
	r.cluster("eu-2")
	r.lc("acme/b", bounds("requests.cpu", "20"), func(lc *tenancy.LogicalCluster) {
		lc.Tolerations = []schema.Toleration{{Key: "old"}}
	})
	after := r.build(2)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	r.expect(t, "TEN0411", "it stays on eu-1, although its taint old is not tolerated",
		"TEN0412", "eu-1 holds 80 cpu, and its capacity is 50",
		"TEN0413", "2 logical clusters stand on eu-1 without a quota for memory")
	if len(r.concerned()) != 0 {
		t.Errorf("held: %v", r.concerned())
	}
}

func TestVanishedPhysicalCluster(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a")
	r.lc("acme/b", held)
	before := r.build(1)
	delete(r.clusters, "eu-1")
	r.cluster("eu-2")
	after := r.build(2)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	r.expect(t, "TEN0402", "no document declares the physical cluster eu-1 any more, and 2 logical clusters stand on it: acme/a, acme/b")
	if !slices.Equal(r.concerned(), []string{"acme/a"}) {
		t.Errorf("held: %v", r.concerned())
	}
	r.lc("acme/a", demand("eu-2"))
	if got := r.build(3)["acme/a"]; got.Cluster != "eu-2" || got.Left[0].Cluster != "eu-1" || got.Left[0].Phase != pins.Leaving {
		t.Errorf("moved: %+v", got)
	}
}

func TestBackingThatIsNotSupportedAnyMore(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.lc("acme/a")
	before := r.build(1)
	r.lc("acme/a", func(lc *tenancy.LogicalCluster) { lc.Backing = "dedicated" })
	if diff := cmp.Diff(before, r.build(2)); diff != "" {
		t.Error(diff)
	}
	r.expect(t, "TEN0403", "it stands on eu-1, but it does not support the backing dedicated")
	if !slices.Equal(r.concerned(), []string{"acme/a"}) {
		t.Errorf("held: %v", r.concerned())
	}
}

func TestFormerPinsAreNotChanged(t *testing.T) {
	r := newRepo()
	r.cluster("eu-1")
	r.cluster("eu-2")
	r.lc("acme/a", demand("eu-1"), declares("x", "y"))
	r.build(1)
	r.lc("acme/a", demand("eu-2"), declares("x", "y"))
	r.build(2)
	r.lc("acme/a", demand("eu-2"), declares("y", "z"))
	r.build(3)
	former := r.pins
	was := clone(former.LogicalClusters)
	for _, edit := range []func(*tenancy.LogicalCluster){demand("eu-1"), demand("eu-2", "eu-1"), state(schema.Deleted)} {
		for _, names := range [][]string{{"x", "y"}, {"w"}} { // one comes back, one is new
			r.pins = former
			r.lc("acme/a", edit, declares(names...))
			r.build(4)
			if diff := cmp.Diff(was, former.LogicalClusters); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}

func TestNothingToPlace(t *testing.T) {
	out, findings := placement.Place(&tenancy.Tenancy{}, nil, "2026-11-20", nil)
	if len(out.Sites) != 0 || len(findings) != 0 {
		t.Errorf("have %v, %v", out, findings)
	}
}
