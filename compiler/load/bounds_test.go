package load_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
)

// A directory that would take a stack without end fails by itself; its neighbour is
// loaded.
func TestBounds(t *testing.T) {
	wrap := func(s string) string { return "package tenancy\n\n" + s + "\n" }
	for _, c := range []struct {
		name, path, text string
		want             []diag.Code // any of these
	}{
		{"brackets", "x.cue", wrap("_x: " + strings.Repeat("[", 1e6)), []diag.Code{diag.TooComplex}},
		{"braces", "x.cue", wrap(strings.Repeat("_x: {", 1e5) + strings.Repeat("}", 1e5)), []diag.Code{diag.TooComplex}},
		{"shorthand", "x.cue", wrap(strings.Repeat("_x: ", 1e5) + "1"), []diag.Code{diag.TooComplex}},
		{"unary", "x.cue", wrap("_x: " + strings.Repeat("-", 1e6) + "1"), []diag.Code{diag.TooComplex}},
		{"binary", "x.cue", wrap("_x: 1" + strings.Repeat("+1", 1e6)), []diag.Code{diag.TooComplex}},
		{"selectors", "x.cue", wrap("_x: _y" + strings.Repeat(".a", 1e6)), []diag.Code{diag.TooComplex}},
		{"indexes", "x.cue", wrap("_x: _y" + strings.Repeat("[0]", 1e6)), []diag.Code{diag.TooComplex}},
		{"interpolation", "x.cue", wrap("_x: " + strings.Repeat(`"\(`, 1e5) + "1" + strings.Repeat(`)"`, 1e5)), []diag.Code{diag.TooComplex}},
		{"clauses", "x.cue", wrap("_x: [" + strings.Repeat("for a in [1] ", 1e5) + "{1}]"), []diag.Code{diag.TooComplex}},
		{"json", "x.json", `{"logicalClusters":` + strings.Repeat("[", 1e6), []diag.Code{diag.DataFile}},
		{"yaml", "x.yaml", "logicalClusters: " + strings.Repeat("[", 1e5), []diag.Code{diag.DataFile}},
		{"yaml indented", "x.yaml", "policies:\n" + nestedYAML(3000), []diag.Code{diag.FieldNotAllowed}},
		{"recursion", "x.cue", wrap("#R: {n: int, let m = n - 1, if n > 0 {next: #R & {n: m}}}\n_x: #R & {n: 1000000}"), []diag.Code{diag.CycleFound, diag.TooComplex}},
		{"recursion shallow", "x.cue", wrap("#R: {n: int, let m = n - 1, if n > 0 {next: #R & {n: m}}}\n_x: #R & {n: 300}"), []diag.Code{diag.CycleFound, diag.TooComplex}},
		{"recursion in lists", "x.cue", wrap("#R: {n: int, let m = n - 1, next: [if n > 0 {#R & {n: m}}]}\n_x: #R & {n: 1000000}"), []diag.Code{diag.CycleFound, diag.TooComplex}},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkBounds(t, loadFiles(t, withBad(c.path, c.text), load.Options{Workers: 2}), c.want)
		})
	}
}

// TestEndless evaluates what only a timeout ends, each in a process of its own, which
// ends what goes on behind it. Everything else is in the cache, and so meets no timeout,
// on the slowest machine.
func TestEndless(t *testing.T) {
	var explode []string
	for i := range 30 {
		explode = append(explode, fmt.Sprintf("({a%d: 1} | {a%d: 2})", i, i))
	}
	for _, c := range []struct {
		name, text string
		want       []diag.Code // any of these
	}{
		{"explode", "_x: " + strings.Join(explode, " & "), []diag.Code{diag.TooComplex}},
		{"million", "import \"list\"\n\nlogicalClusters: \"bad/p\": regions: list.Range(0, 1000000, 1)", []diag.Code{diag.InvalidValue, diag.TooComplex}},
		{"chain", chain(100000), []diag.Code{diag.CycleFound, diag.TooComplex}},
		{"range", "_x: [for i in [for j in _l {j}] for k in _l for m in _l for n in _l {i}]\n_l: [" + strings.Repeat("1,", 1000) + "]", []diag.Code{diag.TooComplex}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testkit.Alone(t) {
				return
			}
			cache, err := store.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			files := withBad("x.cue", "package tenancy\n")
			all := loadFiles(t, files, load.Options{Cache: cache}).Stats.Directories
			files["orgs/bad/x.cue"] += "\n" + c.text + "\n"
			r := loadFiles(t, files, load.Options{Cache: cache, Timeout: 100 * time.Millisecond, Workers: 2})
			if r.Stats.Cached != all-1 {
				t.Errorf("%d of %d directories were in the cache", r.Stats.Cached, all)
			}
			checkBounds(t, r, c.want)
		})
	}
}

// withBad returns a repo with a file in one directory, and a good neighbour.
func withBad(path, text string) map[string]string {
	return repo(map[string]string{
		"orgs/bad/" + path: text,
		"orgs/good/x.cue":  "package tenancy\n\nlogicalClusters: \"good/p\": {}\n",
	})
}

// checkBounds looks for one of some codes, and for the good neighbour.
func checkBounds(t *testing.T, r *load.Result, want []diag.Code) {
	t.Helper()
	if len(r.Documents.LogicalClusters) != 1 || r.Documents.LogicalClusters[0].Key != "good/p" {
		t.Errorf("documents: %s", describe(r))
	}
	if !slices.ContainsFunc(r.Diagnostics, func(d diag.Diagnostic) bool {
		return slices.Contains(want, d.Code) && strings.HasPrefix(d.Position.File, "orgs/bad/")
	}) {
		t.Errorf("want one of %v:\n%.2000s", want, describe(r))
	}
}

func nestedYAML(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i+1) + "a:\n")
	}
	return b.String()
}

// TestMemory runs in a process of its own, which ends the evaluation that goes on behind
// it.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory, which the race detector makes slow")
	}
	if testkit.Alone(t) {
		return
	}
	files := repo(map[string]string{"orgs/greedy/x.cue": "package tenancy\n\nimport \"list\"\n\n_x: [for i in list.Range(0, 100000, 1) for j in list.Range(0, 100, 1) {a: i, b: j}]\n"})
	_, err := load.New(sourcetest.Tree(files), load.Options{MaxMemory: 64 << 20, Timeout: 10 * time.Minute}).Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), "orgs/greedy") {
		t.Errorf("error = %v", err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load.New(sourcetest.Tree(repo(nil)), load.Options{}).Load(ctx); err == nil {
		t.Error("a cancelled load must return an error")
	}
}

func chain(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "_x%d: 1\n", n)
	for i := range n {
		fmt.Fprintf(&b, "_x%d: _x%d + 1\n", i, i+1)
	}
	return b.String()
}
