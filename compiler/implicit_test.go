package compiler_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/fixtures/generate"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
)

// accept writes the lock of every implicit document that waits.
func (r *repo) accept() {
	r.t.Helper()
	result := r.build(func(o *compiler.Options) { o.Out = "" })
	for _, change := range result.Changes {
		if !change.Pending() {
			continue
		}
		if change.Invalid {
			r.t.Fatalf("%s is in error", change.Ref())
		}
		name := filepath.Join(r.dir, filepath.FromSlash(implicit.LockFile(change.Dir, change.Key)))
		if next := change.Next(); next == nil {
			if err := os.Remove(name); err != nil {
				r.t.Fatal(err)
			}
		} else if err := os.WriteFile(name, next.Encode(), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *repo) locks() map[string]string {
	out := map[string]string{}
	for name, data := range tree(r.t, r.dir) {
		if strings.HasSuffix(name, ".tenancy.lock") {
			out[name] = data
		}
	}
	return out
}

func codes(r *compiler.Result) []diag.Code {
	var out []diag.Code
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			out = append(out, d.Code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Whatever changes: nothing reaches anybody before it is accepted, a build after
// that is clean, and has what a build from nothing has. A logical cluster that is
// new or that newly matches never needs a lock.
func TestImplicit(t *testing.T) {
	r := writeRepo(t, generate.Options{LogicalClusters: 3 * teamSize, TeamSize: teamSize, Implicit: 9})
	store, err := store.Open(testkit.MemoryDir(t))
	if err != nil {
		t.Fatal(err)
	}
	cached := func(o *compiler.Options) { o.Cache = store }
	if got := codes(r.build()); !slices.Equal(got, []diag.Code{diag.LockMissing}) {
		t.Fatalf("before anything is accepted: %v", got)
	}
	if slices.ContainsFunc(slices.Collect(maps.Values(tree(t, r.out))), func(text string) bool { return strings.Contains(text, "tenantry.dev/implicit") }) {
		t.Error("what nobody accepted is rendered")
	}
	r.accept()
	r.clean(cached)
	random := rand.New(rand.NewPCG(6, 8))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	for n := range 10 {
		before := tree(t, r.out)
		locks := r.locks()
		kind := pick("content", "selector", "new", "gone", "member", "label")
		team := random.IntN(3)
		document := func() (string, string) {
			files := slices.DeleteFunc(slices.Sorted(maps.Keys(tree(t, r.dir))), func(name string) bool {
				return !strings.Contains(name, "implicit") || !strings.HasSuffix(name, ".cue") || strings.HasPrefix(name, "cue.mod")
			})
			file := pick(files...)
			data, err := os.ReadFile(filepath.Join(r.dir, file))
			if err != nil {
				t.Fatal(err)
			}
			return file, string(data)
		}
		waits := true
		switch kind {
		case "content":
			file, text := document()
			r.add(file, strings.Replace(text, "objects: [", fmt.Sprintf("objects: [{apiVersion: \"v1\", kind: \"ConfigMap\", metadata: name: \"more-%d\"}, ", n), 1))
		case "selector":
			file, text := document()
			env := pick("prod", "test", "dev")
			changed := strings.Replace(text, "objects: [", fmt.Sprintf("classes: [%q]\n\tobjects: [", []string{"standard", "hardened"}[n%2]), 1)
			if strings.Contains(text, "classes:") {
				changed = strings.NewReplacer(`classes: ["standard"]`, "", `classes: ["hardened"]`, "").Replace(text)
			} else if strings.Contains(text, "matchLabels: env:") {
				changed = strings.NewReplacer(`env: "prod"`, `env: "`+env+`"`).Replace(text)
			}
			waits = changed != text
			r.add(file, changed)
		case "new":
			r.add(fmt.Sprintf("orgs/org000/implicit-%d.cue", n), fmt.Sprintf("package tenancy\n\nimplicit: \"new-%d\": {\n\tobjects: [{apiVersion: \"v1\", kind: \"ConfigMap\", metadata: name: \"new-%d\"}]\n}\n", n, n))
		case "gone":
			file, _ := document()
			if err := os.Remove(filepath.Join(r.dir, file)); err != nil {
				t.Fatal(err)
			}
		case "member":
			waits = false
			dir := strings.TrimSuffix(generate.TeamFile(team), "/logicalclusters.cue")
			r.add(fmt.Sprintf("%s/more%d.cue", dir, n), fmt.Sprintf("package tenancy\n\nlogicalClusters: \"%s/more%d\": {regions: [\"eu\"], labels: env: \"prod\", quota: {cpu: 1, memory: \"1Gi\"}}\n", strings.TrimPrefix(dir, "orgs/"), n))
		case "label":
			waits = false
			r.edit(generate.TeamFile(team), func(s string) string {
				from := pick("prod", "test", "dev")
				changed := strings.Replace(s, fmt.Sprintf("env: %q", from), fmt.Sprintf("env: %q", map[string]string{"prod": "test", "test": "dev", "dev": "prod"}[from]), 1)
				return changed + fmt.Sprintf("// %d\n", n)
			})
		}
		if waits {
			result := r.build(cached)
			for _, code := range codes(result) {
				if code != diag.LockMissing && code != diag.LockDiffers && code != diag.LockStale {
					t.Fatalf("%s: %v", kind, codes(result))
				}
			}
			if len(codes(result)) == 0 {
				t.Fatalf("%s: nothing waits", kind)
			}
			if d := differing(before, tree(t, r.out)); len(d) > 0 {
				t.Fatalf("%s reached somebody before it was accepted: %v", kind, d)
			}
			r.accept()
		} else if d := cmp.Diff(locks, r.locks()); d != "" {
			t.Fatal(d)
		}
		r.clean(cached)
		if t.Failed() {
			t.Fatalf("step %d, %s: the build is not clean", n, kind)
		}
		// From nothing, placed as before, everybody has the same.
		fresh := filepath.Join(testkit.MemoryDir(t), "out")
		if err := os.CopyFS(filepath.Join(fresh, "pins"), os.DirFS(filepath.Join(r.out, "pins"))); err != nil {
			t.Fatal(err)
		}
		r.clean(cached, func(o *compiler.Options) { o.Out = fresh })
		if d := differing(tree(t, r.out), tree(t, fresh)); len(d) > 0 {
			t.Fatalf("%s: a build from nothing differs in %v", kind, d)
		}
	}
}
