package hold_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/diag"
)

// mistake is one mistake in the hosted example: a text that is replaced where it first is, or
// a file that is added.
type mistake struct {
	file, old, new string
}

const cards = "orgs/borealis/retail/cards/"

// extra is a logical cluster more, with some fields.
func extra(fields string) mistake {
	return mistake{cards + "extra.cue", "", "package tenancy\n\nlogicalClusters: \"borealis/retail/cards/x\": {labels: env: \"dev\", class: \"standard\", " + fields + "}\n"}
}

func added(file, text string) mistake { return mistake{file, "", "package tenancy\n\n" + text + "\n"} }

// alone are single mistakes by the error that they are, for each code that a mistake in one
// place of that example can yield.
var alone = map[diag.Code]mistake{
	diag.SyntaxError:         {cards + "org.cue", `access:`, `access`},
	diag.FieldNotAllowed:     extra(`qouta: cpu: 1`),
	diag.InvalidValue:        extra(`budget: [1]`),
	diag.ValueConflict:       added(cards+"extra.cue", `logicalClusters: "borealis/retail/cards/dev": class: "hardened"`),
	diag.FieldMissing:        added("clusters/more.cue", `physicalClusters: "eu-9": {region: "eu", kubernetes: "1.36"}`),
	diag.UnresolvedImport:    {cards + "org.cue", "package tenancy\n", "package tenancy\n\nimport \"nimbus.example/nowhere\"\n\n_x: nowhere.x\n"},
	diag.UnresolvedReference: extra(`budget: _much`),
	diag.AncestorLimit:       extra(`network: "open"`),
	diag.WrongPlace:          added(cards+"extra.cue", `classes: own: {}`),
	diag.KeyOutsideDirectory: added(cards+"extra.cue", `logicalClusters: "cedar/data/x": {}`),
	diag.ForeignPackage:      {cards + "extra.cue", "", "package other\n\nx: 1\n"},
	diag.SkippedFile:         {"orgs/extra.YML", "", "logicalClusters: {}\n"},
	diag.UnknownClass:        {cards + "logicalclusters.cue", `class: "standard"`, `class: "standrad"`},
	diag.UnknownAPISet:       extra(`apis: databse: "stable"`),
	diag.UnknownAPIVersion:   extra(`apis: database: "stabel"`),
	diag.MissingOrganization: added("orgs/fjord/x.cue", `logicalClusters: "fjord/x": {class: "standard"}`),
	diag.AmountInvalid:       extra(`quota: pods: 1.5`),
	diag.NamespaceQuota:      extra(`quota: cpu: 2, namespaces: {a: quota: cpu: 4}`),
	diag.SubjectRefused:      extra(`access: "system:masters": "admin"`),
	diag.SelectorInvalid:     added("policy/more.cue", `policies: more: {selector: matchExpressions: [{key: "env", operator: "In"}], enforcement: "deny", stage: "acquire", rules: [{expression: "true", message: "x"}]}`),
	diag.APINotOffered:       extra(`apis: bucket: "stable"`),
	diag.ClassNotOffered:     {cards + "logicalclusters.cue", `class: "standard"`, `class: "sandbox"`},
	diag.UnknownOffer:        {"orgs/borealis/org.cue", `"web"`, `"wbe"`},
	diag.CeilingExceeded:     extra(`quota: cpu: 40`),
	diag.LabelOwned:          extra(`labels: contract: "trial"`),
	diag.LabelValueRefused:   {cards + "logicalclusters.cue", `env: "stage"`, `env: "staging"`},
	diag.UnknownCluster:      extra(`placement: cluster: "eu-77"`),
	diag.PlacementRegion:     extra(`placement: cluster: "us-1"`),
	diag.SourceNamespace:     extra(`namespaces: {a: {}, b: {}}, source: repo: "https://git.borealis.example/cards/x"`),
	diag.FormerKeyStands:     extra(`formerly: ["borealis/retail/cards/dev"]`),
	diag.ReservedClusterName: added("clusters/more.cue", `physicalClusters: management: {region: "eu", kubernetes: "1.36", server: "https://x.example"}`),
	diag.DeclaredTwice:       added("orgs/borealis/retail/extra.cue", `logicalClusters: "borealis/retail/cards/dev": {class: "standard", labels: env: "dev"}`),
	diag.RevocationPlace:     added(cards+"extra.cue", `revocations: r: {subject: "group:x", from: "cedar"}`),
	diag.RevocationInvalid:   added(cards+"extra.cue", `revocations: r: {subject: "group:x", since: "2026-02-31"}`),
	diag.Unplaceable:         extra(`clusterSelector: matchLabels: pool: "nowhere"`),
}

// TestEachDiagnosticComesAlone states, for each error that a mistake in one place can be, that
// the mistake is reported as this error, and with at most one other: on a first build, and
// after a good one.
func TestEachDiagnosticComesAlone(t *testing.T) {
	t.Parallel()
	files := example(t, "hosted")
	b := newBuilder(t)
	first := b.build(files, nil)
	first.clean(t, "the example")
	counts := map[int]int{}
	for _, code := range slices.Sorted(maps.Keys(alone)) {
		m := alone[code]
		wrong := maps.Clone(files)
		if m.old != "" && !strings.Contains(files[m.file], m.old) {
			t.Fatalf("%s does not have %s", m.file, m.old)
		}
		wrong[m.file] = strings.Replace(files[m.file], m.old, m.new, 1)
		for _, former := range []*built{nil, first} {
			r := b.build(wrong, former)
			counts[len(r.errors)]++
			if len(r.errors) > 2 || !slices.ContainsFunc(r.errors, func(d diag.Diagnostic) bool { return d.Code == code }) {
				t.Errorf("%s (first build: %v): %d errors:\n%s", code, former == nil, len(r.errors), lines(r.errors))
			}
		}
	}
	t.Logf("%d errors, by what their mistakes yield: %v", len(alone), counts)
}

// TestMisspeltOffersAreOneError states that a misspelt entry of an offer, of whichever kind and
// organization, is reported once, whatever all below would have had from it.
func TestMisspeltOffersAreOneError(t *testing.T) {
	t.Parallel()
	files := example(t, "hosted")
	b := newBuilder(t)
	first := b.build(files, nil)
	first.clean(t, "the example")
	list := regexp.MustCompile(`\b(apis|classes|regions):\s+\[([^\]]*)\]`)
	entry := regexp.MustCompile(`"([^"]+)"`)
	made := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		offers := strings.Index(files[name], "offers:")
		if offers < 0 || !strings.HasPrefix(name, "orgs/") {
			continue
		}
		block := files[name][offers:]
		if end := strings.Index(block, "\n\t}"); end >= 0 && strings.HasPrefix(block, "offers: {") {
			block = block[:end]
		} else {
			block, _, _ = strings.Cut(block, "\n")
		}
		for _, l := range list.FindAllStringSubmatchIndex(block, -1) {
			kind, from := block[l[2]:l[3]], offers+l[4]
			for _, e := range entry.FindAllStringSubmatchIndex(files[name][from:offers+l[5]], -1) {
				wrong := maps.Clone(files)
				wrong[name] = files[name][:from+e[2]] + "x" + files[name][from+e[2]:]
				made[kind]++
				for _, former := range []*built{nil, first} {
					if r := b.build(wrong, former); len(r.errors) == 0 || len(r.errors) > 2 {
						t.Errorf("%s in %s of %s (first build: %v): %d errors:\n%s", files[name][from+e[2]:from+e[3]], kind, name, former == nil, len(r.errors), lines(r.errors))
					}
				}
			}
		}
	}
	t.Logf("misspelt entries: %v", made)
	for _, kind := range []string{"apis", "classes", "regions"} {
		if made[kind] < 2 {
			t.Errorf("only %d entries of %s", made[kind], kind)
		}
	}
}

// TestCutFilesConcernNobodyElse states that after a good build a file of the hosted example
// that can't be read any more is one error, or two where the parser reports it so, and
// changes nothing.
func TestCutFilesConcernNobodyElse(t *testing.T) {
	t.Parallel()
	files := example(t, "hosted")
	b := newBuilder(t)
	first := b.build(files, nil)
	first.clean(t, "the example")
	cut := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".cue") || strings.HasPrefix(name, "cue.mod/") || name == "tenancy.cue" {
			continue
		}
		wrong := maps.Clone(files)
		wrong[name] = files[name][:strings.LastIndex(files[name], "}")]
		r := b.build(wrong, first)
		cut++
		if len(r.errors) == 0 || len(r.errors) > 2 || slices.ContainsFunc(r.errors, func(d diag.Diagnostic) bool { return d.Code != diag.SyntaxError }) {
			t.Errorf("%s: %d errors:\n%s", name, len(r.errors), lines(r.errors))
		}
		if !maps.Equal(r.states, first.states) || !maps.Equal(r.platforms, first.platforms) {
			t.Errorf("%s: the output changes", name)
		}
	}
	if cut < 20 {
		t.Errorf("only %d files", cut)
	}
}
