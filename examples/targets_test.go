package examples_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/render/backing"
	"github.com/tenantry/tenantry/render/engine"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/schema"
)

// courier is a GitOps engine that applies one Parcel for each part.
type courier struct {
	engine.Observer // that of no engine: nothing here looks at live clusters
}

func (courier) Row() target.Engine {
	return target.Engine{Name: "courier", Title: "Courier", Namespace: func(g schema.GitOps) string { return g.Namespace },
		Installed: []string{"courier"}, Domain: "courier.example", APIGroup: "courier.example", ReservedDomains: []string{"courier.example"},
		MarkDomain: "courier.example", Protection: []target.Mark{{Key: "courier.example/keep", Value: "always"}}, FieldManager: "courier"}
}

func (courier) Unreadable(schema.GitOpsSource) string { return "" }

func parcel(c *gitops.Cluster, name, dir string) []manifest.Map {
	return []manifest.Map{c.Object("courier.example/v1", "Parcel", name, manifest.M("path", c.Path(dir)))}
}

func (courier) Root(c *gitops.Cluster) []manifest.Map {
	return parcel(c, c.RootName(), c.Directory())
}

func (courier) Platform(c *gitops.Cluster) []manifest.Map {
	return parcel(c, c.PlatformName(), c.PlatformManifests())
}

func (courier) Group(c *gitops.Cluster, group string) []manifest.Map {
	return parcel(c, c.GroupName(group), c.GroupDirectory(group))
}

func (courier) Tenants(c *gitops.Cluster, cut string) []manifest.Map {
	return parcel(c, c.TenantsName(cut), c.TenantManifests(cut))
}

func (courier) Source(*gitops.Cluster, *desired.State) []manifest.Map { return nil }

// cell is a backing that makes a logical cluster of one object, with some namespaces
// at most.
type cell struct{ namespaces int }

func (cell) Row() target.Backing { return target.Backing{Name: "cell"} }

func (c cell) Check(lc *tenancy.LogicalCluster) []tenancy.Finding {
	if len(lc.Namespaces) <= c.namespaces {
		return nil
	}
	return []tenancy.Finding{{Concerns: []document.ID{lc.ID()},
		Diagnostic: diag.New(diag.BackingUnsupported, lc.Pos, "a cell has %d namespaces at most", c.namespaces).About(lc.Meta.String())}}
}

func (cell) Lower(s *desired.State, engines target.Engines) []manifest.Map {
	annotations := manifest.Map{}
	for _, m := range engines.Protection() {
		annotations = append(annotations, manifest.Field{Key: m.Key, Value: m.Value})
	}
	return []manifest.Map{manifest.M("apiVersion", "cell.example/v1", "kind", "Cell",
		"metadata", manifest.M("name", strings.ReplaceAll(s.Key, "/", "-"), "labels", s.ObjectLabels(), "annotations", annotations))}
}

func (cell) Size(*desired.State) int { return 1 }

// A backing and an engine that nothing else knows of are rendered for like those that
// come with Tenantry; without them, their names are refused.
func TestOtherTargets(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("simple/repo")); err != nil {
		t.Fatal(err)
	}
	testkit.WriteFile(t, filepath.Join(dir, "settings.cue"), `package tenancy

settings: gitops: {
	engine: "courier"
	source: url: "https://git.acme.example/platform/tenancy"
}
`)
	testkit.WriteFile(t, filepath.Join(dir, "cell.cue"), `package tenancy

physicalClusters: [string]: backings: ["cell"]
logicalClusters: [=~"^acme/"]: backing: "cell"
`)
	build := func(targets *render.Targets) (*compiler.Result, string) {
		out := filepath.Join(t.TempDir(), "out")
		r, err := compiler.Compile(t.Context(), compiler.Options{Dir: dir, Out: out, Bootstrap: true, AsOf: "2026-11-20", Targets: targets})
		if err != nil {
			t.Fatal(err)
		}
		return r, out
	}

	targets := func(namespaces int) *render.Targets {
		return render.NewTargets(append(backing.BuiltIn(), cell{namespaces}), append(engine.BuiltIn(), courier{}))
	}
	r, out := build(targets(2))
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			t.Errorf("%s: %s %s", d.Position, d.Code, d.Message)
		}
	}
	for name, want := range map[string]string{
		"gitops/courier/eu-1/platform.yaml":                   "kind: Parcel",
		"gitops/courier/eu-1/tenants-c0001.yaml":              "kind: Parcel",
		"gitops/courier/bootstrap/eu-1.yaml":                  "kind: Parcel",
		"clusters/eu-1/platform/admission.yaml":               "k.startsWith('courier.example/')",
		"clusters/eu-1/tenants/c0001/acme.payments.prod.yaml": "kind: Cell",
	} {
		data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s does not say %s: %v\n%s", name, want, err, data)
		}
	}

	r, _ = build(targets(1))
	if !slices.ContainsFunc(r.Diagnostics, func(d diag.Diagnostic) bool { return d.Message == "a cell has 1 namespaces at most" }) {
		t.Errorf("the backing's own check does not run: %v", r.Diagnostics)
	}

	unknown, _ := build(nil)
	refused := map[string]bool{}
	for _, d := range unknown.Diagnostics {
		for _, name := range []string{"courier", "cell"} {
			if d.Severity == diag.Error && strings.Contains(d.Message, name) {
				refused[name] = true
			}
		}
	}
	if got := slices.Sorted(maps.Keys(refused)); !slices.Equal(got, []string{"cell", "courier"}) {
		t.Errorf("only %v are refused: %v", got, unknown.Diagnostics)
	}
}
