package hold_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// histories are what happens one after the other; see the functions of these names.
var histories = []string{
	"revoked-beside", "revoked-before", "revoked-under", "changed-beside", "import-changed", "import-of-import-changed",
	"above-torn", "above-conflicts", "above-breaks-later", "above-clashes", "vanished", "directory-vanished",
}

// history is a sequence of repositories of one organization.
type history struct {
	name, org string
	steps     []moment
	// sound are the same without the mistakes; the last is the same.
	sound []map[string]string
}

// moment is one step of a history.
type moment struct {
	files map[string]string
	// same are logical clusters that are as they were at an earlier step.
	same map[string]int
	// either are logical clusters that are as they were at an earlier step, or as the
	// history without the mistakes has them now.
	either map[string]int
	// right are logical clusters that are as the history without the mistakes has them.
	right []string
	// less are logical clusters that are as at the step before without this subject.
	less map[string]string
	// named is what an error must name; without it there are none.
	named string
}

// past makes a history step by step.
type past struct {
	history
	org    organization
	team   team
	x, y   string
	broken string
}

func newPast(org string, values []string) *past {
	o, t := newOrganization(org), newTeam(values[1], org)
	t.imports = t.imports || strings.HasPrefix(values[2], "import-") || strings.HasPrefix(values[0], "import-")
	p := &past{history: history{name: strings.Join(values, " "), org: org}, org: o, team: t, x: t.key("x"), y: t.key("y"), broken: values[2]}
	p.step(nil, moment{})
	return p
}

// step adds a step: what the organization's files say, with a mistake in x if broken, and
// what they say without it.
func (p *past) step(breaks func(o *organization, t *team), m moment) *past {
	o, t := p.org, p.team
	p.sound = append(p.sound, join(o.files(), t.files()))
	if breaks == nil {
		m.files = join(o.files(), t.files())
	} else {
		breaks(&o, &t)
		m.files = join(o.files(), t.files())
	}
	p.steps = append(p.steps, m)
	return p
}

// breakX is the mistake of the case, in the text of x that would give more.
func (p *past) breakX(o *organization, t *team) {
	t.x = t.x.with("admin", "newcomer")
	broken := *t
	applyBreak(o, &broken, p.broken)
	*t = broken
}

func breakY(_ *organization, t *team) { t.y = t.y.with("nonsense", "devs").with("admin", "newcomer") }

func both(all ...func(*organization, *team)) func(*organization, *team) {
	return func(o *organization, t *team) {
		for _, f := range all {
			f(o, t)
		}
	}
}

func at(step int, keys ...string) map[string]int {
	out := map[string]int{}
	for _, k := range keys {
		out[k] = step
	}
	return out
}

// newHistory makes one of the histories.
func newHistory(org string, values []string) *past {
	p := newPast(org, values)
	x, y := p.x, p.y
	switch values[0] {
	case "revoked-beside": // y takes a subject away while x is in error, and gives it again in error
		p.step(p.breakX, moment{same: at(0, x), either: at(0, y), named: org})
		p.team.y = p.team.y.without("yleaver")
		p.step(p.breakX, moment{same: at(0, x), either: at(1, y), named: org})
		p.step(both(p.breakX, breakY, func(_ *organization, t *team) { t.y = t.y.with("edit", "yleaver") }), moment{same: at(2, x, y), named: org})
	case "revoked-before": // x takes a subject away, and gives it again in error
		p.team.x = p.team.x.without("leaver")
		p.step(nil, moment{right: []string{x, y}})
		again := func(_ *organization, t *team) { t.x = t.x.with("edit", "leaver") }
		p.step(both(again, p.breakX), moment{same: at(1, x, y), named: org})
		p.step(both(again, p.breakX, breakY), moment{same: at(1, x, y), named: org})
	case "revoked-under": // x takes a subject away while y is in error, and gives it again in error
		p.step(breakY, moment{same: at(0, y), either: at(0, x), named: org})
		p.team.x = p.team.x.without("leaver")
		p.step(breakY, moment{same: at(0, y), either: at(1, x), named: org})
		p.step(both(breakY, p.breakX, func(_ *organization, t *team) { t.x = t.x.with("edit", "leaver") }), moment{same: at(2, x, y), named: org})
	case "changed-beside": // y and what is above change, one after the other, while x is in error
		p.step(p.breakX, moment{same: at(0, x), either: at(0, y), named: org})
		p.team.y.cpu = 1
		p.team.quota = 40
		p.step(p.breakX, moment{same: at(0, x), either: at(1, y), named: org})
		p.team.y = p.team.y.with("view", "guest")
		p.step(p.breakX, moment{same: at(0, x), either: at(2, y), named: org})
		p.org.access = `{"oncall": "edit"}`
		p.step(p.breakX, moment{less: map[string]string{x: "sre=view "}, named: org})
	default:
		p.further(values[0])
	}
	return p.step(nil, moment{right: []string{x, y, org + "/s/z"}})
}

// further are the histories of what is not in the team's directory.
func (p *past) further(name string) {
	x, y, z, org := p.x, p.y, p.org.name+"/s/z", p.org.name
	usesNew := func() { p.team.tier = "_new" }
	switch name {
	case "import-changed": // the package that a held text imports
		p.org.importing = true
		for i := range p.steps {
			p.steps[i].files, p.sound[i] = join(p.org.files(), p.team.files()), join(p.org.files(), p.team.files())
		}
		for _, zone := range []string{"z2", "z3"} {
			p.org.library = fmt.Sprintf("zone: %q\n", zone)
			p.step(p.breakX, moment{same: at(0, x), either: at(len(p.steps)-1, y), right: []string{z}, named: org})
		}
	case "import-of-import-changed":
		for _, role := range []string{"view", "edit"} {
			p.org.base = fmt.Sprintf("region: \"eu\"\naccess: basis: %q\n", role)
			p.step(p.breakX, moment{same: at(0, x), either: at(len(p.steps)-1, y), named: org})
		}
	case "above-torn", "above-conflicts": // what x needs is new in a file above that is in error
		p.org.more = "_new: \"new\"\n"
		usesNew()
		p.step(func(o *organization, t *team) {
			o.more += map[string]string{"above-torn": "organizations: {\n", "above-conflicts": "_new: \"other\"\n"}[name]
		}, moment{same: at(0, x, y, z), named: "org.cue"})
	case "above-breaks-later": // a file above is put back that has what x needs
		p.org.more = "_new: \"new\"\n"
		usesNew()
		p.step(nil, moment{right: []string{x, y, z}})
		p.step(func(o *organization, t *team) {
			o.more, o.access, o.limit = "organizations: {\n", `{"newcomer": "admin"}`, 64
		}, moment{same: at(1, x, y, z), named: "org.cue"})
		p.step(func(o *organization, t *team) {
			o.more, o.access = "organizations: {\n", `{"newcomer": "admin"}`
			p.breakX(o, t)
		}, moment{same: at(1, x, y, z), named: org})
	case "above-clashes": // a file above is sound by itself, and nothing of the team's directory is under it
		p.step(func(o *organization, t *team) { o.more = "_shared: tier: \"silver\"\n" }, moment{same: at(0, x, y, z), named: org})
		p.step(p.breakX, moment{same: at(0, x), either: at(0, y), named: org})
	case "vanished":
		gone := func(_ *organization, t *team) { t.x.gone = true }
		p.step(gone, moment{same: at(0, x), either: at(0, y), named: x})
		p.team.y = p.team.y.with("view", "guest").without("yleaver")
		p.step(gone, moment{same: at(0, x), either: at(0, y), named: x})
	case "directory-vanished":
		p.step(nil, moment{same: at(0, x, y, z), named: x})
		last := &p.steps[len(p.steps)-1]
		last.files = p.org.files()
	}
}

// possibleHistory reports whether values can occur together.
func possibleHistory(a, b string) bool {
	data := isData(a) || isData(b)
	switch {
	case data && (strings.HasPrefix(a, "above-") || strings.HasPrefix(a, "import-")):
		return false // they use nothing
	case (a == "vanished" || strings.HasPrefix(a, "import-")) && strings.HasPrefix(b, "import-"):
		return false // the mistake is another one
	case a == "import-of-import-changed" && b == "used-source":
		return false // no package is what documents are made of
	case a == "import-of-import-changed" && b != "import" && slices.Contains(ways, b):
		return false // only these use what the package imports
	}
	return possiblePair(a, b)
}

// TestHoldingIsSoundOverTime states the same as TestHoldingIsSound of histories: what was
// taken away between two mistakes stays away, a held text keeps what it imports, and what
// follows a mistake is the same as without it.
func TestHoldingIsSoundOverTime(t *testing.T) {
	dimensions := [][]string{histories, ways, breaks}
	all := product(dimensions, possibleHistory)
	if !everything() {
		all = covering(all)
	}
	c := counter{}
	var pasts []*past
	for i, values := range all {
		c.add(values)
		pasts = append(pasts, newHistory(fmt.Sprintf("o%04d", i), values))
	}
	c.need(t, dimensions, possibleHistory)
	for some := range slices.Chunk(pasts, 150) {
		checkHistories(t, some)
	}
	t.Logf("%d histories", len(pasts))
}

// checkHistories builds histories side by side. Those that have ended stay as they are.
func checkHistories(t *testing.T, all []*past) {
	b, sound := newBuilder(t), newBuilder(t)
	most := 0
	for _, p := range all {
		most = max(most, len(p.steps))
	}
	var was []*built
	var last *built
	for i := range most {
		files, without := maps.Clone(platform), maps.Clone(platform)
		for _, p := range all {
			maps.Copy(files, p.steps[min(i, len(p.steps)-1)].files)
			maps.Copy(without, p.sound[min(i, len(p.steps)-1)])
		}
		var before *built
		if i > 0 {
			before = was[i-1]
		}
		was, last = append(was, b.build(files, before)), sound.build(without, last)
		last.clean(t, fmt.Sprintf("step %d without mistakes", i))
		for _, p := range all {
			if i < len(p.steps) {
				p.check(t, i, was, last)
			}
		}
	}
	end := was[len(was)-1]
	end.clean(t, "at the end")
	for _, p := range all {
		for path, want := range last.texts {
			if path == "pins/"+p.org.name+".yaml" || strings.HasPrefix(path, "pins/"+p.org.name+"/") {
				if d := difference(uncut(want), uncut(end.texts[path])); d != "" {
					t.Errorf("%s (%s): pins %s differ from those without the mistakes:\n%s", p.name, p.org.name, path, d)
				}
			}
		}
	}
}

// check compares a step with what it has to be.
func (p *past) check(t *testing.T, i int, was []*built, sound *built) {
	t.Helper()
	m, now := p.steps[i], was[i]
	fail := func(key, what, d string) {
		if d != "" {
			t.Errorf("%s (%s), step %d: %s is not %s:\n%s", p.name, p.org.name, i, key, what, d)
		}
	}
	for key, step := range m.same {
		fail(key, fmt.Sprintf("what it was at step %d", step), difference(was[step].states[key], now.states[key]))
	}
	for key, step := range m.either {
		if d := difference(sound.states[key], now.states[key]); d != "" {
			fail(key, fmt.Sprintf("what it was at step %d, nor what it is to be (%s)", step, d), difference(was[step].states[key], now.states[key]))
		}
	}
	for _, key := range m.right {
		fail(key, "what it is to be", difference(sound.states[key], now.states[key]))
	}
	for key, subject := range m.less {
		want := strings.Replace(was[i-1].subjects[key], subject, "", 1)
		if want == was[i-1].subjects[key] {
			t.Errorf("%s (%s), step %d: %s never had %s", p.name, p.org.name, i, key, subject)
		}
		fail(key, "without "+subject, difference(want, now.subjects[key]))
	}
	for key, subjects := range now.subjects {
		if strings.HasPrefix(key, p.org.name+"/") && strings.Contains(subjects, "newcomer") {
			t.Errorf("%s (%s), step %d: %s gives a newcomer access", p.name, p.org.name, i, key)
		}
	}
	about := now.about(p.org.name)
	if m.named == "" && len(about) > 0 || m.named != "" && !slices.ContainsFunc(about, func(text string) bool { return strings.Contains(text, m.named) }) {
		t.Errorf("%s (%s), step %d: want an error that names %q, got %q", p.name, p.org.name, i, m.named, about)
	}
}

// TestOtherFilesOfATornDirectory states that a file that can't be read keeps no decision
// of the directory's other files from being built, where these have nothing to do with it.
func TestOtherFilesOfATornDirectory(t *testing.T) {
	o := newOrganization("acme")
	file := func(name, access string) string {
		return fmt.Sprintf("package tenancy\n\nlogicalClusters: \"acme/t/%s\": {class: \"acme\", regions: [\"eu\"], access: %s}\n", name, access)
	}
	files := join(platform, o.files(), map[string]string{
		"orgs/acme/t/team.cue": "package tenancy\n\norganizations: \"acme/t\": {}\n",
		"orgs/acme/t/x.cue":    file("x", `{leaver: "edit", stayer: "view"}`),
		"orgs/acme/t/y.cue":    file("y", `{leaver: "edit", stayer: "view"}`),
	})
	b := newBuilder(t)
	base := b.build(files, nil)
	base.clean(t, "the first build")
	torn := join(files, map[string]string{
		"orgs/acme/t/x.cue": file("x", `{newcomer: "admin"}`) + "x: {\n",
		"orgs/acme/t/y.cue": file("y", `{stayer: "view"}`),
	})
	got := b.build(torn, base)
	if len(got.errors) == 0 || !slices.Equal(got.held, []string{"acme/t/x"}) {
		t.Errorf("errors are %v, held is %v", got.errors, got.held)
	}
	if d := difference(base.states["acme/t/x"], got.states["acme/t/x"]); d != "" {
		t.Errorf("acme/t/x changed:\n%s", d)
	}
	if got, want := got.subjects["acme/t/y"], strings.Replace(base.subjects["acme/t/y"], "leaver=edit ", "", 1); got != want {
		t.Errorf("acme/t/y gives access to %s, want %s", got, want)
	}
}
