package hold_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
)

// world is a repository in which teams share what there is: physical clusters with few
// places, ceilings, budgets, custom resources, names.
type world struct {
	random *rand.Rand
	files  map[string]string
	asOf   string
	serial int
}

// watched are the logical clusters about which nobody says anything in these histories,
// neither their own documents nor, free of errors, those above them.
var watched = []string{"acme/a/prod", "acme/a/dev", "other/x"}

func newWorld(seed uint64) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 1)), asOf: "2026-11-20", files: maps.Clone(platform)}
	maps.Copy(w.files, map[string]string{
		"clusters/eu-1.cue":  "package tenancy\n\nphysicalClusters: \"eu-1\": {region: \"eu\", kubernetes: \"1.36\", server: \"https://eu-1.example\", capacity: {logicalClusters: 8, cpu: 60}}\n",
		"clusters/eu-2.cue":  "package tenancy\n\nphysicalClusters: \"eu-2\": {region: \"eu\", kubernetes: \"1.36\", server: \"https://eu-2.example\", capacity: logicalClusters: 3}\n",
		"apis/apis.cue":      "package tenancy\n\napiSets: kubernetes: {channels: stable: \"v1\", versions: v1: resources: {configmaps: {}, pods: {}, secrets: {}, services: {}, \"deployments.apps\": {}}}\n",
		"apis/w/widgets.cue": widgets("widgets", "v1: {lifecycle: \"stable\", resources: \"widgets.example.com\": file: \"v1.yaml\"}, v2: {lifecycle: \"stable\", resources: \"widgets.example.com\": file: \"v2.yaml\"}"),
		"apis/w/v1.yaml":     widgetDefinition("size: {type: integer}"),
		"apis/w/v2.yaml":     widgetDefinition("size: {type: integer}\n              colour: {type: string}"),
		"classes/std.cue":    "package tenancy\n\nclasses: std: {apis: kubernetes: \"stable\", quota: {cpu: 2, pods: 50}}\n",
		"prices.cue":         "package tenancy\n\nprices: now: {from: \"2026-01-01\", quota: {cpu: 10, pods: 0}}\n",
		"policy/names.cue":   "package tenancy\n\npolicies: \"few-cores\": {stage: \"acquire\", enforcement: \"deny\", rules: [{expression: \"logicalCluster.name != 'forbidden'\", message: \"not that name\"}]}\n",
		"implicit.cue":       "package tenancy\n\nimplicit: banner: {locked: false, objects: [{apiVersion: \"v1\", kind: \"ConfigMap\", metadata: name: \"banner\", data: text: \"hello\"}]}\n",
		"orgs/acme/org.cue":  "package tenancy\n\norganizations: acme: {access: sre: \"view\", budget: 400, ceilings: {logicalClusters: 7, quota: cpu: 30}}\nlogicalClusters: [=~\"^acme/\"]: quota: cpu?: <=16\n",
		"orgs/acme/a/a.cue":  "package tenancy\n\norganizations: \"acme/a\": access: leads: \"view\"\nlogicalClusters: \"acme/a/prod\": {class: \"std\", regions: [\"eu\"], apis: widgets: \"v1\", access: {devs: \"edit\", oncall: \"admin\"}, quota: {cpu: 4}, namespaces: {api: {}, jobs: {}}}\nlogicalClusters: \"acme/a/dev\": {class: \"std\", regions: [\"eu\"], access: devs: \"admin\", labels: env: \"dev\"}\n",
		"orgs/acme/b/b.cue":  "package tenancy\n\norganizations: \"acme/b\": {}\n",
		"orgs/third/org.cue": "package tenancy\n\norganizations: third: {}\n",
		"orgs/other/org.cue": "package tenancy\n\norganizations: other: {}\nlogicalClusters: \"other/x\": {class: \"std\", regions: [\"eu\"], apis: widgets: \"v2\", access: xs: \"edit\"}\n",
	})
	return w
}

func widgets(name, versions string) string {
	return fmt.Sprintf("package tenancy\n\napiSets: %q: versions: {%s}\n", name, versions)
}

// widgetDefinition is a definition of one custom resource with these fields.
func widgetDefinition(fields string) string {
	return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              ` + fields + "\n"
}

func (w *world) pick(all ...string) string { return all[w.random.IntN(len(all))] }

func (w *world) number() int { w.serial++; return w.serial }

// neighbours are the kinds of what other teams write, and mistakes those of what is wrong above.
var (
	neighbours = []string{"lc", "set", "policy", "implicit", "exemption", "revocation", "claim", "foreign", "organization", "pattern", "torn", "gone", "delete", "collide", "sibling-policy"}
	mistakes   = []string{"torn", "word", "value", "conflict", "gone", "number"}
)

// neighbour is one thing that another team writes in its own directory, or in what it may
// not write in. They are made with and without mistakes.
func (w *world) neighbour() string {
	n := w.number()
	file := fmt.Sprintf("orgs/%s/n%d.cue", w.pick("acme/b", "acme/b", "other/y", "third"), n%7)
	dir := strings.TrimPrefix(file[:strings.LastIndexByte(file, '/')], "orgs/")
	kind := w.pick(append([]string{"lc", "lc", "lc"}, neighbours...)...)
	text := ""
	switch kind {
	case "lc":
		text = fmt.Sprintf("logicalClusters: \"%s/t%d\": {class: %q, regions: [\"eu\"], quota: cpu: %s, apis: %s, %s}", dir, w.random.IntN(6),
			w.pick("std", "std", "std", "ghost"), w.pick("1", "4", "12", "20", `"lots"`), w.pick("{}", `widgets: "v1"`, `widgets: "v2"`, `widgets: "v9"`, `mine: "v1"`),
			w.pick("access: devs: \"edit\"", "budget: 1", "acess: {}", `placement: cluster: "eu-2"`, `placement: cluster: "eu-1"`, `quotaFromBudget: cpu: 1, budget: 50`))
	case "set":
		text = widgets("mine", "v1: {lifecycle: \"stable\", resources: \"widgets.example.com\": file: \""+w.pick("v1", "v2", "v3")+".yaml\"}")[len("package tenancy\n\n"):]
		for _, name := range []string{"v1.yaml", "v2.yaml"} {
			w.files["orgs/"+dir+"/"+name] = w.files["apis/w/"+name]
		}
	case "policy":
		text = fmt.Sprintf("policies: p%d: {stage: %q, enforcement: \"deny\", rules: [{expression: %q, message: \"no\"}]}", n%3, w.pick("acquire", "evolve"), w.pick("false", "true", "nonsense(", "logicalCluster.name == 'x'"))
	case "sibling-policy":
		text = "policies: sum: {stage: \"acquire\", enforcement: \"deny\", rules: [{expression: \"size(siblings) < 2\", message: \"too many\"}]}"
	case "implicit":
		text = fmt.Sprintf("implicit: i%d: {locked: false, objects: [{apiVersion: \"v1\", kind: %q, metadata: name: %q, data: a: \"b\"}]}", n%3, w.pick("ConfigMap", "Secret", "Nothing"), w.pick("banner", "mine", "tenantry-x"))
	case "exemption":
		text = "exemptions: e: {policy: \"few-cores\", target: " + fmt.Sprintf("%q", w.pick(watched...)) + ", reason: \"r\", expires: \"2026-11-2" + w.pick("1", "5", "9") + "\"}"
	case "revocation":
		text = fmt.Sprintf("revocations: r%d: {subject: %q, from: %q}", n%3, w.pick("devs", "sre", "xs", "oncall"), w.pick(append([]string{"acme", "other", "acme/b"}, watched...)...))
	case "claim":
		text = fmt.Sprintf("logicalClusters: \"%s/c%d\": {class: \"std\", regions: [\"eu\"], formerly: [%q]}", dir, n%3, w.pick(watched...))
	case "foreign":
		text = fmt.Sprintf("logicalClusters: %q: %s", w.pick(watched...), w.pick("{}", `{class: "std", access: thief: "admin"}`, `state: "deleted"`, `quota: cpu: 0`))
	case "organization":
		text = fmt.Sprintf("organizations: %q: {%s}", w.pick("acme/a", "acme", "other", "acme/a/prod", dir+"/sub", "acme/b"), w.pick("", "budget: 0", `formerly: ["acme/a"]`, `ceilings: logicalClusters: 0`, "nonsense: 1"))
	case "pattern":
		text = fmt.Sprintf("logicalClusters: [%s]: %s", w.pick("string", `=~"^acme/a/"`), w.pick("quota: cpu: <=0", `access: {}`, "nonsense: 1", `state: "deleted"`))
	case "collide":
		text = fmt.Sprintf("logicalClusters: %q: {class: \"std\", regions: [\"eu\"], namespaces: {%s: {}}}", dir+"/a-prod", w.pick("api", "jobs", "x"))
	case "torn":
		text = "logicalClusters: {"
	case "gone":
		delete(w.files, file)
		return "gone " + file
	case "delete":
		w.files[file] = strings.ReplaceAll(w.files[file], `class: "std"`, `class: "std", state: "deleted"`)
		if w.files[file] == "" {
			delete(w.files, file)
		}
		return "delete in " + file
	}
	if old, ok := w.files[file]; ok && w.random.IntN(3) == 0 {
		w.files[file] = old + text + "\n"
	} else {
		w.files[file] = "package tenancy\n\n" + text + "\n"
	}
	return kind + " in " + file + ": " + text
}

// above is a mistake in what stands above all, or a day that passes. The files are put back
// by what it returns.
func (w *world) above() (what string, mend func()) {
	if w.random.IntN(3) == 0 {
		day := min(30, 20+w.serial/4)
		w.asOf = max(w.asOf, fmt.Sprintf("2026-11-%02d", day))
		return "day " + w.asOf, func() {}
	}
	var above []string
	for _, name := range slices.Sorted(maps.Keys(newWorld(0).files)) {
		if strings.HasSuffix(name, ".cue") && !slices.Contains([]string{"cue.mod/module.cue", "tenancy.cue"}, name) {
			above = append(above, name)
		}
	}
	name := above[w.random.IntN(len(above))]
	old := w.files[name]
	mend = func() { w.files[name] = old }
	kind := w.pick(mistakes...)
	switch kind {
	case "torn":
		w.files[name] += "\n}{\n"
	case "word": // a field that there is not
		words := []string{"class:", "region:", "quota:", "access:", "from:", "stage:", "objects:", "versions:", "apis:", "gitops:", "ceilings:"}
		for _, i := range w.random.Perm(len(words)) {
			word := words[i]
			if strings.Contains(old, word) {
				w.files[name] = strings.Replace(old, word, "x"+word, 1)
				return "above-word " + word + " in " + name, mend
			}
		}
		w.files[name] += "nonsense: 1\n"
	case "value":
		w.files[name] = strings.Replace(old, `: "`, `: 7 & "`, 1)
	case "number":
		w.files[name] = strings.NewReplacer("cpu: 2", "cpu: \"many\"", "cpu: 10", "cpu: -10", "cpu: 30", "cpu: \"x\"").Replace(old)
	case "conflict":
		w.files[name] += "_x: 1\n_x: 2\nphysicalClusters: \"eu-1\": _x\n"
	case "gone":
		if slices.Contains([]string{"implicit.cue", "prices.cue", "policy/names.cue"}, name) {
			return "above-none " + name, mend // to take these away is a decision
		}
		if strings.HasPrefix(name, "orgs/acme/a/") || name == "orgs/other/org.cue" {
			w.files[name] = "package tenancy\n"
			return "above-gone " + name, mend
		}
		delete(w.files, name)
	}
	return "above-" + kind + " " + name, mend
}

// TestNothingUnaskedIsTaken states that nothing of a logical cluster changes, in no field of
// what is desired of it and in no object, unless its own documents or those above it say so
// free of errors: whatever neighbours write, whichever mistakes are made above, and on
// whichever day. It is about histories in which nobody says anything to the watched ones.
func TestNothingUnaskedIsTaken(t *testing.T) {
	histories, steps := 12, 25
	if everything() {
		histories, steps = 200, 60
	}
	b := newBuilder(t)
	changes := counter{}
	for seed := range histories {
		w := newWorld(uint64(seed))
		was := b.build(maps.Clone(w.files), nil, w.day)
		was.clean(t, "the first build")
		first := was
		var story []string
		for step := range steps {
			mend := func() {}
			if w.random.IntN(3) == 0 {
				var what string
				what, mend = w.above()
				story = append(story, what)
			} else {
				story = append(story, w.neighbour())
			}
			changes[strings.Fields(story[step])[0]]++
			now := b.build(maps.Clone(w.files), was, w.day)
			for _, key := range watched {
				if d := difference(first.states[key], now.states[key]); d != "" {
					t.Errorf("history %d, step %d: %s is not as it was:\n%s\nafter:\n  %s\nerrors: %v", seed, step, key, d, strings.Join(story, "\n  "), now.errors)
				}
				was, is := first.pins.LogicalClusters[key], now.pins.LogicalClusters[key]
				if is == nil || was.Cluster != is.Cluster || was.Phase != is.Phase || !maps.Equal(was.Namespaces.Map(), is.Namespaces.Map()) {
					t.Errorf("history %d, step %d: the place of %s is not as it was: %+v, %+v\nafter:\n  %s", seed, step, key, was, is, strings.Join(story, "\n  "))
				}
			}
			if t.Failed() {
				return
			}
			mend()
			was = now
		}
	}
	for _, kind := range neighbours {
		if changes[kind] == 0 {
			t.Errorf("%s was never made", kind)
		}
	}
	for _, kind := range mistakes {
		if changes["above-"+kind] == 0 {
			t.Errorf("the mistake %s was never made above", kind)
		}
	}
	t.Logf("%d histories of %d steps: %v", histories, steps, changes)
}

// day lets a build be of the day of the world.
func (w *world) day(o *compiler.Options) { o.AsOf = w.asOf }
