package limits_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
)

// TestSlowLimits states that patterns which can't be evaluated in time take nothing from those
// that changed nothing, and let nothing new through. It runs in a process of its own, since
// the evaluation goes on behind it.
func TestSlowLimits(t *testing.T) {
	if testkit.Alone(t) {
		return
	}
	files := maps.Clone(platform)
	files["orgs/acme/org.cue"] = "package tenancy\n\norganizations: acme: labels: env: \"prod\"\n"
	files["orgs/acme/a/a.cue"] = "package tenancy\n\norganizations: \"acme/a\": {}\nlogicalClusters: {\"acme/a/one\": {}, \"acme/a/two\": {}}\n"
	files["orgs/acme/b/b.cue"] = "package tenancy\n\norganizations: \"acme/b\": labels: env: \"dev\"\nlogicalClusters: \"acme/b/lc\": {}\n"
	files["classes.cue"] = "package tenancy\n\nclasses: plain: {}\n"
	files["orgs/acme/org.cue"] += "organizations: acme: defaults: class: \"plain\"\n"
	before := build(t, files, nil)
	if diag.HasErrors(before.Diagnostics) {
		t.Fatal(before.Diagnostics)
	}
	files["orgs/acme/limit.cue"] = `package tenancy

_l: [` + strings.Repeat("1,", 1000) + `]
logicalClusters: [=~"^acme/"]: {
	labels?: {...}
	if labels != _|_ if labels.env != _|_ if labels.env == "prod" if len([for i in _l for j in _l for k in _l {i}]) > 0 {
		network?: "closed"
	}
}
`
	build := func() *compiler.Result {
		t.Helper()
		dir := t.TempDir()
		testkit.WriteFiles(t, dir, files)
		r, err := compiler.Compile(t.Context(), compiler.Options{Dir: dir, AsOf: "2026-11-20", Build: "test", Former: before.Pins, Timeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	held := func(r *compiler.Result) (held []string) {
		for _, lc := range r.Tenancy.LogicalClusters {
			if lc.Suspended {
				t.Errorf("%s is suspended", lc.Key)
			}
			if lc.Held {
				held = append(held, lc.Key)
			}
		}
		return held
	}
	r := build()
	if got := held(r); len(got) > 0 {
		t.Errorf("nothing changed, and %v are held: %v", got, r.Diagnostics)
	}
	if !slices.ContainsFunc(r.Diagnostics, func(d diag.Diagnostic) bool {
		return d.Code == diag.TooComplex && d.Position.File == "orgs/acme/limit.cue"
	}) {
		t.Errorf("nothing tells of it: %v", r.Diagnostics)
	}
	files["orgs/acme/a/a.cue"] = strings.Replace(files["orgs/acme/a/a.cue"], `"acme/a/two": {}`, `"acme/a/two": network: "open", "acme/a/new": {}`, 1)
	r = build()
	if got := held(r); !slices.Equal(got, []string{"acme/a/two"}) || r.Tenancy.LogicalCluster("acme/a/new") != nil {
		t.Errorf("held %v, new %v: %v", got, r.Tenancy.LogicalCluster("acme/a/new"), r.Diagnostics)
	}
}
