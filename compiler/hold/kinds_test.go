package hold_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/schema"
)

// The dimensions of mistakes in documents that are no logical clusters.
var (
	kinds      = []string{"organizations", "classes", "apiSets", "policies", "implicit", "filed", "locked", "exemptions", "modules", "physicalClusters", "prices", "settings"}
	kindWays   = []string{"literal", "list", "built", "hidden", "let", "import", "several", "yaml", "json"}
	kindBreaks = []string{"misspelt", "map", "renamed", "value", "reference", "syntax", "used-syntax", "used-conflict", "used-source", "import-syntax"}
	kindSides  = []string{"nothing", "more", "other", "above", "seen"} // seen: a directory below refers to it
)

// kindOf is the kind of a value of kinds: implicit documents may be locked, or have files.
func kindOf(value string) string {
	if value == "locked" || value == "filed" {
		return "implicit"
	}
	return value
}

// isGlobal reports whether all organizations depend on one document of a kind.
func isGlobal(kind string) bool { return kind == "settings" || kind == "prices" }

type fields = map[string]any

// subject is the document in error of a kind, in the directory of the organization's team
// or in one of its own.
type subject struct {
	dir, key string
	// good is what it says, and more what gives more to somebody.
	good, more fields
	// reference refers to what is not there; value is of a wrong type.
	reference, value fields
	// other is another document of the directory.
	other fields
}

func list(all ...any) []any { return all }

// subjectOf describes a document of a kind.
func subjectOf(kind, org string) subject {
	team := "orgs/" + org + "/t"
	rule := func(expression string) []any { return list(fields{"expression": expression, "message": "no"}) }
	policy := func(expression string) fields {
		return fields{"stage": "acquire", "enforcement": "deny", "rules": rule(expression)}
	}
	object := func(name, text string) []any {
		return list(fields{"apiVersion": "v1", "kind": "ConfigMap", "metadata": fields{"name": name}, "data": fields{"a": text}})
	}
	switch kind {
	case "organizations":
		return subject{team, org + "/t", fields{"access": fields{"keeper": "edit"}}, fields{"access": fields{"keeper": "edit", "newcomer": "admin"}},
			fields{"defaults": fields{"class": "ghost"}}, fields{"owners": 7}, fields{"displayName": "Other"}}
	case "classes":
		return subject{"classes/" + org, org, fields{"apis": fields{"kubernetes": "stable"}, "quota": fields{"cpu": 4, "pods": 100}},
			fields{"quota": fields{"cpu": 4, "pods": 10000}}, fields{"apis": fields{"ghost": "v1"}}, fields{"quota": fields{"cpu": "lots"}}, fields{"description": "Other"}}
	case "apiSets":
		set := func(resources fields) fields { return fields{"v1": fields{"resources": resources}} }
		return subject{"apis/" + org, org, fields{"channels": fields{"stable": "v1"}, "versions": set(fields{"configmaps": fields{}})},
			fields{"versions": set(fields{"configmaps": fields{}, "secrets": fields{}})}, fields{"channels": fields{"stable": "v9"}}, fields{"versions": 7},
			fields{"versions": set(fields{"pods": fields{}})}}
	case "policies":
		return subject{team, "p", policy("logicalCluster.network != 'open'"), policy("true"), fields{"rules": rule("ghost.x == 1")}, fields{"enforcement": "maybe"}, policy("true")}
	case "modules":
		return subject{"modules/" + org, org, fields{"stage": "acquire", "rules": rule("logicalCluster.network != 'open'")}, fields{"rules": rule("true")},
			fields{"rules": rule("ghost.x == 1")}, fields{"stage": "sometimes"}, fields{"stage": "acquire", "rules": rule("true")}}
	case "implicit":
		return subject{team, "i", fields{"locked": false, "objects": object("given", "good")}, fields{"objects": object("given", "more")},
			fields{"classes": list("ghost")}, fields{"objects": "none"}, fields{"locked": false, "objects": object("other", "other")}}
	case "filed":
		return subject{team, "i", fields{"locked": false, "files": list("given.yaml")}, fields{"description": "more"},
			fields{"classes": list("ghost")}, fields{"files": "none"}, fields{"locked": false, "objects": object("other", "other")}}
	case "locked":
		return subject{team, "i", fields{"objects": object("given", "good")}, fields{"objects": object("given", "more")},
			fields{"classes": list("ghost")}, fields{"objects": "none"}, fields{"locked": false, "objects": object("other", "other")}}
	case "prices":
		return subject{"prices/" + org, org, fields{"withoutQuota": "zero", "quota": fields{"cpu": 10}}, fields{"quota": fields{"cpu": 1}},
			fields{"apis": fields{"ghost": 1}}, fields{"quota": fields{"cpu": "dear"}}, fields{"from": "2030-01-01", "quota": fields{"cpu": 1}}}
	case "exemptions":
		exemption := func(target string) fields {
			return fields{"policy": "p", "target": target, "reason": "why", "expires": "2026-12-31"}
		}
		return subject{team, "e", exemption(org + "/t/d/x"), exemption(org + "/t"), fields{"policy": "ghost"}, fields{"expires": "soon"}, exemption(org + "/t/d/nobody")}
	case "physicalClusters":
		cluster := func(cpu int) fields {
			return fields{"region": org, "kubernetes": "1.36", "server": "https://c.example", "capacity": fields{"cpu": cpu}}
		}
		return subject{"clusters/" + org, org, cluster(64), fields{"labels": fields{"more": "more"}, "dns": fields{"namespace": "elsewhere"}},
			fields{"server": "nowhere"}, fields{"kubernetes": 7}, cluster(1)}
	}
	source := fields{"url": "https://git.example/tenancy", "branch": "rendered"}
	return subject{"", "", fields{"gitops": fields{"cut": 1000, "source": source}, "labels": fields{"tier": fields{"owner": "team"}}}, fields{"gitops": fields{"cut": 20, "source": source}},
		fields{"labels": fields{"tier": fields{"owner": "nobody"}}}, fields{"currency": 7}, nil}
}

// kindFault makes a mistake in a document that is no logical cluster.
func kindFault(org string, values []string) fault {
	kind, way, brk, side := kindOf(values[0]), values[1], values[2], values[3]
	s := subjectOf(values[0], org)
	f := fault{
		name: strings.Join(values, " "), org: org, moves: side == "more" || side == "above" || side == "seen", strict: true, held: []string{org + "/t/d/x", org + "/t/d/z"}, never: []string{"newcomer"},
		named: []string{fmt.Sprintf("%s %q", kind, s.key), s.dir + "/docs", s.dir + "/shared", "lib/" + org + "/"},
	}
	if isGlobal(kind) {
		f.named, f.global = []string{kind, "docs", "shared", "lib/"}, true
	}
	locked := map[string]string{}
	if values[0] == "locked" { // until somebody accepts more, what else the edit says gives nobody more
		f.moves = side == "above"
		locked[implicit.LockFile(s.dir, s.key)] = string(lockOf(s.good).Encode())
	}
	doc := maps.Clone(s.good)
	wants, source, above, library, shared := false, "", "view", "text: \"is\"\n", "\"same\""
	use := strings.HasPrefix(brk, "import-") || way == "import"
	given := map[string]string{}
	give := func(text string) {
		if values[0] == "filed" {
			given = map[string]string{s.dir + "/given.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: given}\ndata: {a: " + text + "}\n"}
		}
	}
	give("good")
	make := func() map[string]string {
		return join(surroundings(kind, s.key, org, above, wants, side == "seen"), declare(kind, way, s, org, doc, use, shared, source), locked, given, map[string]string{"lib/" + org + "/lib.cue": "package " + org + "\n\n" + library})
	}
	f.base = make()
	former := join(declare(kind, way, s, org, doc, use, shared, source), given)
	switch side {
	case "more":
		maps.Copy(doc, s.more)
		wants = true
		give("more")
	case "seen":
		maps.Copy(doc, s.more)
		shared = "\"changed\""
	case "other":
		s.other = maps.Clone(s.other)
		f.strict = false
		switch kind {
		case "organizations":
			s.other["displayName"] = "Changed"
		case "physicalClusters":
			s.other["labels"] = fields{"changed": "changed"}
		case "exemptions":
			s.other["reason"] = "changed"
		case "prices":
			s.other["from"] = "2031-01-01"
		default:
			s.other["description"] = "Changed"
		}
	case "above":
		above = "edit"
	}
	f.mended = make()
	f.reference = join(f.mended)
	maps.Copy(f.reference, former)
	switch brk {
	case "misspelt":
		doc["nonsens"] = "x"
	case "value":
		maps.Copy(doc, s.value)
	case "reference":
		maps.Copy(doc, s.reference)
	case "used-source":
		source = " & 7"
	case "used-syntax":
		shared = "{"
	case "used-conflict":
		shared += " & \"other\""
	case "import-syntax":
		library = "text: {\n"
	}
	if brk == "renamed" { // and misspelt
		s.key += "-renamed"
		doc["nonsens"] = "x"
	}
	f.faulty = make()
	if brk == "map" {
		main := slices.Sorted(maps.Keys(former))[0]
		f.faulty[main] = strings.Replace(f.faulty[main], kind, kind[:len(kind)-2]+"x", 1)
	}
	if brk == "syntax" {
		main := slices.Sorted(maps.Keys(former))[0] // docs
		f.faulty[main] += "\n{\n"
	}
	return f
}

// lockOf is the lock that accepts an implicit document.
func lockOf(d fields) *implicit.Lock {
	out := &implicit.Lock{Key: "i", Content: schema.Implicit{Merge: schema.PlatformWins}}
	for _, o := range d["objects"].([]any) {
		out.Content.Objects = append(out.Content.Objects, o.(fields))
	}
	return out
}

// declare writes a document, with another one next to it where there can be, as files of
// its directory.
func declare(kind, way string, s subject, org string, doc fields, use bool, shared, source string) map[string]string {
	in := func(name string) string { return strings.TrimPrefix(s.dir+"/"+name, "/") }
	if way == "yaml" || way == "json" {
		if !isGlobal(kind) && kind != "physicalClusters" {
			doc = maps.Clone(doc)
			doc[textField(kind)] = strings.Trim(shared, "\"")
		}
		all := fields{s.key: doc, s.otherKey(): s.other}
		var value any = all
		if kind == "settings" {
			value = doc
		}
		return map[string]string{in("docs." + way): jsonOf(fields{kind: value}) + "\n"}
	}
	head := "package tenancy\n\n"
	text := "_text"
	if use {
		head, text = head+fmt.Sprintf("import lib \"hold.example/tenancy/lib/%s\"\n\n", org), "\"\\(_text)\\(lib.text)\""
	}
	out := map[string]string{in("shared.cue"): "package tenancy\n\n_text: " + shared + "\n"}
	if strings.HasPrefix(s.dir, "orgs/") {
		text += " + _above" // which a directory above says
	}
	x, y := withText(kind, doc, text), jsonOf(s.other)
	one := func(key, value string) string {
		if kind == "settings" {
			return "settings: " + value + "\n"
		}
		return fmt.Sprintf("%s: %q: %s\n", kind, key, value)
	}
	main := ""
	pairs := fmt.Sprintf("[{k: %q, v: %s}, {k: %q, v: %s}]%s", s.key, x, s.otherKey(), y, source)
	switch {
	case way == "list" && kind == "settings":
		main = "for c in [" + x + "]" + source + " {settings: c}\n"
	case way == "built" && kind == "settings":
		main = "settings: {for k, v in " + x + source + " {(k): v}}\n"
	case way == "list":
		main = fmt.Sprintf("for c in %s {%s: \"\\(c.k)\": c.v}\n", pairs, kind)
	case way == "built":
		main = fmt.Sprintf("%s: {for c in %s {\"\\(c.k)\": c.v}}\n", kind, pairs)
	case way == "hidden" && kind == "settings":
		main = "_all: " + x + source + "\nsettings: _all\n"
	case way == "hidden":
		main = fmt.Sprintf("_all: {%q: %s, %q: %s}%s\n%s: _all\n", s.key, x, s.otherKey(), y, source, kind)
	case way == "let":
		main = "let this = " + x + source + "\n" + one(s.key, "this")
	default:
		main = one(s.key, x+source)
	}
	if kind != "settings" && !slices.Contains([]string{"list", "built", "hidden"}, way) {
		if way == "several" {
			out[in("other.cue")] = "package tenancy\n\n" + one(s.otherKey(), y)
		} else {
			main += one(s.otherKey(), y)
		}
	}
	out[in("docs.cue")] = head + main
	return out
}

// otherKey is the key of the other document of the directory.
func (s subject) otherKey() string {
	if strings.Contains(s.key, "/") {
		return s.key + "/other"
	}
	return s.key + "-other"
}

func inner(d fields) string { text := jsonOf(d); return text[1 : len(text)-1] }

func without(d fields, name string) fields {
	out := maps.Clone(d)
	delete(out, name)
	return out
}

// withText returns a document as CUE, with a text that comes from elsewhere.
func withText(kind string, d fields, text string) string {
	field := textField(kind)
	switch kind {
	case "settings":
		return fmt.Sprintf("{%s, labels: text: {owner: \"team\", values: [%s]}}", inner(d), text)
	case "physicalClusters":
		return fmt.Sprintf("{%s, labels: text: %s}", inner(d), text)
	case "prices":
		return fmt.Sprintf("{%s, classes: (%s): 0}", inner(d), text)
	case "implicit":
		if d["locked"] == false && d["files"] == nil {
			return fmt.Sprintf("{%s, description: %s, objects: [{data: text: %s}]}", inner(d), text, text)
		}
	}
	return fmt.Sprintf("{%s, %s: %s}", inner(without(d, field)), field, text)
}

// textField is a field of a kind that holds any text.
func textField(kind string) string {
	switch kind {
	case "exemptions":
		return "reason"
	case "organizations":
		return "displayName"
	}
	return "description"
}

// surroundings are the organization with two logical clusters that depend on a document of
// a kind. The second may want what only more than the document would give.
func surroundings(kind, key, org, role string, wants, sees bool) map[string]string {
	x, z := "closed", "closed"
	if kind == "exemptions" {
		x = "open"
	}
	if wants {
		z = "open"
	}
	class, region, policies, currency := org+"-own", "eu", "", ""
	apis := ""
	switch kind {
	case "classes":
		class = org
	case "apiSets":
		apis = fmt.Sprintf(", apis: %q: \"stable\"", org)
	case "physicalClusters":
		region = org
	case "prices":
		apis, currency = ", budget: 100, quotaFromBudget: cpu: weight: 1", "settings: currency: \"EUR\"\n"
	case "modules":
		policies = fmt.Sprintf("policies: p: {module: %q, enforcement: \"deny\"}\n", org)
	case "exemptions":
		policies = "policies: p: {stage: \"acquire\", enforcement: \"deny\", rules: [{expression: \"logicalCluster.network != 'open'\", message: \"no\"}]}\n"
	}
	if sees {
		policies += fmt.Sprintf("logicalClusters: %q: labels: seen: %s[%q].%s\n", org+"/t/d/z", kind, key, textField(kind))
	}
	out := map[string]string{
		"classes/" + org + "-own.cue": fmt.Sprintf("package tenancy\n\nclasses: \"%s-own\": {apis: kubernetes: \"stable\", quota: {cpu: 4}}\n", org),
		"orgs/" + org + "/org.cue":    fmt.Sprintf("package tenancy\n\norganizations: %q: access: above: %[2]q\n_above: %[2]q\n", org, role),
		"orgs/" + org + "/t/d/d.cue": fmt.Sprintf("package tenancy\n\norganizations: \"%[1]s/t/d\": {}\nlogicalClusters: {for n in [\"x\", \"z\"] {\"%[1]s/t/d/\\(n)\": {class: %[2]q, regions: [%[3]q]%[4]s}}}\nlogicalClusters: \"%[1]s/t/d/x\": network: %[6]q\nlogicalClusters: \"%[1]s/t/d/z\": network: %[7]q\n%[5]s",
			org, class, region, apis, policies, x, z),
	}
	if currency != "" {
		out["currency.cue"] = "package tenancy\n\n" + currency
	}
	if kind != "organizations" {
		out["orgs/"+org+"/t/team.cue"] = fmt.Sprintf("package tenancy\n\norganizations: %q: {}\n", org+"/t")
	}
	return out
}

func possibleKind(a, b string) bool {
	switch {
	case a == "yaml" || a == "json":
		return !strings.HasPrefix(b, "used-") && !strings.HasPrefix(b, "import-")
	case b == "renamed" && slices.Contains(kinds, a):
		return slices.Contains([]string{"policies", "implicit", "filed", "locked", "exemptions", "prices"}, a) // others are vanished then
	case a == "renamed":
		return b != "seen" // who refers to it is in error, too
	case a == "prices":
		return b != "reference" && b != "seen" // it refers to nothing that must be there
	case a == "settings":
		return b != "other" && b != "several" && b != "seen"
	case a == "classes" || a == "apiSets" || a == "modules" || a == "physicalClusters":
		return b != "seen" // these are not in a directory above
	}
	return true
}

// TestHoldingIsSoundForAllKinds states of documents of the other kinds what
// TestHoldingIsSound states of logical clusters: while one is in error, nobody who
// depends on it gets more or less.
func TestHoldingIsSoundForAllKinds(t *testing.T) {
	dimensions := [][]string{kinds, kindWays, kindBreaks, kindSides}
	all := slices.DeleteFunc(product(dimensions, possibleKind), func(values []string) bool {
		// Outside of the organization tree, a YAML file without a known map is something else.
		return isGlobal(values[0]) && isData(values[1]) && values[2] == "map"
	})
	if !everything() {
		all = covering(all)
	}
	c := counter{}
	var faults, loose, global []fault
	for i, values := range all {
		c.add(values)
		f := kindFault(fmt.Sprintf("o%04d", i), values)
		switch {
		case f.global:
			global = append(global, f)
		case f.strict:
			faults = append(faults, f)
		default:
			loose = append(loose, f)
		}
	}
	c.need(t, dimensions, possibleKind)
	checkFaults(t, faults)
	checkFaults(t, loose)
	for i := range global { // a repo has just one
		checkFaults(t, global[i:i+1])
	}
}

// TestWhatALockAcceptedIsHeld states that an implicit document in error is what its lock
// accepted, or what was built of it last, and never what its text only proposes.
func TestWhatALockAcceptedIsHeld(t *testing.T) {
	s, o := subjectOf("locked", "acme"), newOrganization("acme")
	given := func(d fields, more string) map[string]string {
		return map[string]string{
			s.dir + "/docs.cue": fmt.Sprintf("package tenancy\n\norganizations: \"acme/t\": {}\nimplicit: i: %s & {%s}\n", jsonOf(d), more),
			s.dir + "/x.cue":    "package tenancy\n\nlogicalClusters: \"acme/t/x\": {class: \"acme\", regions: [\"eu\"]}\n",
		}
	}
	lock := map[string]string{implicit.LockFile(s.dir, s.key): string(lockOf(s.good).Encode())}
	b := newBuilder(t)
	accepted := b.build(join(platform, o.files(), given(s.good, ""), lock), nil)
	accepted.clean(t, "what is accepted")
	unlocked := join(s.more, fields{"locked": false})
	first := newBuilder(t).build(join(platform, o.files(), given(s.more, ""), lock), nil) // there never was another text
	firstUnlocked := newBuilder(t).build(join(platform, o.files(), given(unlocked, ""), lock), nil)
	for _, step := range []struct {
		name  string
		after *built
		files map[string]string
	}{
		{"proposed", first, join(given(s.more, ""), lock)},
		{"in error", first, join(given(s.more, `nonsens: "x"`), lock)},
		{"in error, without a lock", first, given(s.more, `nonsens: "x"`)},
		{"without a lock", first, given(s.more, "")},
		{"unlocked", firstUnlocked, join(given(unlocked, ""), lock)},
		{"unlocked in error", firstUnlocked, join(given(unlocked, `nonsens: "x"`), lock)},
	} {
		last := b.build(join(platform, o.files(), step.files), step.after)
		if len(last.errors) == 0 {
			t.Errorf("%s: nothing is in error", step.name)
		}
		if d := difference(accepted.states["acme/t/x"], last.states["acme/t/x"]); d != "" {
			t.Errorf("%s: acme/t/x is not what was accepted:\n%s", step.name, d)
		}
	}
}
