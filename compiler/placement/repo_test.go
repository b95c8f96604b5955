package placement_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
)

// repo is a resolved tenancy and what its builds decided so far.
type repo struct {
	clusters    map[string]*tenancy.PhysicalCluster
	lcs         map[string]*tenancy.LogicalCluster
	formerly    map[string][]string // of organizations
	owners      map[string][]string
	movesTo     map[string]map[string]string // of organizations, which are declared for it
	pins        *pins.Pins
	findings    []tenancy.Finding      // of the last build
	definitions []placement.Definition // of the last build
	cut         int
}

func newRepo() *repo {
	return &repo{clusters: map[string]*tenancy.PhysicalCluster{}, lcs: map[string]*tenancy.LogicalCluster{},
		formerly: map[string][]string{}, owners: map[string][]string{}, movesTo: map[string]map[string]string{}, cut: 300}
}

// cluster declares a physical cluster in region eu that bounds nothing but the
// number of its logical clusters.
func (r *repo) cluster(name string, edits ...func(*tenancy.PhysicalCluster)) {
	c := &tenancy.PhysicalCluster{Name: name, PhysicalCluster: schema.DefaultPhysicalCluster(),
		Meta: document.Meta{Kind: schema.KindPhysicalClusters, Key: name, Pos: diag.Position{File: "clusters/" + name + ".cue", Line: 3}}}
	c.Region = "eu"
	for _, edit := range edits {
		edit(c)
	}
	r.clusters[name] = c
}

// lc declares a logical cluster that declares no namespaces.
func (r *repo) lc(key string, edits ...func(*tenancy.LogicalCluster)) *tenancy.LogicalCluster {
	name := key[strings.LastIndexByte(key, '/')+1:]
	lc := &tenancy.LogicalCluster{Name: name, Spec: &schema.LogicalCluster{}, Backing: "namespace", State: schema.Active,
		Namespaces: []tenancy.Namespace{{Name: name}},
		Meta:       document.Meta{Kind: schema.KindLogicalClusters, Key: key, Dir: "orgs/acme", Pos: diag.Position{File: "orgs/acme/a.cue", Line: 7}}}
	for _, edit := range edits {
		edit(lc)
	}
	r.lcs[key] = lc
	return lc
}

func declares(names ...string) func(*tenancy.LogicalCluster) {
	return func(lc *tenancy.LogicalCluster) {
		lc.Namespaces, lc.Spec.Namespaces = nil, map[string]schema.Namespace{}
		for _, n := range slices.Sorted(slices.Values(names)) {
			lc.Namespaces = append(lc.Namespaces, tenancy.Namespace{Name: n})
			lc.Spec.Namespaces[n] = schema.Namespace{}
		}
	}
}

func bounds(amounts ...string) func(*tenancy.LogicalCluster) {
	return func(lc *tenancy.LogicalCluster) {
		for i := 0; i < len(amounts); i += 2 {
			lc.Quota = lc.Quota.With(amounts[i], resource.MustParse(amounts[i+1]))
		}
	}
}

func demand(cluster string, release ...string) func(*tenancy.LogicalCluster) {
	return func(lc *tenancy.LogicalCluster) {
		lc.Placement = schema.Placement{Cluster: cluster, Release: release}
	}
}

func state(s schema.State) func(*tenancy.LogicalCluster) {
	return func(lc *tenancy.LogicalCluster) { lc.State, lc.Spec.State = s, s }
}

func formerly(keys ...string) func(*tenancy.LogicalCluster) {
	return func(lc *tenancy.LogicalCluster) { lc.Spec.Formerly = keys }
}

func held(lc *tenancy.LogicalCluster) { lc.Held = true }

func selects(selector string) func(*tenancy.LogicalCluster) {
	s, err := labels.Parse(selector)
	if err != nil {
		panic(err)
	}
	return func(lc *tenancy.LogicalCluster) { lc.Selector = s }
}

func capacity(edit func(*schema.Capacity)) func(*tenancy.PhysicalCluster) {
	return func(c *tenancy.PhysicalCluster) { edit(&c.Capacity) }
}

func backings(b ...schema.Backing) func(*tenancy.PhysicalCluster) {
	return func(c *tenancy.PhysicalCluster) { c.Backings = b }
}

// tenancy puts the parts together as resolving does: everything sorted, with the
// organizations that the keys name.
func (r *repo) tenancy() *tenancy.Tenancy {
	t := &tenancy.Tenancy{Targets: render.BuiltIn().Table()}
	t.Settings.GitOps = schema.DefaultGitOps()
	for _, name := range slices.Sorted(maps.Keys(r.clusters)) {
		t.Clusters = append(t.Clusters, r.clusters[name])
	}
	organizations := map[string]*tenancy.Organization{}
	var organization func(path string) *tenancy.Organization
	organization = func(path string) *tenancy.Organization {
		if o, ok := organizations[path]; ok || path == "" {
			return o
		}
		o := &tenancy.Organization{Path: path, Spec: schema.Organization{Formerly: r.formerly[path], Owners: r.owners[path], MovesTo: r.movesTo[path]}}
		o.Parent = organization(path[:max(0, strings.LastIndexByte(path, '/'))])
		organizations[path] = o
		return o
	}
	for _, key := range slices.Sorted(maps.Keys(r.lcs)) {
		lc := r.lcs[key]
		lc.Org = organization(key[:strings.LastIndexByte(key, '/')])
		t.LogicalClusters = append(t.LogicalClusters, lc)
	}
	for path := range r.movesTo {
		organization(path)
	}
	for _, path := range slices.Sorted(maps.Keys(organizations)) {
		t.Organizations = append(t.Organizations, organizations[path])
	}
	return t
}

// build places and cuts, and remembers the decisions for the next build. Day
// counts from 1.
func (r *repo) build(day int) map[string]*pins.LogicalCluster {
	asOf := fmt.Sprintf("2026-11-%02d", day)
	t := r.tenancy()
	placed, findings := placement.Place(t, r.pins, asOf, nil)
	out := placed.Sites
	r.findings, r.definitions = findings, placed.Definitions
	r.findings = append(r.findings, placement.Cut(sized(out, func(string) int { return 8 }), out, r.cut)...)
	r.pins = &pins.Pins{AsOf: asOf, LogicalClusters: out, Stored: placed.Stored, Documents: map[document.ID]json.RawMessage{}}
	for key, lc := range r.lcs {
		data, err := json.Marshal(lc.Spec)
		if err != nil {
			panic(err)
		}
		r.pins.Documents[document.ID{Kind: "logicalClusters", Key: key, Dir: lc.Dir}] = data
	}
	return out
}

// said returns the findings of the last build as "CODE document: message".
func (r *repo) said() []string {
	out := []string{}
	for _, f := range r.findings {
		out = append(out, fmt.Sprintf("%s %s: %s", f.Code, f.Document, f.Message))
	}
	return out
}

// expect demands exactly these findings of the last build, each given by its
// code and a part of its message.
func (r *repo) expect(t *testing.T, want ...string) {
	t.Helper()
	said := r.said()
	if len(said) != len(want)/2 {
		t.Fatalf("have %d findings, want %d:\n%s", len(said), len(want)/2, strings.Join(said, "\n"))
	}
	for i, s := range said {
		if !strings.HasPrefix(s, want[2*i]+" ") || !strings.Contains(s, want[2*i+1]) {
			t.Errorf("have %s\nwant %s … %s", s, want[2*i], want[2*i+1])
		}
	}
}

// concerned are the keys that the last build's errors hold.
func (r *repo) concerned() []string {
	out := []string{}
	for _, f := range r.findings {
		for _, id := range f.Concerns {
			out = append(out, id.Key)
		}
	}
	return out
}
