package limits_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
)

// platform is what all repositories have.
var platform = map[string]string{
	"cue.mod/module.cue": "module: \"limits.example/tenancy\"\nlanguage: version: \"v0.17.0\"\n",
	"tenancy.cue":        "@experiment(explicitopen)\n\npackage tenancy\n\nimport schema \"tenantry.dev/schema/v1alpha1\"\n\nschema.#Tenancy\n",
	"settings.cue":       "package tenancy\n\nsettings: gitops: source: {url: \"https://git.example/tenancy\", branch: \"rendered\"}\n",
	"clusters.cue":       "package tenancy\n\nphysicalClusters: {for r in [\"eu\", \"us\", \"ap\"] {\"\\(r)-1\": {region: r, kubernetes: \"1.36\", server: \"https://\\(r)-1.example\"}}}\n",
	"apis/apis.cue":      "package tenancy\n\napiSets: kubernetes: versions: {v1: resources: {configmaps: {}, pods: {}}, v2: resources: {configmaps: {}, pods: {}, secrets: {}}}\n",
}

// field is something that a pattern can limit: the limit, and values within it and beyond it.
type field struct {
	name           string
	limit          string
	within, beyond string
	in             func(lc *tenancy.LogicalCluster) bool // has what is beyond
	access         bool                                  // an organization says it outside of its defaults
}

func hasQuota(name, text string) func(lc *tenancy.LogicalCluster) bool {
	return func(lc *tenancy.LogicalCluster) bool { q, ok := lc.Quota.Of(name); return ok && q.String() == text }
}

var fields = []field{
	{name: "network", limit: `network?: "closed" | "logical-cluster"`, within: `network: "closed"`, beyond: `network: "open"`,
		in: func(lc *tenancy.LogicalCluster) bool { return lc.Network == "open" }},
	{name: "podSecurity", limit: `podSecurity?: "restricted" | "baseline"`, within: `podSecurity: "restricted"`, beyond: `podSecurity: "privileged"`,
		in: func(lc *tenancy.LogicalCluster) bool { return lc.PodSecurity == "privileged" }},
	{name: "number", limit: `quota?: cpu?: <=8`, within: `quota: cpu: 8`, beyond: `quota: cpu: 9`, in: hasQuota("requests.cpu", "9")},
	{name: "text", limit: `quota?: "limits.cpu"?: <=8`, within: `quota: "limits.cpu": "8000m"`, beyond: `quota: "limits.cpu": "9000m"`, in: hasQuota("limits.cpu", "9")},
	{name: "bytes", limit: `quota?: memory?: "8Gi" | "16Gi"`, within: `quota: memory: "8192Mi"`, beyond: `quota: memory: "8193Mi"`, in: hasQuota("requests.memory", "8193Mi")},
	{name: "closed quota", limit: `quota?: close({cpu?: _, memory?: _})`, within: `quota: cpu: 1`, beyond: `quota: pods: 7`, in: hasQuota("pods", "7")},
	{name: "regions", limit: `regions?: [...("eu" | "us")]`, within: `regions: ["eu"]`, beyond: `regions: ["eu", "ap"]`,
		in: func(lc *tenancy.LogicalCluster) bool { return slices.Contains(lc.Regions, "ap") }},
	{name: "api", limit: `apis?: kubernetes?: "v1"`, within: `apis: kubernetes: "v1"`, beyond: `apis: kubernetes: "v2"`,
		in: func(lc *tenancy.LogicalCluster) bool {
			return slices.ContainsFunc(lc.APIs, func(b tenancy.Binding) bool { return b.Version.Name == "v2" })
		}},
	{name: "access", limit: `access?: [=~"^ext"]: "view"`, within: `access: "ext-a": "view"`, beyond: `access: "ext-a": "admin"`, access: true,
		in: func(lc *tenancy.LogicalCluster) bool {
			return slices.ContainsFunc(lc.Access, func(g tenancy.Grant) bool { return g.Subject.Name == "ext-a" && g.Role == "admin" })
		}},
	{name: "label", limit: `labels?: zone?: !="dmz"`, within: `labels: zone: "lan"`, beyond: `labels: zone: "dmz"`, access: true,
		in: func(lc *tenancy.LogicalCluster) bool { return lc.Labels["zone"] == "dmz" }},
	{name: "loop", limit: "access?: {...}\nif access != _|_ {for s, r in access if r == \"admin\" {_bad: s & \"nobody\"}}", within: `access: "someone": "edit"`, beyond: `access: "someone": "admin"`, access: true,
		in: func(lc *tenancy.LogicalCluster) bool {
			return slices.ContainsFunc(lc.Access, func(g tenancy.Grant) bool { return g.Subject.Name == "someone" && g.Role == "admin" })
		}},
}

// levels are the directories of patterns, and sources those that say a value, with the depth
// of their directories; a class is chosen by the document, or by the default of the nearest
// organization.
var (
	levels  = []string{".", "orgs/acme", "orgs/acme/a"}
	sources = []string{"organization acme", "organization acme/a", "class by document", "class by organization"}
	depths  = map[string]int{"organization acme": 1, "organization acme/a": 2, "class by document": 2, "class by organization": 2}
)

// repo returns the files where a source says a value.
func repo(f field, level, source, value string) map[string]string {
	out := maps.Clone(platform)
	class, acme, a, document, chosen := "", "", "", "", ""
	defaults := "defaults: {" + value + "}"
	if f.access {
		defaults = value
	}
	switch source {
	case "organization acme":
		acme = defaults
	case "organization acme/a":
		a = defaults
	case "class by document", "class by organization":
		class = value
		if chosen = "plain"; value != "" {
			chosen = "special"
		}
	}
	own := "plain"
	switch {
	case source == "class by document":
		own = chosen
	case source == "class by organization":
		own, a = "", fmt.Sprintf("defaults: class: %q", chosen)
	}
	if own != "" {
		document = fmt.Sprintf("class: %q", own)
	}
	out["classes.cue"] = fmt.Sprintf("package tenancy\n\nclasses: {plain: {}, special: {%s}}\n", class)
	out["orgs/acme/org.cue"] = fmt.Sprintf("package tenancy\n\norganizations: acme: {%s}\n", acme)
	out["orgs/acme/a/a.cue"] = fmt.Sprintf("package tenancy\n\norganizations: \"acme/a\": {%s}\nlogicalClusters: \"acme/a/lc\": {%s}\n", a, document)
	out[strings.TrimPrefix(level+"/limit.cue", "./")] = fmt.Sprintf("package tenancy\n\nlogicalClusters: [=~\"^acme/\"]: {\n%s\n}\n", f.limit)
	return out
}

// TestLimitsHoldWhereverAValueIsSaid states that no value beyond a pattern comes to be of a
// logical cluster if it is said or chosen in the directory of the pattern or below, and that
// what comes from above is told and holds nobody.
func TestLimitsHoldWhereverAValueIsSaid(t *testing.T) {
	t.Parallel()
	count := 0
	for _, f := range fields {
		for _, level := range levels {
			for _, source := range sources {
				if f.access && strings.HasPrefix(source, "class") && !strings.HasPrefix(f.name, "label") {
					continue // classes grant nothing
				}
				count++
				t.Run(strings.Join([]string{f.name, level, source}, " in "), func(t *testing.T) {
					t.Parallel()
					before := build(t, repo(f, level, source, ""), nil)
					within := build(t, repo(f, level, source, f.within), before.Pins)
					for _, r := range []*compiler.Result{before, within} {
						if diag.HasErrors(r.Diagnostics) {
							t.Fatalf("within the limit: %v", r.Diagnostics)
						}
					}
					beyond := build(t, repo(f, level, source, f.beyond), before.Pins)
					lc := beyond.Tenancy.LogicalCluster("acme/a/lc")
					if lc == nil {
						t.Fatalf("it is gone: %v", beyond.Diagnostics)
					}
					judged := depths[source] >= slices.Index(levels, level)
					if has := f.in(lc); has == judged {
						t.Errorf("has %s: %v\n%v", f.beyond, has, beyond.Diagnostics)
					}
					if errors := diag.HasErrors(beyond.Diagnostics); errors != judged {
						t.Errorf("errors: %v", beyond.Diagnostics)
					}
					if !judged && (lc.Held || lc.Suspended || !slices.ContainsFunc(beyond.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == diag.LimitOverruled })) {
						t.Errorf("it comes from above: held %v, suspended %v, %v", lc.Held, lc.Suspended, beyond.Diagnostics)
					}
					if lc.Suspended {
						t.Error("it is suspended")
					}
					again := build(t, repo(f, level, source, f.within), beyond.Pins)
					if diag.HasErrors(again.Diagnostics) {
						t.Errorf("mended: %v", again.Diagnostics)
					}
				})
			}
		}
	}
	t.Logf("%d repositories", count)
}

func build(t *testing.T, files map[string]string, former *pins.Pins) *compiler.Result {
	t.Helper()
	dir := t.TempDir()
	testkit.WriteFiles(t, dir, files)
	r, err := compiler.Compile(t.Context(), compiler.Options{Dir: dir, AsOf: "2026-11-20", Build: "test", Workers: 1, Former: former})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
