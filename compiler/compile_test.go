package compiler_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/fixtures/generate"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
	"pgregory.net/rapid"
)

const asOf = "2026-11-20"

// repo is a generated tenancy repo on disk, with an output beside it.
type repo struct {
	t        testing.TB
	dir, out string
}

func newRepo(t testing.TB, n int) *repo {
	t.Helper()
	return writeRepo(t, generate.Options{LogicalClusters: n})
}

// newTeams returns a repo of small teams, for tests that build it many times.
func newTeams(t testing.TB, teams int) *repo {
	t.Helper()
	return writeRepo(t, generate.Options{LogicalClusters: teams * teamSize, TeamSize: teamSize})
}

const teamSize = 4

func writeRepo(t testing.TB, o generate.Options) *repo {
	t.Helper()
	root := testkit.MemoryDir(t)
	r := &repo{t: t, dir: filepath.Join(root, "repo"), out: filepath.Join(root, "out")}
	o.Seed = 7
	if err := generate.Write(r.dir, o); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *repo) options() compiler.Options {
	return compiler.Options{Dir: r.dir, Out: r.out, Bootstrap: true, AsOf: asOf, Build: "test", Workers: 2}
}

func (r *repo) build(adjust ...func(*compiler.Options)) *compiler.Result {
	r.t.Helper()
	o := r.options()
	for _, f := range adjust {
		f(&o)
	}
	result, err := compiler.Compile(context.Background(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return result
}

// clean builds and fails the test on any error.
func (r *repo) clean(adjust ...func(*compiler.Options)) *compiler.Result {
	r.t.Helper()
	result := r.build(adjust...)
	for _, d := range result.Diagnostics {
		if d.Severity == diag.Error {
			r.t.Errorf("%s: %s %s", d.Position, d.Code, d.Message)
		}
	}
	return result
}

func (r *repo) edit(path string, change func(string) string) {
	r.t.Helper()
	name := filepath.Join(r.dir, filepath.FromSlash(path))
	data, err := os.ReadFile(name)
	if err != nil {
		r.t.Fatal(err)
	}
	changed := change(string(data))
	if changed == string(data) {
		r.t.Fatalf("%s was not changed", path)
	}
	if err := os.WriteFile(name, []byte(changed), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) add(path, text string) {
	r.t.Helper()
	name := filepath.Join(r.dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// tree reads the output, without the writer's own directory.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".tenantry" {
				return fs.SkipDir
			}
			return nil
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// differing returns the paths whose content differs.
func differing(a, b map[string]string) []string {
	var out []string
	for path := range a {
		if a[path] != b[path] {
			out = append(out, path)
		}
	}
	for path := range b {
		if _, ok := a[path]; !ok {
			out = append(out, path)
		}
	}
	return out
}

// The output holds the same bytes whatever the number of workers, whether the
// cache was cold, warm or absent, whether documents were released, and whether the
// former output was kept or written anew.
func TestSameInputSameBytes(t *testing.T) {
	r := newRepo(t, 160)
	store, err := store.Open(testkit.MemoryDir(t))
	if err != nil {
		t.Fatal(err)
	}
	r.clean()
	want := tree(t, r.out)
	if len(want) < 160 {
		t.Fatalf("only %d files", len(want))
	}
	for name, adjust := range map[string]func(*compiler.Options){
		"one worker":   func(o *compiler.Options) { o.Workers = 1 },
		"many workers": func(o *compiler.Options) { o.Workers = 16 },
		"cold cache":   func(o *compiler.Options) { o.Cache = store },
		"warm cache":   func(o *compiler.Options) { o.Cache = store },
		"released":     func(o *compiler.Options) { o.Release = true },
	} {
		out := filepath.Join(testkit.MemoryDir(t), "out")
		r.clean(adjust, func(o *compiler.Options) { o.Out = out })
		if d := cmp.Diff(want, tree(t, out)); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
	// Over the former output: nothing changes, with and without the cache.
	for range 3 {
		if s := r.clean(func(o *compiler.Options) { o.Cache = store }).Written; s.Written != 0 || s.Removed != 0 {
			t.Errorf("a second build wrote %d and removed %d files", s.Written, s.Removed)
		}
	}
	if d := cmp.Diff(want, tree(t, r.out)); d != "" {
		t.Errorf("a second build changed:\n%s", d)
	}
	// A file that somebody touched is set right, whatever the cache believes.
	path := filepath.Join(r.out, "clusters/eu-1/platform/roles.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, "# touched\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	r.clean(func(o *compiler.Options) { o.Cache = store })
	if d := cmp.Diff(want, tree(t, r.out)); d != "" {
		t.Errorf("a touched file was not set right:\n%s", d)
	}
}

// A change of one logical cluster changes its own file, its organization's pins
// and inventory, and the object that announces it; an error in it changes
// nobody's bytes at all.
func TestOneTeamsChangeIsThatTeams(t *testing.T) {
	r := newTeams(t, 6)
	store, err := store.Open(testkit.MemoryDir(t))
	if err != nil {
		t.Fatal(err)
	}
	cached := func(o *compiler.Options) { o.Cache = store }
	r.clean(cached)
	rapid.Check(t, func(rt *rapid.T) {
		before := tree(t, r.out)
		team := rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5}).Draw(rt, "team")
		file := generate.TeamFile(team)
		dir := strings.TrimSuffix(strings.TrimPrefix(file, "orgs/"), "/logicalclusters.cue")
		original, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(file)))
		if err != nil {
			rt.Fatal(err)
		}
		broken := rapid.SampledFrom([]string{
			"}", "logicalClusters: \"" + dir + "/lc01\": labls: x: \"y\"", "logicalClusters: \"" + dir + "/lc01\": class: \"nonsense\"",
			"logicalClusters: \"" + dir + "/lc01\": regions: 7", "import \"nowhere.example/x\"", "x: y",
			"logicalClusters: \"" + dir + "/lc01\": apis: nonsense: \"v1\"", "logicalClusters: \"" + dir + "/lc01\": placement: cluster: \"nowhere\"",
			"logicalClusters: \"" + dir + "/lc01\": quota: cpu: 4000",
		}).Draw(rt, "error")
		text := string(original) + "\n" + broken + "\n"
		if strings.HasPrefix(broken, "import") {
			text = strings.Replace(string(original), "package tenancy\n", "package tenancy\n\n"+broken+"\n", 1)
		}
		r.add(file, text)
		result := r.build(cached)
		if !diag.HasErrors(result.Diagnostics) || len(result.Held) == 0 {
			rt.Errorf("%s: no error, or nobody held", broken)
		}
		for _, path := range differing(before, tree(t, r.out)) {
			if path != "inventory/"+dir+".json" { // it says who is held
				rt.Errorf("%s: an error changed %s", broken, path)
			}
		}
		r.add(file, string(original))
		r.clean(cached)
		if d := differing(before, tree(t, r.out)); len(d) > 0 {
			rt.Errorf("mending the error changed %v", d)
		}
	})
	before := tree(t, r.out)
	r.edit(generate.TeamFile(2), func(s string) string { return strings.Replace(s, "quota: {cpu: ", "quota: {pods: 7, cpu: ", 1) })
	r.clean(cached)
	for _, path := range differing(before, tree(t, r.out)) {
		if team := "org000/div0/team2"; !strings.Contains(path, team) && !strings.Contains(path, strings.ReplaceAll(team, "/", ".")+".") {
			t.Errorf("changing a quota of org000/div0/team2 changed %s", path)
		}
	}
}

// No change of the repo moves or renames what it does not name: new siblings, a
// new physical cluster, less capacity, a rename of an organization.
func TestPlacementsAndNamesStick(t *testing.T) {
	r := newRepo(t, 60)
	first := r.clean()
	r.add("clusters/more.cue", `package tenancy

physicalClusters: "eu-9": {region: "eu", kubernetes: "1.36", server: "https://eu-9.example", kubeconfig: secret: "eu-9"}
`)
	r.edit("clusters/clusters.cue", func(s string) string {
		return strings.Replace(s, `physicalClusters: "eu-1": {`, `physicalClusters: "eu-1": {
	capacity: logicalClusters: 1`, 1)
	})
	r.add("orgs/org000/div0/team0/more.cue", `package tenancy

for i in [1, 2, 3, 4, 5] {
	logicalClusters: "org000/div0/team0/new\(i)": {class: "standard", regions: ["eu", "us"]}
}
`)
	second := r.build()
	if diag.HasErrors(second.Diagnostics) {
		t.Fatal(second.Diagnostics)
	}
	for key, site := range first.Sites {
		if d := cmp.Diff(site, second.Sites[key]); d != "" {
			t.Errorf("%s moved or was renamed:\n%s", key, d)
		}
	}
	for i := 1; i <= 5; i++ {
		if s := second.Sites[fmt.Sprintf("org000/div0/team0/new%d", i)]; s == nil || s.Cluster == "eu-1" {
			t.Errorf("new%d was placed on %v; eu-1 is full", i, s)
		}
	}
	// The team is renamed: everything below keeps its place and its names.
	if err := os.Rename(filepath.Join(r.dir, "orgs/org000/div0/team1"), filepath.Join(r.dir, "orgs/org000/div0/squad")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"org.cue", "logicalclusters.cue"} {
		r.edit("orgs/org000/div0/squad/"+name, func(s string) string {
			return strings.ReplaceAll(s, "org000/div0/team1", "org000/div0/squad")
		})
	}
	r.edit("orgs/org000/div0/squad/org.cue", func(s string) string {
		return s + "\norganizations: \"org000/div0/squad\": formerly: [\"org000/div0/team1\"]\n"
	})
	var given strings.Builder
	for key := range first.Sites {
		if name, ok := strings.CutPrefix(key, "org000/div0/team1/"); ok {
			fmt.Fprintf(&given, "organizations: \"org000/div0\": movesTo: \"team1/%s\": \"org000/div0/squad/%s\"\n", name, name)
		}
	}
	testkit.WriteFiles(t, r.dir, map[string]string{"orgs/org000/div0/given.cue": "package tenancy\n\n" + given.String()})
	third := r.clean()
	moved := 0
	for key, site := range first.Sites {
		if rest, ok := strings.CutPrefix(key, "org000/div0/team1/"); ok {
			moved++
			got := third.Sites["org000/div0/squad/"+rest]
			if got == nil || got.Cluster != site.Cluster || got.Cut != site.Cut || !cmp.Equal(got.Namespaces, site.Namespaces) {
				t.Errorf("%s became %+v, was %+v", key, got, site)
			}
		}
	}
	if moved == 0 {
		t.Error("nothing was renamed")
	}
}

// Adding a directory never changes what a sibling's or an ancestor's logical
// clusters are rendered to.
func TestDescendantsChangeNobodyElse(t *testing.T) {
	r := newRepo(t, 40)
	r.clean()
	before := tree(t, r.out)
	r.add("orgs/org000/div0/newteam/org.cue", `package tenancy

organizations: "org000/div0/newteam": {}
_member: labels: extra: "x"
logicalClusters: "org000/div0/newteam/one": {class: "standard", regions: ["eu"], quota: cpu: 1}
`)
	r.clean()
	for path, data := range tree(t, r.out) {
		if strings.Contains(path, "/tenants/") && strings.HasSuffix(path, ".yaml") && !strings.Contains(path, "kustomization") &&
			!strings.Contains(path, "newteam") && before[path] != data {
			t.Errorf("%s changed", path)
		}
	}
}

// What is asked for wrongly is said in the user's terms, and writes nothing.
func TestCouldNotRun(t *testing.T) {
	r := newRepo(t, 20)
	for name, c := range map[string]struct {
		adjust func(*compiler.Options)
		want   string
	}{
		"no directory":  {func(o *compiler.Options) { o.Dir = filepath.Join(r.dir, "nowhere") }, "there is no directory"},
		"not a repo":    {func(o *compiler.Options) { o.Dir = filepath.Join(r.dir, "orgs") }, "not the root of a tenancy repo"},
		"no such date":  {func(o *compiler.Options) { o.AsOf = "2026-02-30" }, "is not a date"},
		"no bootstrap":  {func(o *compiler.Options) { o.Bootstrap = false }, "--bootstrap"},
		"no revision":   {func(o *compiler.Options) { o.Revision = "v9" }, "git"},
		"pins nowhere":  {func(o *compiler.Options) { o.Pins = filepath.Join(r.dir, "nowhere") }, "there is no directory"},
		"pins are file": {func(o *compiler.Options) { o.Pins = filepath.Join(r.dir, "tenancy.cue") }, "is not a directory"},
	} {
		o := r.options()
		c.adjust(&o)
		_, err := compiler.Compile(context.Background(), o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, err := os.Stat(filepath.Join(r.out, "clusters")); err == nil {
			t.Fatalf("%s: something was written", name)
		}
	}
	r.clean()
	if _, err := compiler.Compile(context.Background(), func() compiler.Options { o := r.options(); o.AsOf = "2026-11-19"; return o }()); err == nil || !strings.Contains(err.Error(), "back in time") {
		t.Errorf("an earlier date: %v", err)
	}
	// Rendered tenants without pins are never taken for a fresh start.
	if err := os.RemoveAll(filepath.Join(r.out, "pins")); err != nil {
		t.Fatal(err)
	}
	if _, err := compiler.Compile(context.Background(), r.options()); err == nil || !strings.Contains(err.Error(), "no pins") {
		t.Errorf("without pins: %v", err)
	}
}

// Removing a logical cluster takes three builds on three days, and never
// happens on one.
func TestDeletionTakesItsSteps(t *testing.T) {
	r := newRepo(t, 20)
	r.clean()
	file := "clusters/%s/tenants/c0001/org000.div0.team0.lc03.yaml"
	path := ""
	for p := range tree(t, r.out) {
		if strings.HasSuffix(p, "/org000.div0.team0.lc03.yaml") && strings.HasPrefix(p, "clusters/") {
			path = p
		}
	}
	if path == "" {
		t.Fatal("no", file)
	}
	on := func(date string) string {
		r.clean(func(o *compiler.Options) { o.AsOf = date })
		return tree(t, r.out)[path]
	}
	if s := on("2026-11-21"); !strings.Contains(s, "prune: disabled") || strings.Contains(s, "deletion") {
		t.Errorf("at first it must be protected:\n%s", s)
	}
	r.add("orgs/org000/div0/team0/delete.cue", "package tenancy\n\nlogicalClusters: \"org000/div0/team0/lc03\": state: \"deleted\"\n")
	for _, day := range []string{"2026-11-22", "2026-11-22", "2026-11-28"} {
		if s := on(day); !strings.Contains(s, "prune: disabled") || !strings.Contains(s, "tenantry.dev/state: frozen") {
			t.Errorf("%s: while the grace runs it must stand, protected and frozen:\n%s", day, s)
		}
	}
	for _, day := range []string{"2026-11-29", "2026-11-29", "2026-11-30"} {
		if s := on(day); strings.Contains(s, "prune: disabled") || !strings.Contains(s, "tenantry.dev/deletion: confirmed") {
			t.Errorf("%s: after the grace it must stand, unprotected and confirmed:\n%s", day, s)
		}
	}
	for _, day := range []string{"2026-12-01", "2026-12-02"} {
		if s := on(day); s != "" {
			t.Errorf("%s: it must be gone:\n%s", day, s)
		}
	}
}
