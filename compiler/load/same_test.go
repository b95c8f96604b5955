package load_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/schema"
)

// archives returns the repos of testdata by name.
func archives(t testing.TB) map[string]map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range a.Files {
			if f.Name != "want" {
				files[f.Name] = string(f.Data)
			}
		}
		out[filepath.Base(path)] = repo(files)
	}
	return out
}

// withoutStats leaves what must be the same however it was computed.
func withoutStats(r *load.Result) *load.Result {
	r.Stats, r.View = load.Stats{}, nil
	return r
}

// The result does not depend on the number of workers, nor on whether it was
// computed or found in the cache: values, places and diagnostics alike.
func TestSameResult(t *testing.T) {
	for name, files := range archives(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := store.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			want := withoutStats(loadFiles(t, files, load.Options{Workers: 1}))
			for _, o := range []load.Options{{Workers: 8}, {Workers: 3, Cache: c}, {Workers: 1, Cache: c}, {Workers: 8, Cache: c}} {
				got := withoutStats(loadFiles(t, files, o))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%d workers, cache %v (-want +got):\n%s", o.Workers, o.Cache != nil, diff)
				}
			}
		})
	}
}

// Nor does it depend on the number of processors, which decides who merges which
// documents when.
func TestProcessors(t *testing.T) {
	all := archives(t)
	want := map[string]*load.Result{}
	for name, files := range all {
		want[name] = withoutStats(loadFiles(t, files, load.Options{}))
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, files := range all {
		if diff := cmp.Diff(want[name], withoutStats(loadFiles(t, files, load.Options{}))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What is in the cache is used as long as nothing that a directory depends on
// has changed, and no longer.
func TestCache(t *testing.T) {
	files := repo(map[string]string{
		"lib/sizes/sizes.cue": "package sizes\n\ncpu: 2\n",
		"classes.cue":         "package tenancy\n\nclasses: a: {}\n",
		"orgs/acme/org.cue":   "package tenancy\n\norganizations: acme: {}\nlogicalClusters: [string]: budget?: <=10\n",
		"orgs/acme/x/x.cue":   "package tenancy\n\nimport \"acme.example/tenancy/lib/sizes\"\n\nlogicalClusters: \"acme/x/p\": quota: sizes\n",
		"orgs/acme/y/y.cue":   "package tenancy\n\nlogicalClusters: \"acme/y/p\": budget: 9\n",
	})
	for _, step := range []struct {
		name, path, from, to string
		missed               int
	}{
		{"nothing", "", "", "", 0},
		{"a plain document above", "classes.cue", "{}", "{description: \"d\"}", 1},
		{"a plain document above, beside a pattern", "orgs/acme/org.cue", "acme: {}", `acme: {budget: 3}`, 1},
		{"the places of a pattern above", "orgs/acme/org.cue", "acme: {}", "acme: {\n}", 3},
		{"a pattern above", "orgs/acme/org.cue", "<=10", "<=8", 3},
		{"a library", "lib/sizes/sizes.cue", "2", "3", 1},
		{"a library's place", "lib/sizes/sizes.cue", "cpu", "\ncpu", 1},
		{"a document", "orgs/acme/y/y.cue", "9", "8", 1},
		{"the module", "cue.mod/module.cue", "v0.17.0", "v0.16.0", 4},
	} {
		c, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		loadFiles(t, files, load.Options{Cache: c, Build: "1"})
		changed := maps.Clone(files)
		changed[step.path] = strings.Replace(changed[step.path], step.from, step.to, 1)
		if step.path == "" {
			changed = files
		}
		got := loadFiles(t, changed, load.Options{Cache: c, Build: "1"})
		if missed := got.Stats.Directories - got.Stats.Cached; missed != step.missed {
			t.Errorf("%s: %d directories evaluated, want %d", step.name, missed, step.missed)
		}
		if diff := cmp.Diff(withoutStats(loadFiles(t, changed, load.Options{})), withoutStats(got)); diff != "" {
			t.Errorf("%s: stale (-fresh +cached):\n%s", step.name, diff)
		}
		if got := loadFiles(t, files, load.Options{Cache: c, Build: "2"}); got.Stats.Cached != 0 {
			t.Errorf("%s: another version of the tool used the cache", step.name)
		}
	}
}

// genDirectory draws the text of a directory's file: documents, patterns, hidden
// names and comprehensions, valid or not.
func genDirectory(t *rapid.T, dir, label string) string {
	org := strings.TrimPrefix(strings.TrimPrefix(dir, "orgs"), "/")
	key := func(name string) string { return strings.TrimPrefix(org+"/"+name, "/") }
	name := rapid.SampledFrom([]string{"a", "b", "c"})
	lines := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		switch rapid.IntRange(0, 12).Draw(t, "what") {
		case 0, 1, 2:
			return fmt.Sprintf("logicalClusters: %q: budget: %d", key(name.Draw(t, "name")), n)
		case 3:
			return fmt.Sprintf("logicalClusters: [string]: budget?: <=%d", n+5)
		case 4:
			return fmt.Sprintf("_%s: %d", name.Draw(t, "name"), n)
		case 5:
			return fmt.Sprintf("logicalClusters: %q: budget: _%s", key(name.Draw(t, "name")), name.Draw(t, "hidden"))
		case 6:
			return fmt.Sprintf("for k in [%q] {policies: \"p-\\(k)\": enforcement: \"deny\"}", name.Draw(t, "name"))
		case 7:
			return fmt.Sprintf("policies: %s: enforcement: %q", name.Draw(t, "name"), rapid.SampledFrom([]string{"deny", "warn", "dny"}).Draw(t, "e"))
		case 8:
			return fmt.Sprintf("organizations: %q: budget: %d", key(name.Draw(t, "name")), n)
		case 9:
			return fmt.Sprintf("logicalClusters: [string]: labels: %s: *\"x\" | string", name.Draw(t, "name"))
		case 10:
			return "for k, v in organizations {exemptions: \"e-\\(len(k))\": {target: k, reason: \"r\", expires: \"2027-01-01\"}}"
		case 11:
			return fmt.Sprintf("organizations: %q: budget: organizations[%q].budget", key(name.Draw(t, "name")), key(name.Draw(t, "other")))
		}
		return fmt.Sprintf("_%s: *%d | int", name.Draw(t, "name"), n)
	}), 0, 6).Draw(t, label)
	return "package tenancy\n\n" + strings.Join(lines, "\n") + "\n"
}

// about returns what a result says of a directory and of those above it.
func about(r *load.Result, dirs ...string) (out []string) {
	each(r.Documents, func(m *document.Meta, spec any) {
		if slices.Contains(dirs, m.Dir) {
			out = append(out, fmt.Sprintf("%s %s %+v %v", m, m.Dir, spec, slices.Collect(m.Places.All())))
		}
	})
	for _, f := range r.Failures {
		if slices.Contains(dirs, f.Dir) {
			out = append(out, fmt.Sprint(f))
		}
	}
	return out
}

// Adding a directory never changes the documents of a directory above it or
// beside it. (Two siblings can only collide over a key, which their paths keep
// apart, and a directory above that speaks of whole maps is refused once it has
// any below; neither is drawn here.)
func TestHierarchy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := repo(map[string]string{
			"orgs/org.cue":        genDirectory(t, "orgs", "orgs"),
			"orgs/acme/org.cue":   genDirectory(t, "orgs/acme", "acme"),
			"orgs/acme/x/org.cue": genDirectory(t, "orgs/acme/x", "x"),
		})
		type key struct {
			kind schema.Kind
			key  string
		}
		declared := map[key]string{} // by which directory, before
		former := func(kind schema.Kind, k string) (string, bool) { dir, ok := declared[key{kind, k}]; return dir, ok }
		load1 := func(files map[string]string) *load.Result {
			r, err := load.New(sourcetest.Tree(files), load.Options{Former: former}).Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		before := load1(files)
		each(before.Documents, func(m *document.Meta, _ any) { declared[key{m.Kind, m.Key}] = m.Dir })
		for _, f := range before.Failures {
			declared[key{f.Kind, f.Key}] = f.Dir
		}
		files["orgs/acme/new/x.cue"] = genDirectory(t, "orgs/acme/new", "new")
		after := load1(files)
		dirs := []string{"orgs", "orgs/acme", "orgs/acme/x"}
		if diff := cmp.Diff(about(before, dirs...), about(after, dirs...)); diff != "" {
			t.Fatalf("%s\nchanged what was there (-before +after):\n%s\n%s", files["orgs/acme/new/x.cue"], diff, describe(after))
		}
	})
}

// Limits hold: whatever is drawn below a pattern, a document that is loaded keeps it.
func TestLimitsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 10).Draw(t, "most")
		files := repo(map[string]string{
			"orgs/org.cue":        fmt.Sprintf("package tenancy\n\n_a: %d\nlogicalClusters: [string]: budget: <=_a\n", most),
			"orgs/acme/org.cue":   genDirectory(t, "orgs/acme", "acme"),
			"orgs/acme/x/org.cue": genDirectory(t, "orgs/acme/x", "x"),
		})
		r, err := load.New(sourcetest.Tree(files), load.Options{}).Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, lc := range r.Documents.LogicalClusters {
			var budget int
			if _, err := fmt.Sscan(string(lc.Spec.Budget), &budget); err != nil || budget > most {
				t.Fatalf("%s has budget %s, more than %d", &lc.Meta, lc.Spec.Budget, most)
			}
		}
		if len(r.Failures) > 0 && !diag.HasErrors(r.Diagnostics) {
			t.Fatalf("failures without an error:\n%s", describe(r))
		}
	})
}

// FuzzLoad: whatever the files hold, loading ends, without a panic, and every
// failure has a reason.
func FuzzLoad(f *testing.F) {
	names := []string{"plain", "typo-opened", "limit", "inherited", "data", "skipped", "default-in-pattern", "cycles"}
	for _, name := range names {
		a, err := os.ReadFile("testdata/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		files := map[string]string{}
		for _, one := range txtar.Parse(archive).Files {
			if strings.Contains(one.Name, "\x00") {
				t.Skip("no path")
			}
			files[one.Name] = string(one.Data)
		}
		r, err := load.New(sourcetest.Tree(repo(files)), load.Options{Timeout: 2e9}).Load(t.Context())
		if err != nil {
			t.Skip(err)
		}
		if len(r.Failures) > 0 && !diag.HasErrors(r.Diagnostics) {
			t.Fatalf("failures without an error:\n%s", describe(r))
		}
		for _, d := range r.Diagnostics {
			if d.Message == "" || strings.Contains(d.Position.File, "\x00") || d.Code == diag.EvaluatorFailed {
				t.Fatalf("diagnostic %+v", d)
			}
		}
	})
}
