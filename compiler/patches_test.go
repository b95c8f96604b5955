package compiler_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/testkit"
	"pgregory.net/rapid"
)

const patchModules = `package tenancy

modules: marks: {
	stage: "transform"
	#parameters: {team: string, contact?: string}
	transformers: [{
		target: kind: "Namespace|ResourceQuota"
		labels: "acme.example/team": "${tenantry.dev/params.team}"
	}]
	patches: [{
		target: {kind: "ConfigMap", labelSelector: "about=this"}
		strategicMerge: metadata: annotations: "acme.example/contact": "${tenantry.dev/params.contact}"
	}]
}
implicit: patched: {
	locked: false
	objects: [{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "patched", labels: about: "this"}, data: {a: "1", b: "2"}}]
}
`

// Whatever policies change of what is rendered, and wherever they stand: files differ
// for those below them only, and a build that goes on from the last one has the bytes
// of one from nothing.
func TestPatchesChangeWhatIsBelowThem(t *testing.T) {
	r := newTeams(t, 3)
	store, err := store.Open(testkit.MemoryDir(t))
	if err != nil {
		t.Fatal(err)
	}
	cached := func(o *compiler.Options) { o.Cache = store }
	r.add("policy/patched.cue", patchModules)
	r.clean(cached)
	testkit.Rounds(t, 40)
	rapid.Check(t, func(rt *rapid.T) {
		before := tree(t, r.out)
		dir := rapid.SampledFrom([]string{"policy", "orgs/org000", "orgs/org000/div0", "orgs/org000/div0/team1", "orgs/org000/div0/team2"}).Draw(rt, "directory")
		file, key := dir+"/patches.cue", "patches-"+strings.ReplaceAll(dir, "/", "-")
		team := rapid.StringMatching(`[a-z]{1,3}`).Draw(rt, "team")
		contact := rapid.SampledFrom([]string{"", `, contact: "x"`, `, contact: "${tenantry.dev/namespace} in ${tenantry.dev/region}"`}).Draw(rt, "contact")
		text := fmt.Sprintf("package tenancy\n\npolicies: %q: {module: \"marks\", parameters: {team: %q%s}, enforcement: \"deny\"}\n", key, team, contact)
		if dir == "policy" && rapid.Bool().Draw(rt, "own") {
			text = fmt.Sprintf("package tenancy\n\npolicies: %q: {stage: \"transform\", enforcement: \"deny\", patches: [{target: kind: \"ConfigMap\", strategicMerge: data: {a: %q, b: null}}]}\n", key, team)
		}
		if rapid.IntRange(0, 3).Draw(rt, "remove") == 0 {
			text = "package tenancy\n"
		}
		r.add(file, text)
		r.clean(cached)
		after := tree(t, r.out)
		for _, path := range differing(before, after) {
			below := strings.TrimPrefix(dir, "orgs/")
			if dir != "policy" && !strings.Contains(path, below) && !strings.Contains(path, strings.ReplaceAll(below, "/", ".")) && path != "pins/org000.yaml" {
				rt.Errorf("%s changed %s", file, path)
			}
		}
		again := filepath.Join(r.dir, "..", "again")
		if err := os.RemoveAll(again); err != nil {
			rt.Fatal(err)
		}
		r.clean(cached, func(o *compiler.Options) { o.Out, o.Pins = again, r.out })
		if d := differing(after, tree(t, again)); len(d) > 0 {
			rt.Errorf("a build from nothing differs in %v", d)
		}
	})
	cold := filepath.Join(r.dir, "..", "cold")
	r.clean(func(o *compiler.Options) { o.Out, o.Pins = cold, r.out })
	if d := differing(tree(t, r.out), tree(t, cold)); len(d) > 0 {
		t.Errorf("a build from nothing, without a cache, differs in %v", d)
	}
}
