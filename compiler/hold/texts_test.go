package hold_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/testkit"
)

// documents are the files of a repo with one team, whose directory has these documents and
// whose organization says more.
func documents(o organization, text string) map[string]string {
	return join(platform, o.files(), map[string]string{
		"orgs/acme/t/team.cue": "package tenancy\n\norganizations: \"acme/t\": {}\n",
		"orgs/acme/t/docs.cue": "package tenancy\n\n" + text,
	})
}

// TestHeldTextFollowsWhatIsAbove states that a held document is its text and not its value:
// what the text takes from above is today's.
func TestHeldTextFollowsWhatIsAbove(t *testing.T) {
	const good = "logicalClusters: \"acme/t/x\": {class: \"acme\", regions: [\"eu\"], quota: cpu: _size, if _open {access: contractors: \"view\"}}\n"
	wrong := strings.Replace(good, "quota:", `apis: nosuch: "v1", quota:`, 1)
	o := newOrganization("acme")
	o.more = "_size: 4\n_open: true\n"
	b := newBuilder(t)
	first := b.build(documents(o, good), nil)
	first.clean(t, "the first build")
	o.more = "_size: 8\n_open: false\n"
	held := b.build(documents(o, wrong), first)
	never := newBuilder(t).build(documents(o, good), first)
	if held.states["acme/t/x"] != never.states["acme/t/x"] || strings.Contains(held.subjects["acme/t/x"], "contractors") {
		t.Errorf("held it has access %s\n%s", held.subjects["acme/t/x"], held.states["acme/t/x"])
	}
	if len(held.errors) != 1 {
		t.Errorf("errors: %v", held.errors)
	}
}

// TestOlderTextOutlivesAFileThatCannotBeRead states that a document in error stays at its own
// last good text when, later, its whole directory is put back to a text that has the error.
func TestOlderTextOutlivesAFileThatCannotBeRead(t *testing.T) {
	o := newOrganization("acme")
	in := func(x, y, more string) map[string]string {
		return documents(o, "logicalClusters: \"acme/t/x\": {class: \"acme\", regions: [\"eu\"], "+x+"}\n"+
			"logicalClusters: \"acme/t/y\": {class: \"acme\", regions: [\"eu\"], "+y+"}\n"+more)
	}
	const good, wrong = `access: leaver: "edit"`, `access: {leaver: "edit", intruder: "admin"}, apis: nosuch: "v1"`
	b := newBuilder(t)
	first := b.build(in(good, "quota: cpu: 1", ""), nil)
	first.clean(t, "the first build")
	second := b.build(in(wrong, "quota: cpu: 1", ""), first)
	third := b.build(in(wrong, "quota: cpu: 2", ""), second)
	torn := b.build(in(wrong, "quota: cpu: 2", "logicalClusters: {\n"), third)
	for name, r := range map[string]*built{"in error": second, "the other changes": third, "the file is cut off": torn} {
		if r.states["acme/t/x"] != first.states["acme/t/x"] || len(r.errors) == 0 {
			t.Errorf("%s: x has access %s, errors %v", name, r.subjects["acme/t/x"], r.errors)
		}
	}
	if torn.states["acme/t/y"] != third.states["acme/t/y"] {
		t.Errorf("y is not as it was:\n%s", torn.states["acme/t/y"])
	}
}

// TestWhyIsSaid states that a held document which a limit of today refuses is reported with
// the limit, beside its own error.
func TestWhyIsSaid(t *testing.T) {
	const good = "logicalClusters: \"acme/t/x\": {class: \"acme\", regions: [\"eu\"], quota: cpu: 16}\n"
	o := newOrganization("acme")
	b := newBuilder(t)
	first := b.build(documents(o, good), nil)
	first.clean(t, "the first build")
	o.limit = 8
	r := b.build(documents(o, strings.Replace(good, "quota: cpu: 16", `nonsens: "x", quota: cpu: 4`, 1)), first)
	codes := map[diag.Code]bool{}
	for _, d := range r.errors {
		codes[d.Code] = true
	}
	if !codes[diag.AncestorLimit] || !codes[diag.FieldNotAllowed] || r.subjects["acme/t/x"] != "" {
		t.Errorf("access %q, errors %v", r.subjects["acme/t/x"], r.errors)
	}
}

// TestSlowPatternsTakeNothing states that patterns which cannot be evaluated in time take
// nothing from anybody, in this build and in the next, and that when they are gone the output
// equals that of a run that never saw them. It runs in a process of its own, since the
// evaluation goes on behind it.
func TestSlowPatternsTakeNothing(t *testing.T) {
	if testkit.Alone(t) {
		return
	}
	const good = "logicalClusters: \"acme/t/x\": {class: \"acme\", regions: [\"eu\"], quota: cpu: 16, access: devs: \"edit\"}\n"
	o := newOrganization("acme")
	b := newBuilder(t)
	first := b.build(documents(o, good), nil)
	first.clean(t, "the first build")
	slow := o
	slow.more = "_l: [" + strings.Repeat("1,", 1000) + "]\nlogicalClusters: [=~\"^acme/t/\"]: {quota?: {...}, if quota != _|_ if len([for i in _l for j in _l for k in _l {i}]) > 0 {network?: \"closed\"}}\n"
	impatient := func(o *compiler.Options) { o.Timeout = 300 * time.Millisecond }
	last := first
	for range 2 {
		last = b.build(documents(slow, good+"_more: 1\n"), last, impatient)
		if last.states["acme/t/x"] != first.states["acme/t/x"] || len(last.errors) == 0 {
			t.Errorf("access %q, errors %v", last.subjects["acme/t/x"], last.errors)
		}
		if _, ok := last.pins.Latest("orgs/acme/t"); !ok {
			t.Error("the text is forgotten")
		}
	}
	mended := b.build(documents(o, good), last)
	mended.clean(t, "when they are gone")
	for name, text := range first.texts {
		if mended.texts[name] != text {
			t.Errorf("%s differs", name)
		}
	}
}
