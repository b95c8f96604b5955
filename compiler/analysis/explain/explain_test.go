package explain_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/explain"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/fixtures/generate"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/render/rendertest"
	"github.com/tenantry/tenantry/schema"
)

const asOf = "2026-11-20"

func build(t *testing.T, o compiler.Options) (*compiler.Result, map[string][]byte) {
	t.Helper()
	r, err := compiler.Compile(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diag.HasErrors(r.Diagnostics) {
		t.Fatalf("%+v", r.Diagnostics)
	}
	files, err := rendertest.Files(t.Context(), render.Input{Tenancy: r.Tenancy, States: r.States, Platforms: r.Platforms, Pins: r.Pins,
		PinFiles: func() []*pins.File { return r.Pins.Files(func(document.ID) string { return "" }) }})
	if err != nil {
		t.Fatal(err)
	}
	return r, files
}

// field is a leaf of a rendered object, by its object and its path.
type field struct{ object, path string }

// fieldsOf are all leaves of all objects that belong to logical clusters, with
// what they were made from.
func fieldsOf(t *testing.T, r *compiler.Result, files map[string][]byte) (values map[field]string, reasons map[field]explain.Reason, keys map[field]string) {
	t.Helper()
	values, reasons, keys = map[field]string{}, map[field]explain.Reason{}, map[field]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".yaml") || strings.HasPrefix(name, "pins/") || strings.HasSuffix(name, "kustomization.yaml") {
			continue
		}
		objects, err := explain.ReadFile(files[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range objects {
			o := &objects[i]
			lc, of := o.Of(r.Tenancy, r.States)
			if lc == nil {
				continue
			}
			patches := o.Patches(r.Rendering(), lc)
			for _, leaf := range o.Leaves(nil) {
				f := field{name + " " + o.Kind + "/" + o.Namespace + "/" + o.Name, explain.FormatPath(leaf.Path)}
				reason, ok := of.Field(leaf.Path)
				if by := explain.OfPatch(r.Policies, r.Policies.Of(lc), patches, leaf.Path); len(by) > 0 {
					reason, ok = explain.Reason{Note: by[0].Field}, true
				}
				if !ok {
					t.Errorf("%s %s has no reason", f.object, f.path)
				}
				values[f], reasons[f], keys[f] = leaf.Value, reason, lc.Key
			}
		}
	}
	return values, reasons, keys
}

// Every field that is rendered for a logical cluster has a reason, and the
// reason names values that the logical cluster has, or says why there are none.
func TestEveryRenderedFieldHasAReason(t *testing.T) {
	generated := t.TempDir()
	if err := generate.Write(generated, generate.Options{Seed: 3, LogicalClusters: 20}); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"../../../examples/simple/repo", "../../../examples/hosted/repo", generated} {
		r, files := build(t, compiler.Options{Dir: dir, AsOf: asOf})
		all := map[string][]tenancy.Value{}
		for _, lc := range r.Tenancy.LogicalClusters {
			all[lc.Key] = explain.LogicalCluster(r.Tenancy, lc, r.Sites[lc.Key], r.Former[lc.Key])
		}
		_, reasons, keys := fieldsOf(t, r, files)
		if len(reasons) == 0 {
			t.Fatalf("%s: nothing is rendered", dir)
		}
		for f, reason := range reasons {
			found := reason.Note != ""
			for _, name := range reason.Fields {
				found = found || len(explain.Select(all[keys[f]], name)) > 0
			}
			if !found {
				t.Errorf("%s: %s %s is made from %v, of which %s has nothing", dir, f.object, f.path, reason.Fields, keys[f])
			}
		}
	}
}

// Where changing one field of a document changes a rendered field, this one
// names it.
func TestReasonsNameWhatChangesThem(t *testing.T) {
	const document = `package tenancy

organizations: acme: {}
logicalClusters: "acme/app": {
	class: "standard"
	labels: env: "prod"
	regions: ["eu"]
	namespaces: {api: {}, jobs: {}}
	access: devs: "edit"
	quota: {cpu: 4, memory: "8Gi"}
	network: "closed"
	podSecurity: "baseline"
	containers: default: memory: "256Mi"
	apis: workloads: "v1"
	source: {repo: "https://git.acme.example/app", path: "a", branch: "main", interval: "5m", namespace: "api"}
}
`
	run := func(text string) (*compiler.Result, map[string][]byte) {
		dir := t.TempDir()
		files := testkit.Texts(schema.RepoFiles("acme.example/tenancy"))
		for _, name := range []string{"settings.cue", "clusters/clusters.cue", "classes/classes.cue"} {
			files[name] = testkit.ReadFile(t, filepath.Join("../../../fixtures/base", name))
		}
		files["apis/workloads/apis.cue"] = "package tenancy\n\napiSets: workloads: {channels: stable: \"v1\", versions: {v1: resources: {pods: {}, secrets: {}}, v2: {promise: \"none\", resources: pods: {}}}}\n"
		files["orgs/acme/acme.cue"] = text
		testkit.WriteFiles(t, dir, files)
		return build(t, compiler.Options{Dir: dir, AsOf: asOf})
	}
	r, files := run(document)
	before, reasons, _ := fieldsOf(t, r, files)
	for _, c := range []struct{ field, old, new string }{
		{"quota.requests.cpu", "cpu: 4", "cpu: 6"},
		{"quota.requests.memory", `memory: "8Gi"`, `memory: "16Gi"`},
		{"namespaces.api.quota.requests.cpu", "api: {}", "api: quota: cpu: 1"},
		{"labels.env", `env: "prod"`, `env: "test"`},
		{"network", `"closed"`, `"open"`},
		{"podSecurity", `"baseline"`, `"restricted"`},
		{"containers.default.memory", `"256Mi"`, `"512Mi"`},
		{"state", `class: "standard"`, `class: "standard", state: "frozen"`},
		{"apis.workloads", `apis: workloads: "v1"`, `apis: workloads: "v2"`},
		{"source.path", `path: "a"`, `path: "b"`},
		{"source.branch", `branch: "main"`, `branch: "next"`},
		{"source.repo", "example/app", "example/other"},
		{"source.interval", `"5m"`, `"7m"`},
		{"access.group:devs", `devs: "edit"`, `devs: "view"`},
		{"namespaces.tasks", "jobs: {}", "jobs: {}, tasks: {}"},
	} {
		changed, changedFiles := run(strings.Replace(document, c.old, c.new, 1))
		after, newReasons, _ := fieldsOf(t, changed, changedFiles)
		differs := 0
		check := func(f field, reason explain.Reason) {
			differs++
			for _, name := range reason.Fields {
				if name == c.field || strings.HasPrefix(c.field, name+".") || strings.HasPrefix(name, c.field+".") {
					return
				}
			}
			// The parts of a division depend on all of its parts.
			if strings.HasPrefix(c.field, "namespaces.") && slices.ContainsFunc(reason.Fields, func(n string) bool { return strings.HasPrefix(n, "quota.") || n == "namespaces" }) {
				return
			}
			t.Errorf("%s changes %s %s, whose reason is %+v", c.field, f.object, f.path, reason)
		}
		for f, text := range before {
			if have, ok := after[f]; ok && have != text {
				check(f, reasons[f])
			} else if !ok && objectStands(f, after) {
				check(f, reasons[f])
			}
		}
		for f := range after {
			if _, ok := before[f]; !ok && objectStands(f, before) {
				check(f, newReasons[f])
			} else if !ok && f.path == ".metadata.name" {
				reason := newReasons[f] // an object of another name, or in another namespace
				reason.Fields = slices.Concat(reason.Fields, newReasons[field{f.object, ".metadata.namespace"}].Fields)
				check(f, reason)
			}
		}
		if differs == 0 {
			t.Errorf("%s changes nothing", c.field)
		}
	}
}

func objectStands(f field, in map[field]string) bool {
	_, ok := in[field{f.object, ".kind"}]
	return ok
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{".", nil},
		{".spec.hard", []string{"spec", "hard"}},
		{`.spec.hard["requests.cpu"]`, []string{"spec", "hard", "requests.cpu"}},
		{`.spec.hard[requests.cpu]`, []string{"spec", "hard", "requests.cpu"}},
		{`.subjects[0].name`, []string{"subjects", "0", "name"}},
		{`.metadata.labels['a.b/c']`, []string{"metadata", "labels", "a.b/c"}},
	} {
		got, err := explain.ParsePath(c.text)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s is %q, %v, want %q", c.text, got, err, c.want)
		}
		if again, err := explain.ParsePath(explain.FormatPath(got)); err != nil || !slices.Equal(again, got) {
			t.Errorf("%q is written as %s and read as %q, %v", got, explain.FormatPath(got), again, err)
		}
	}
	for _, text := range []string{"spec", ".a..b", ".a[", ".a[]", "[x]y"} {
		if got, err := explain.ParsePath(text); err == nil {
			t.Errorf("%s is read as %q", text, got)
		}
	}
}
