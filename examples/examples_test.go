package examples_test

import (
	"bytes"
	"context"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/load"
	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/examples"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/schema"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// asOf is the date that the committed outputs were built for.
const asOf = "2026-11-20"

// TestRendered builds each example from nothing. The committed output is what
// comes of it; TENANTRY_UPDATE=1 commits what comes of it now.
func TestRendered(t *testing.T) {
	for _, name := range examples.Names() {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "rendered")
			r := compile(t, compiler.Options{Dir: filepath.Join(name, "repo"), Out: out, AsOf: asOf, Bootstrap: true, Release: true})
			got := testkit.ReadFiles(t, out)
			if len(got) == 0 {
				t.Fatal("nothing was rendered")
			}
			committed := filepath.Join(name, "rendered")
			testkit.GoldenFiles(t, committed, got)
			for _, lc := range r.Tenancy.LogicalClusters {
				if r.Sites[lc.Key] == nil {
					t.Errorf("%s was placed nowhere", lc.Key)
				}
			}
		})
	}
}

// TestRebuild builds over the committed output: the pins hold, so nothing
// changes.
func TestRebuild(t *testing.T) {
	for _, name := range examples.Names() {
		t.Run(name, func(t *testing.T) {
			committed := testkit.ReadFiles(t, filepath.Join(name, "rendered"))
			out := filepath.Join(t.TempDir(), "rendered")
			testkit.WriteFiles(t, out, committed)
			r := compile(t, compiler.Options{Dir: filepath.Join(name, "repo"), Out: out})
			if r.AsOf != asOf {
				t.Errorf("built as of %s, want the date of the pins, %s", r.AsOf, asOf)
			}
			if s := r.Written; s != nil && (s.Written != 0 || s.Removed != 0) {
				t.Errorf("a second build wrote %d files and removed %d, want none", s.Written, s.Removed)
			}
			if diff := testkit.Differences(committed, testkit.ReadFiles(t, out)); diff != "" {
				t.Errorf("a second build changed the output (-before +after):\n%s", diff)
			}
		})
	}
}

// TestKustomize builds every directory that an engine applies, as kubectl and
// Flux do.
func TestKustomize(t *testing.T) {
	for _, name := range examples.Names() {
		for file := range testkit.ReadFiles(t, filepath.Join(name, "rendered")) {
			if filepath.Base(file) != "kustomization.yaml" {
				continue
			}
			dir := filepath.Join(name, "rendered", filepath.Dir(file))
			resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
			if err != nil {
				t.Errorf("%s: %v", dir, err)
			} else if resources.Size() == 0 {
				t.Errorf("%s holds nothing", dir)
			}
		}
	}
}

// TestObjects reads what an engine would apply: every object is named, one with
// a namespace names it, and none stands twice in what goes to one cluster.
func TestObjects(t *testing.T) {
	for _, name := range examples.Names() {
		seen := map[string]string{}
		for file, data := range testkit.ReadFiles(t, filepath.Join(name, "rendered")) {
			parts := strings.Split(file, "/")
			if parts[0] != "clusters" && parts[0] != "gitops" || !strings.HasSuffix(file, ".yaml") || path.Base(file) == "kustomization.yaml" {
				continue
			}
			to := "management"
			if parts[0] == "clusters" {
				to = parts[1]
			}
			for document := range strings.SplitSeq(data, "\n---\n") {
				var o struct {
					APIVersion, Kind string
					Metadata         struct {
						Name      string
						Namespace *string
					}
				}
				if err := yaml.Unmarshal([]byte(document), &o); err != nil {
					t.Errorf("%s/%s: %v", name, file, err)
					continue
				}
				namespace := ""
				if o.Metadata.Namespace != nil {
					namespace = *o.Metadata.Namespace
				}
				if o.APIVersion == "" || o.Kind == "" || o.Metadata.Name == "" || o.Metadata.Namespace != nil && namespace == "" {
					t.Errorf("%s/%s: an object is not named: %q %q %q", name, file, o.APIVersion, o.Kind, o.Metadata.Name)
				}
				// The root of an engine's objects is applied once by hand and then keeps itself.
				id := strings.Join([]string{to, o.APIVersion, o.Kind, namespace, o.Metadata.Name}, " ")
				if other, ok := seen[id]; ok && !strings.Contains(other+file, "/bootstrap/") {
					t.Errorf("%s: %s stands in %s and in %s", name, id, other, file)
				}
				seen[id] = file
			}
		}
	}
}

// TestVendoredSchema holds what `tenantry init` would write equal to what the
// examples hold.
func TestVendoredSchema(t *testing.T) {
	for _, name := range examples.Names() {
		want := map[string]string{}
		for file, data := range schema.RepoFiles(name + ".example/tenancy") {
			want[file] = string(data)
		}
		got := map[string]string{}
		for file, data := range testkit.ReadFiles(t, filepath.Join(name, "repo")) {
			if file == "tenancy.cue" || strings.HasPrefix(file, "cue.mod/") {
				got[file] = data
			}
		}
		if testkit.Updating() {
			for file, data := range want {
				testkit.WriteFile(t, filepath.Join(name, "repo", file), data)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s/repo does not hold the schema (-schema +repo); TENANTRY_UPDATE=1 renews it:\n%s", name, diff)
		}
	}
}

// TestCUE evaluates the examples with nothing but CUE and the copy of the
// schema, as `cue vet -c ./...` and editors do, with no registry.
func TestCUE(t *testing.T) {
	for _, name := range examples.Names() {
		instances := load.Instances([]string{"./..."}, &load.Config{Dir: filepath.Join(name, "repo"), Env: []string{"CUE_REGISTRY=none"}})
		if len(instances) < 5 {
			t.Errorf("%s: only %d directories were found", name, len(instances))
		}
		for _, i := range instances {
			if i.Err != nil {
				t.Errorf("%s: %v", name, i.Err)
				continue
			}
			if err := cuecontext.New().BuildInstance(i).Validate(cue.Concrete(true)); err != nil {
				t.Errorf("%s: %s", i.Dir, errors.Details(err, nil))
			}
		}
	}
}

// TestInit leaves out what `tenantry init` writes anyway, and nothing else.
func TestInit(t *testing.T) {
	for _, name := range examples.Names() {
		files, err := examples.Files(name)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for file := range testkit.ReadFiles(t, filepath.Join(name, "repo")) {
			if !strings.HasPrefix(file, "cue.mod/") {
				want = append(want, file)
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
			t.Errorf("%s (-on disk +embedded):\n%s", name, diff)
		}
	}
	if _, err := examples.Files("simpel"); err == nil {
		t.Error("an unknown example was found")
	}
}

// TestHosted keeps what the README of the hosted example says true.
func TestHosted(t *testing.T) {
	r := compile(t, compiler.Options{Dir: "hosted/repo", AsOf: asOf})
	top, depth := 0, 0
	for _, o := range r.Tenancy.Organizations {
		if o.Parent == nil {
			top++
		}
		depth = max(depth, strings.Count(o.Path, "/")+1)
	}
	if lcs := len(r.Tenancy.LogicalClusters); lcs < 40 || top < 4 || depth < 3 || len(r.Tenancy.Clusters) != 5 {
		t.Errorf("%d logical clusters, %d organizations at the top, %d levels, %d physical clusters", lcs, top, depth, len(r.Tenancy.Clusters))
	}
	used := map[string]bool{}
	for _, site := range r.Sites {
		used[site.Cluster] = true
	}
	for _, c := range r.Tenancy.Clusters {
		if !used[c.Name] {
			t.Errorf("nothing stands on %s", c.Name)
		}
	}
}

func compile(t *testing.T, o compiler.Options) *compiler.Result {
	t.Helper()
	r, err := compiler.Compile(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diag.HasErrors(r.Diagnostics) {
		var b bytes.Buffer
		_ = r.Write(&b, diag.Text, diag.WriteOptions{})
		t.Fatalf("%s:\n%s", o.Dir, &b)
	}
	return r
}
