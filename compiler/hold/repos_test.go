package hold_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The dimensions of the repositories that the tests of this package make. Each value is
// a word in the name of a case.
var (
	// ways are how the documents of a directory are declared.
	ways = []string{
		"literal", "list", "nested", "if", "built", "hidden", "definition", "refers", "referred", "copied", "let", "import", "several", "yaml", "json", "objects",
	}
	// breaks are what is wrong: with the document x, with a file that it is in, with a
	// file that it uses, or with a package that it imports.
	breaks = []string{
		"misspelt", "map", "value", "reference", "limit", "syntax", "used-syntax", "used-conflict", "used-source", "import-meaning", "import-syntax",
	}
	// sides are what else the same edit says in the directory.
	sides = []string{"nothing", "grants", "takes", "adds", "pattern", "other"}
	// aboves are what it says in the directories above.
	aboves = []string{"nothing", "access", "tighter", "class", "revokes"}
)

// team is what the directory of a team says: documents x and y, and at times n.
type team struct {
	way  string
	org  string
	x, y doc
	n    *doc
	// fault is a field of x that is in error, as CUE: `acess: devs: "view"`; where x is
	// made by a comprehension, all documents have it.
	fault string
	// quota bounds the CPU of the team's documents.
	quota int
	// imports: all of the documents need the organization's package.
	imports bool
	// torn: the file that declares the documents is cut off.
	torn bool
	// unknown: x is in a map that there is not.
	unknown bool
	// sourceless: what the documents are made of is in error.
	sourceless bool
	// tier is the value that all documents in CUE get from another file of the directory.
	tier string
}

// doc is a logical cluster.
type doc struct {
	name   string
	access map[string]string
	cpu    any
	// gone: it is not there.
	gone bool
}

func (d doc) with(role string, subjects ...string) doc {
	d.access = maps.Clone(d.access)
	for _, s := range subjects {
		d.access[s] = role
	}
	return d
}

func (d doc) without(subjects ...string) doc {
	d.access = maps.Clone(d.access)
	for _, s := range subjects {
		delete(d.access, s)
	}
	return d
}

func newTeam(way, org string) team {
	return team{
		way: way, org: org, quota: 64, tier: `"gold"`, imports: way == "import",
		x: doc{name: "x", cpu: 4, access: map[string]string{"leaver": "edit", "stayer": "view"}},
		y: doc{name: "y", cpu: 2, access: map[string]string{"yleaver": "edit", "ystayer": "view"}},
	}
}

func (t *team) dir() string         { return "orgs/" + t.org + "/t" }
func (t *team) key(n string) string { return t.org + "/t/" + n }
func (t *team) data() bool          { return isData(t.way) }

// isData reports whether a way to declare documents is no CUE, so that they use nothing.
func isData(way string) bool { return slices.Contains([]string{"yaml", "json", "objects"}, way) }

func (t *team) comprehension() bool {
	return slices.Contains([]string{"list", "nested", "built"}, t.way)
}
func (t *team) file(n string) string { return t.dir() + "/" + n }

// docs are the documents that are there.
func (t *team) docs() (out []doc) {
	for _, d := range []doc{t.x, t.y} {
		if !d.gone {
			out = append(out, d)
		}
	}
	if t.n != nil {
		out = append(out, *t.n)
	}
	return out
}

func jsonOf(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// common are fields that all documents have.
func (t *team) common() string {
	if t.data() {
		return fmt.Sprintf("class: %q, regions: [\"eu\"]", t.org)
	}
	labels := "tier: _shared.tier"
	if t.imports {
		labels += ", zone: lib.zone"
	}
	return fmt.Sprintf("class: %q, regions: [\"eu\"], labels: {%s}", t.org, labels)
}

// body is the whole of a document, as CUE.
func (t *team) body(d doc, common string) string {
	out := fmt.Sprintf("{%s, access: %s, quota: cpu: %s", common, jsonOf(d.access), jsonOf(d.cpu))
	if d.name == "x" && t.fault != "" {
		out += ", " + t.fault
	}
	return out + "}"
}

// files are the files of the directory by path.
func (t *team) files() map[string]string {
	head := "package tenancy\n\n"
	if t.imports {
		head += fmt.Sprintf("import lib \"hold.example/tenancy/lib/%s\"\n\n", t.org)
	}
	out := map[string]string{
		t.file("limits.cue"): fmt.Sprintf("package tenancy\n\nlogicalClusters: [=~\"^%s/t/\"]: quota: cpu?: <=%d\n", t.org, t.quota),
		t.file("team.cue"):   fmt.Sprintf("package tenancy\n\norganizations: %q: {}\n", t.org+"/t"),
	}
	if t.data() {
		name := "docs." + t.way
		if t.way == "objects" {
			name = "docs.yaml"
		}
		out[t.file(name)] = t.mapName(t.dataFile())
		return out
	}
	out[t.file("shared.cue")] = "package tenancy\n\n_shared: {tier: " + t.tier + "}\n"
	main := t.file("docs.cue")
	out[main] = head + t.mapName(t.main(out))
	if t.torn {
		if t.way == "several" {
			main = t.file("access.cue")
		}
		out[main] += "\nlogicalClusters: {\n"
	}
	return out
}

// mapName misspells the map of the first document if that is the mistake.
func (t *team) mapName(text string) string {
	if t.unknown {
		return strings.Replace(strings.Replace(text, "logicalClusters", "logicalCluster", 1), "kind: LogicalCluster", "kind: LogicalClust", 1)
	}
	return text
}

// main is what the file says that declares the documents; further files are put into out.
func (t *team) main(out map[string]string) string {
	if t.comprehension() {
		return t.made()
	}
	var all, access strings.Builder
	common, prefix := t.common(), "logicalClusters: "
	switch t.way {
	case "let":
		all.WriteString("let base = {" + common + "}\n")
		common = "base"
	case "import":
		common = "lib.#Base, labels: tier: _shared.tier"
	case "hidden":
		all.WriteString("logicalClusters: _all\n_all: {\n")
		prefix = "\t"
	case "definition":
		all.WriteString("logicalClusters: #All\n#All: {\n")
		prefix = "\t"
	case "if":
		all.WriteString("_on: true\n")
		if t.sourceless {
			all.WriteString("_on: false\n")
		}
	}
	for _, d := range t.docs() {
		body := t.body(d, common)
		switch {
		case t.way == "if":
			fmt.Fprintf(&all, "if _on {logicalClusters: %q: %s}\n", t.key(d.name), body)
			continue
		case t.way == "refers" && d.name == "x" && !t.y.gone: // x needs y
			body = strings.Replace(body, "{", fmt.Sprintf("{containers: max: cpu: logicalClusters[%q].quota.cpu, ", t.key("y")), 1)
		case t.way == "referred" && d.name == "y": // y is x, and more
			body = fmt.Sprintf("logicalClusters[%q] & {access: %s}", t.key("x"), jsonOf(d.access))
		case t.way == "copied" && d.name == "y": // y gives whom x gives access, and more
			body = strings.Replace(body, "access: ", fmt.Sprintf("access: {for s, r in logicalClusters[%q].access {(s): r}}, access: ", t.key("x")), 1)
		case t.way == "several":
			fmt.Fprintf(&access, "logicalClusters: %q: access: %s\n", t.key(d.name), jsonOf(d.access))
			d.access = map[string]string{}
			body = t.body(d, common)
		}
		fmt.Fprintf(&all, "%s%q: %s\n", prefix, t.key(d.name), body)
	}
	if prefix == "\t" {
		all.WriteString("}")
		if t.sourceless {
			all.WriteString(" & 7")
		}
		all.WriteString("\n")
	}
	if t.way == "several" {
		out[t.file("access.cue")] = "package tenancy\n\n" + access.String()
	}
	return all.String()
}

// made are documents that a comprehension makes.
func (t *team) made() string {
	var items []string
	for _, d := range t.docs() {
		items = append(items, fmt.Sprintf("\t{name: %q, access: %s, cpu: %s},\n", d.name, jsonOf(d.access), jsonOf(d.cpu)))
	}
	list := "[\n" + strings.Join(items, "") + "]"
	if t.sourceless {
		list += " & 7"
	}
	body := "{" + t.common() + ", access: {for s, r in c.access {(s): r}}, quota: cpu: c.cpu"
	if t.fault != "" {
		body += ", " + t.fault
	}
	body += "}"
	switch t.way {
	case "list":
		return fmt.Sprintf("for c in %s {\n\tlogicalClusters: \"%s/t/\\(c.name)\": %s\n}\n", list, t.org, body)
	case "nested":
		return fmt.Sprintf("_items: %s\nfor t in [\"t\"] {\n\tfor c in _items {\n\t\tlogicalClusters: \"%s/\\(t)/\\(c.name)\": %s\n\t}\n}\n", list, t.org, body)
	}
	return fmt.Sprintf("_items: %s\nlogicalClusters: {for c in _items {\"%s/t/\\(c.name)\": %s}}\n", list, t.org, body)
}

// dataFile declares the documents as YAML or JSON.
func (t *team) dataFile() string {
	var lines []string
	for _, d := range t.docs() {
		fields := []string{fmt.Sprintf(`"class": %q, "regions": ["eu"], "access": %s, "quota": {"cpu": %s}`, t.org, jsonOf(d.access), jsonOf(d.cpu))}
		if d.name == "x" && t.fault != "" {
			fields = append(fields, dataFaults[t.fault])
		}
		if t.way == "objects" {
			lines = append(lines, fmt.Sprintf("apiVersion: tenantry.dev/v1alpha1\nkind: LogicalCluster\nmetadata: {name: %s}\nspec: {%s}\n", d.name, strings.Join(fields, ", ")))
			continue
		}
		lines = append(lines, fmt.Sprintf("  %q: {%s}", t.key(d.name), strings.Join(fields, ", ")))
	}
	if t.way == "objects" {
		out := strings.Join(lines, "---\n")
		if t.torn {
			out += "  }: [\n"
		}
		return out
	}
	if t.way == "json" {
		out := "{\"logicalClusters\": {\n" + strings.Join(lines, ",\n") + "\n}}\n"
		if t.torn {
			out = strings.TrimSuffix(out, "}}\n")
		}
		return out
	}
	out := "logicalClusters:\n" + strings.Join(lines, "\n") + "\n"
	if t.torn {
		out += "  }: [\n"
	}
	return out
}

// faults are fields in error.
const (
	misspelt  = `acess: devs: "view"`
	noSuchAPI = `apis: ghost: "v1"`
)

var dataFaults = map[string]string{misspelt: `"acess": {"devs": "view"}`, noSuchAPI: `"apis": {"ghost": "v1"}`}

// organization is what the directories above a team's say, and a team next to it.
type organization struct {
	name string
	// access is what all below give.
	access string
	// limit bounds the CPU of each document below.
	limit int
	pods  int
	// library is the organization's package, and base a further one that it imports.
	library, base string
	// importing: the logical cluster z of another team imports the package, too.
	importing bool
	// more are the last lines of the organization's file.
	more string
}

func newOrganization(name string) organization {
	return organization{
		name: name, access: `{"sre": "view", "oncall": "edit"}`, limit: 32, pods: 200,
		library: "zone: \"z1\"\n", base: "region: \"eu\"\naccess: {}\n",
	}
}

func (o *organization) files() map[string]string {
	lib := fmt.Sprintf("package %s\n\nimport base \"hold.example/tenancy/base/%s\"\n\n#Base: {class: %q, regions: [base.region], access: base.access, labels: zone: _zone, ...}\n_zone: zone\n%s", o.name, o.name, o.name, o.library)
	head, labels := "", "{}"
	if o.importing {
		head, labels = fmt.Sprintf("import lib \"hold.example/tenancy/lib/%s\"\n\n", o.name), "zone: lib.zone"
	}
	return map[string]string{
		"classes/" + o.name + ".cue":     fmt.Sprintf("package tenancy\n\nclasses: %q: {apis: kubernetes: \"stable\", quota: {cpu: 4, pods: %d}}\n", o.name, o.pods),
		"lib/" + o.name + "/lib.cue":     lib,
		"base/" + o.name + "/base.cue":   "package " + o.name + "\n\n" + o.base,
		"orgs/" + o.name + "/org.cue":    fmt.Sprintf("package tenancy\n\norganizations: %q: {owners: [\"owners\"], access: %s}\nlogicalClusters: [=~\"^%s/\"]: quota: cpu?: <=%d\n%s", o.name, o.access, o.name, o.limit, o.more),
		"orgs/" + o.name + "/s/team.cue": fmt.Sprintf("package tenancy\n\norganizations: %q: {}\n", o.name+"/s"),
		"orgs/" + o.name + "/s/z.cue":    fmt.Sprintf("package tenancy\n\n%slogicalClusters: %q: {class: %q, regions: [\"eu\"], access: zs: \"edit\", quota: cpu: 1, labels: %s}\n", head, o.name+"/s/z", o.name, labels),
	}
}

// platform is what the repo says outside of the organizations.
var platform = map[string]string{
	"cue.mod/module.cue":   "module: \"hold.example/tenancy\"\nlanguage: version: \"v0.17.0\"\n",
	"tenancy.cue":          "@experiment(explicitopen)\n\npackage tenancy\n\nimport schema \"tenantry.dev/schema/v1alpha1\"\n\nschema.#Tenancy\n",
	"settings.cue":         "package tenancy\n\nsettings: gitops: {cut: 1000, source: {url: \"https://git.example/tenancy\", branch: \"rendered\"}}\n",
	"clusters/eu-1.cue":    "package tenancy\n\nphysicalClusters: \"eu-1\": {region: \"eu\", kubernetes: \"1.36\", server: \"https://eu-1.example\"}\n",
	"apis/apis.cue":        "package tenancy\n\napiSets: kubernetes: {channels: stable: \"v1\", versions: v1: resources: {configmaps: {}, pods: {}, secrets: {}, \"deployments.apps\": {}}}\n",
	"orgs/aside/aside.cue": "package tenancy\n\norganizations: aside: {}\nlogicalClusters: \"aside/one\": {class: \"aside\", regions: [\"eu\"], access: somebody: \"admin\"}\n",
	"classes/aside.cue":    "package tenancy\n\nclasses: aside: {apis: kubernetes: \"stable\", quota: cpu: 4}\n",
}
