package render_test

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// TestKustomize builds every directory on disk, as Flux does, and expects all
// objects of all files in it.
func TestKustomize(t *testing.T) {
	dir := t.TempDir()
	files := small().files(t)
	for name, data := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	built := 0
	covered := map[string]bool{}
	for _, name := range sortedKeys(files) {
		if path.Base(name) != "kustomization.yaml" {
			continue
		}
		built++
		result, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(dir, path.Dir(name)))
		if err != nil {
			t.Errorf("%s: %v", path.Dir(name), err)
			continue
		}
		want := 0
		for _, resource := range resources(t, files[name]) {
			file := path.Join(path.Dir(name), resource)
			covered[file] = true
			want += len(documents(t, file, files[file]))
		}
		if result.Size() != want || want == 0 {
			t.Errorf("%s: %d objects, want %d", path.Dir(name), result.Size(), want)
		}
	}
	if built < 10 {
		t.Errorf("only %d directories", built)
	}
	for _, name := range sortedKeys(files) {
		inDirectory := strings.HasPrefix(name, "clusters/") || strings.HasPrefix(name, "gitops/")
		if inDirectory && path.Base(name) != "kustomization.yaml" && !covered[name] {
			t.Errorf("%s is applied by no kustomization.yaml", name)
		}
	}
}

// TestNoDirectoryGrows: kustomize's time grows with the square of the objects,
// so no kustomization.yaml reaches another one's files, and none carries more
// than a cut may, however many cuts there are.
func TestNoDirectoryGrows(t *testing.T) {
	r := newRepo()
	for i := range 420 {
		source(r.add(fmt.Sprintf("acme/lc%d", i), r.t.Clusters[i%3].Name, fmt.Sprintf("c%04d", i/3*9+1)))
	}
	seen := map[string]string{}
	files := r.files(t)
	for _, name := range sortedKeys(files) {
		if path.Base(name) != "kustomization.yaml" {
			continue
		}
		objects := 0
		for _, resource := range resources(t, files[name]) {
			file := path.Join(path.Dir(name), resource)
			if _, ok := files[file]; !ok || path.Base(file) == "kustomization.yaml" {
				t.Errorf("%s lists %s, which is no file of objects", name, resource)
			}
			if seen[file] != "" {
				t.Errorf("%s is in both %s and %s", file, seen[file], name)
			}
			seen[file] = name
			objects += len(documents(t, file, files[file]))
		}
		if limit := r.t.Settings.GitOps.Cut; objects > limit {
			t.Errorf("%s carries %d objects, more than %d", name, objects, limit)
		}
	}
	for i := range 140 {
		cut := fmt.Sprintf("c%04d", i*9+1)
		file := "gitops/flux/eu-1/tenants-" + cut + ".yaml"
		if group := cut[:3]; group != "c00" {
			file = "gitops/flux/eu-1/tenants/" + group + "/tenants-" + cut + ".yaml"
		}
		if seen[file] == "" {
			t.Errorf("%s is not applied", file)
		}
	}
}

// TestAddingOne: a new logical cluster in a cut that exists changes what is its
// own, and nothing that others share.
func TestAddingOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRepo()
		orgs := []string{"acme", "acme/payments", "acme/payments/eu", "beta"}
		for i := range rapid.IntRange(0, 12).Draw(t, "logical clusters") {
			draw(t, r, orgs, i)
		}
		// Each organization and each cut is in use before.
		for i, org := range orgs {
			for j, c := range r.t.Clusters {
				for _, cut := range []string{"c0001", "c0002"} {
					r.add(org+"/base-"+c.Name+"-"+cut, r.t.Clusters[(i+j)%3].Name, cut)
				}
			}
		}
		before := filesOf(t, r)
		lc := draw(t, r, orgs, 1000)
		after := filesOf(t, r)
		site := r.pins.LogicalClusters[lc.Key].Site
		engine := "flux"
		if site.Cluster == "us-1" {
			engine = "argo"
		}
		want := []string{
			"clusters/" + site.Cluster + "/tenants/" + site.Cut + "/" + strings.ReplaceAll(lc.Key, "/", ".") + ".yaml",
			"clusters/" + site.Cluster + "/tenants/" + site.Cut + "/kustomization.yaml",
			"gitops/" + engine + "/" + site.Cluster + "/logicalclusters/" + site.Cut + "/logicalclusters.yaml",
			"inventory/" + lc.Org.Path + ".json",
			"pins/" + lc.Org.Path + ".yaml",
		}
		slices.Sort(want)
		if got := changes(before, after); !slices.Equal(got, want) {
			t.Fatalf("adding %s on %s changed\n%s\nwant\n%s", lc.Key, site.Cluster, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// draw adds a logical cluster of some shape.
func draw(t *rapid.T, r *repo, orgs []string, i int) *tenancy.LogicalCluster {
	name := rapid.StringMatching(`[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,5})?`).Draw(t, "name")
	key := rapid.SampledFrom(orgs).Draw(t, "organization") + "/" + name + "-n" + string(rune('a'+i%26)) + string(rune('a'+i/26%26))
	cluster := rapid.SampledFrom([]string{"eu-1", "eu-2", "us-1"}).Draw(t, "cluster")
	lc := r.add(key, cluster, rapid.SampledFrom([]string{"c0001", "c0002"}).Draw(t, "cut"))
	if rapid.Bool().Draw(t, "source") {
		source(lc)
	}
	lc.State = rapid.SampledFrom([]schema.State{schema.Active, schema.Frozen}).Draw(t, "state")
	lc.Suspended = rapid.Bool().Draw(t, "suspended")
	lc.Labels["team"] = name
	return lc
}

func filesOf(t *rapid.T, r *repo) map[string]string {
	files, err := renderFiles(r)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func changes(before, after map[string]string) []string {
	var out []string
	for name, data := range after {
		if old, ok := before[name]; !ok || old != data {
			out = append(out, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// TestLastOfCut: the engine deletes what vanishes from a directory and leaves
// alone what vanishes with it, so the last logical cluster of a cut must not
// take the cut along. Once the pins forget it, the cut goes.
func TestLastOfCut(t *testing.T) {
	r := newRepo()
	r.add("acme/a", "eu-1", "c0001")
	pin := r.pins.LogicalClusters["acme/a"]
	cut := []string{
		"clusters/eu-1/tenants/c0001/kustomization.yaml",
		"gitops/flux/eu-1/tenants-c0001.yaml",
		"gitops/flux/eu-1/logicalclusters/c0001/kustomization.yaml",
	}
	const file = "clusters/eu-1/tenants/c0001/acme.a.yaml"
	for _, phase := range []pins.Phase{pins.Present, pins.Confirmed, pins.Gone} {
		pin.Phase = phase
		files := r.files(t)
		for _, name := range cut {
			if files[name] == "" {
				t.Errorf("phase %q: %s is gone", phase, name)
			}
		}
		if _, ok := files[file]; ok == (phase == pins.Gone) {
			t.Errorf("phase %q: %s: %v", phase, file, ok)
		}
	}
	delete(r.pins.LogicalClusters, "acme/a")
	files := r.files(t)
	for _, name := range cut {
		if files[name] != "" {
			t.Errorf("%s stays for nobody", name)
		}
	}
}
