package hold_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/load"
)

// fault is a mistake in an organization of its own, with what else the same edit says.
type fault struct {
	name, org string
	// global: it is in a document that all organizations depend on.
	global bool
	// base was built without errors, faulty is in error, mended is faulty without the
	// mistake, and reference is faulty with the former files of the directory in error.
	base, faulty, mended, reference map[string]string
	// held are logical clusters in error, which are as they are in the reference, and
	// either those that may as well be as they are once the mistake is mended.
	held, either []string
	// never are subjects that none of held may have.
	never []string
	// named are words of which the errors must have one.
	named []string
	// moves: what else the edit says changes logical clusters once the mistake is mended.
	moves bool
	// still: the edit says nothing but a mistake in a document that is written out, which
	// changes no pins.
	still bool
	// strict: what physical clusters need once is as in the reference, too.
	strict bool
	// reported are logical clusters that the report must list as held.
	reported []string
}

// subject is the organization that errors are about; none for all.
func (f *fault) subject() string {
	if f.global {
		return ""
	}
	return f.org
}

// counter counts which values and which pairs of values were made.
type counter map[string]int

// need fails the test for values, and pairs of values, that were never made. possible
// says which pairs there can be.
func (c counter) need(t *testing.T, dimensions [][]string, pairs func(a, b string) bool) {
	t.Helper()
	for i, dimension := range dimensions {
		for _, a := range dimension {
			a = fmt.Sprint(i, a)
			if c[a] == 0 {
				t.Errorf("%s was never made", a)
			}
			for k, other := range dimensions[i+1:] {
				for _, b := range other {
					b = fmt.Sprint(i+1+k, b)
					if c[a+" "+b] == 0 && pairs(a[1:], b[1:]) {
						t.Errorf("%s and %s were never made together", a, b)
					}
				}
			}
		}
	}
}

func (c counter) add(values []string) {
	for i, a := range values {
		a = fmt.Sprint(i, a)
		c[a]++
		for k, b := range values[i+1:] {
			c[a+" "+fmt.Sprint(i+1+k, b)]++
		}
	}
}

// gain returns how many pairs of values were not made before.
func (c counter) gain(values []string) (n int) {
	for i, a := range values {
		for k, b := range values[i+1:] {
			if c[fmt.Sprint(i, a)+" "+fmt.Sprint(i+1+k, b)] == 0 {
				n++
			}
		}
	}
	return n
}

// product returns all combinations of values that are possible.
func product(dimensions [][]string, possible func(a, b string) bool) (out [][]string) {
	out = [][]string{nil}
	for _, dimension := range dimensions {
		var next [][]string
		for _, values := range out {
			for _, v := range dimension {
				if !slices.ContainsFunc(values, func(a string) bool { return !possible(a, v) }) {
					next = append(next, append(slices.Clone(values), v))
				}
			}
		}
		out = next
	}
	return out
}

// covering returns combinations in which each possible pair of values occurs.
func covering(all [][]string) (out [][]string) {
	c := counter{}
	for most := len(all[0]) * (len(all[0]) - 1) / 2; most > 0; most-- {
		for _, values := range all {
			if c.gain(values) >= most {
				c.add(values)
				out = append(out, values)
			}
		}
	}
	return out
}

func everything() bool { return os.Getenv("TENANTRY_SOAK") != "" }

// possiblePair reports whether a way to declare documents and a way to break one can
// occur together: YAML, JSON and objects use nothing.
func possiblePair(a, b string) bool {
	if b == "used-source" && slices.Contains(ways, a) {
		return slices.Contains([]string{"list", "nested", "built", "if", "hidden", "definition"}, a)
	}
	return !isData(a) || !strings.HasPrefix(b, "used-") && !strings.HasPrefix(b, "import-")
}

// newFault makes the files of a case.
func newFault(org string, values []string) fault {
	way, brk, side, above := values[0], values[1], values[2], values[3]
	o, t := newOrganization(org), newTeam(way, org)
	t.imports = t.imports || strings.HasPrefix(brk, "import-")
	f := fault{
		name: strings.Join(values, " "), org: org, base: join(o.files(), t.files()), held: []string{t.key("x"), org + "/s/z"}, either: []string{t.key("y")},
		never: []string{"newcomer"}, named: []string{t.key("x"), t.dir() + "/", "lib/" + org + "/"},
	}
	f.still = side == "nothing" && above == "nothing" && (way == "literal" || isData(way)) &&
		slices.Contains([]string{"misspelt", "value", "reference", "limit", "syntax"}, brk)
	f.moves = side == "grants" || side == "takes" || side == "other" || above == "access" || above == "class" || above == "revokes"
	if above == "revokes" {
		f.never = append(f.never, "leaver")
	}
	former := t.files()
	sideEdit(&t, side)
	aboveEdit(&o, above)
	f.mended = join(o.files(), t.files())
	broken := breakTeam(&o, t, brk)
	f.faulty = join(o.files(), broken)
	f.reference = join(o.files(), former)
	if way == "referred" || way == "copied" {
		f.held, f.either = append(f.held, t.key("y")), nil // what y says is what x says
	}
	f.reported = []string{t.key("x")}
	if strings.HasPrefix(brk, "import-") {
		// The packages of the repo are as they were for those who are held.
		sound := newOrganization(org)
		for _, path := range []string{"lib/" + org + "/lib.cue", "base/" + org + "/base.cue"} {
			f.reference[path] = sound.files()[path]
		}
	}
	return f
}

func sideEdit(t *team, side string) {
	switch side {
	case "grants":
		t.x = t.x.with("admin", "newcomer")
	case "takes":
		t.x = t.x.without("leaver")
	case "adds":
		t.n = &doc{name: "n", access: map[string]string{"ns": "edit"}, cpu: 1}
	case "pattern":
		t.quota = 8
	case "other":
		t.y = t.y.with("view", "guest").without("yleaver")
	}
}

func aboveEdit(o *organization, above string) {
	switch above {
	case "access":
		o.access = `{"oncall": "edit"}`
	case "tighter":
		o.limit = 3
	case "class":
		o.pods = 100
	case "revokes":
		o.more += "revocations: left: {subject: \"leaver\", reason: \"left\"}\n"
	}
}

// breakTeam returns the files of a team with a mistake, which may be in the package that
// they import.
func breakTeam(o *organization, t team, brk string) map[string]string {
	applyBreak(o, &t, brk)
	return t.files()
}

func applyBreak(o *organization, t *team, brk string) {
	switch brk {
	case "misspelt":
		t.fault = misspelt
	case "reference":
		t.fault = noSuchAPI
	case "value":
		t.x.cpu = "lots"
	case "limit":
		t.x.cpu = 50
	case "syntax":
		t.torn = true
	case "used-conflict":
		t.tier = `"gold" & "silver"`
	case "map":
		t.unknown = true
	case "used-source":
		t.sourceless = true
	case "used-syntax":
		t.tier = `{`
	case "import-meaning":
		o.library = "zone: 7\n"
	case "import-syntax":
		o.library = "zone: {\n"
	}
}

// TestHoldingIsSound states that a document in error is its last good text under today's
// directories above, however it is declared and whatever else the edit says: see the
// dimensions in repos_test.go. With TENANTRY_SOAK all combinations are made, else each
// pair of values.
func TestHoldingIsSound(t *testing.T) {
	dimensions := [][]string{ways, breaks, sides, aboves}
	all := product(dimensions, possiblePair)
	if !everything() {
		all = covering(all)
	}
	c := counter{}
	var faults []fault
	for i, values := range all {
		c.add(values)
		faults = append(faults, newFault(fmt.Sprintf("o%04d", i), values))
	}
	c.need(t, dimensions, possiblePair)
	checkFaults(t, faults)
}

// checkFaults makes the mistakes many at a time, each in an organization of its own. One
// that shows a defect is made once more by itself.
func checkFaults(t *testing.T, faults []fault) {
	for batch := range slices.Chunk(faults, 150) {
		for _, problem := range newBatch(t, batch).check() {
			t.Error(problem)
		}
	}
	t.Logf("%d mistakes", len(faults))
}

// batch is some mistakes that are made at once.
type batch struct {
	*builder
	faults   []fault
	problems []string
}

func newBatch(t *testing.T, faults []fault) *batch {
	return &batch{builder: newBuilder(t), faults: faults}
}

func (b *batch) problem(f *fault, format string, args ...any) {
	b.problems = append(b.problems, f.name+" ("+f.org+"): "+fmt.Sprintf(format, args...))
}

// together returns the files of all mistakes.
func (b *batch) together(of func(*fault) map[string]string) map[string]string {
	out := maps.Clone(platform)
	for i := range b.faults {
		maps.Copy(out, of(&b.faults[i]))
	}
	return out
}

// check builds each mistake, and what it is compared with.
func (b *batch) check() []string {
	base := b.build(b.together(func(f *fault) map[string]string { return f.base }), nil)
	base.clean(b.t, "the first build")
	faulty := b.together(func(f *fault) map[string]string { return f.faulty })
	right := b.together(func(f *fault) map[string]string { return f.mended })
	today := b.build(right, base)
	reference := b.build(b.together(func(f *fault) map[string]string { return f.reference }), base)
	held := b.build(faulty, base)
	again := b.build(faulty, base, func(o *compiler.Options) { o.Workers, o.Evaluated = 1, &load.Evaluated{} })
	b.samePins("built twice", held, again)
	next := b.build(faulty, held)
	after := b.build(right, held)
	for i := range b.faults {
		f := &b.faults[i]
		b.checkHeld(f, "", held, reference, today)
		b.checkHeld(f, "a build later: ", next, reference, today)
		b.checkMended(f, after, today)
		if f.still {
			b.samePinsOf(f, "a mistake alone", base, held)
		}
		if f.moves && !slices.ContainsFunc(append(f.held, f.either...), func(key string) bool { return base.states[key] != today.states[key] }) {
			b.problem(f, "what else the edit says changes nothing")
		}
	}
	if !slices.ContainsFunc(b.faults, func(f fault) bool { return !f.strict }) {
		for name, want := range reference.platforms {
			if d := difference(want, held.platforms[name]); d != "" {
				b.problems = append(b.problems, fmt.Sprintf("physical cluster %s is not as it was:\n%s", name, d))
			}
		}
	}
	b.samePins("a build later", held, next)
	if d := difference(base.states["aside/one"], held.states["aside/one"]); d != "" {
		b.problems = append(b.problems, "aside/one changed:\n"+d)
	}
	b.samePins(mended, today, after)
	return b.problems
}

// cut is the part of a physical cluster that carries a logical cluster. It depends on all
// others, which are other mistakes here.
var cut = regexp.MustCompile(`\n +cut: c\d+`)

const mended = "mended"

func uncut(text string) string { return cut.ReplaceAllString(text, "") }

// samePins compares pins file by file.
func (b *batch) samePins(what string, want, got *built) {
	for i := range b.faults {
		f := &b.faults[i]
		if what == mended && len(want.about(f.subject())) > 0 {
			continue // what it is in error from is another text
		}
		b.samePinsOf(f, what, want, got)
	}
	if d := difference(want.texts["pins/_platform.yaml"], got.texts["pins/_platform.yaml"]); d != "" {
		b.problems = append(b.problems, what+": pins of the platform differ:\n"+d)
	}
}

// samePinsOf compares the pins of one organization.
func (b *batch) samePinsOf(f *fault, what string, want, got *built) {
	for _, path := range slices.Sorted(maps.Keys(join(want.texts, got.texts))) {
		if !f.pins(path) {
			continue
		}
		if d := difference(uncut(want.texts[path]), uncut(got.texts[path])); d != "" {
			b.problem(f, "%s: pins %s differ:\n%s", what, path, d)
		}
	}
}

// checkHeld compares what stands in for documents in error with the reference.
func (b *batch) checkHeld(f *fault, when string, held, reference, today *built) {
	for _, key := range f.held {
		if d := difference(reference.states[key], held.states[key]); d != "" {
			b.problem(f, "%s%s is not what it was:\n%s", when, key, d)
		}
		for _, subject := range f.never {
			if strings.Contains(" "+held.subjects[key], " "+subject+"=") {
				b.problem(f, "%s%s gives %s access", when, key, subject)
			}
		}
	}
	for _, key := range f.either {
		got := held.states[key]
		if d := difference(reference.states[key], got); d != "" && got != today.states[key] {
			b.problem(f, "%s%s is neither what it was nor what it is to be:\n%s\n%s", when, key, d, difference(today.states[key], got))
		}
	}
	for key, got := range held.states {
		if strings.HasPrefix(key, f.org+"/") && reference.states[key] == "" && got != today.states[key] {
			b.problem(f, "%s%s is not what it is to be:\n%s", when, key, difference(today.states[key], got))
		}
	}
	about := held.about(f.subject())
	if !slices.ContainsFunc(about, func(text string) bool {
		return slices.ContainsFunc(f.named, func(word string) bool { return strings.Contains(text, word) })
	}) {
		b.problem(f, "%sno error names any of %q, only %q", when, f.named, about)
	}
	if slices.Contains(held.held, f.org+"/s/z") {
		b.problem(f, "%s%s/s/z is reported as held", when, f.org)
	}
	if got, sound := f.pinned(held), max(f.pinned(reference), f.pinned(today)); got > 2*sound {
		b.problem(f, "%sthe pins have %d bytes, without the mistake %d", when, got, sound)
	}
	for _, key := range f.reported {
		if !slices.Contains(held.held, key) {
			b.problem(f, "%s%s is not reported as held", when, key)
		}
	}
}

// pins reports whether a file has the pins of the organization.
func (f *fault) pins(path string) bool {
	return strings.HasPrefix(path, "pins/"+f.org+"/") || path == "pins/"+f.org+".yaml"
}

// pinned is the size of the organization's pins.
func (f *fault) pinned(b *built) (size int) {
	for path, text := range b.texts {
		if f.pins(path) {
			size += len(text)
		}
	}
	return size
}

// checkMended compares what is built after a mistake with what is built without it.
func (b *batch) checkMended(f *fault, after, today *built) {
	if got, want := after.about(f.subject()), today.about(f.subject()); !slices.Equal(got, want) {
		b.problem(f, "mended: errors are %q, without the mistake %q", got, want)
	}
	for _, key := range slices.Sorted(maps.Keys(join(after.states, today.states))) {
		if strings.HasPrefix(key, f.org+"/") {
			if d := difference(today.states[key], after.states[key]); d != "" {
				b.problem(f, "mended: %s differs from a history without the mistake:\n%s", key, d)
			}
		}
	}
}
