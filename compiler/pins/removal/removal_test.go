package removal_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/schema"
)

func TestRulesOf(t *testing.T) {
	grace := func(n int) *int { return &n }
	for _, c := range []struct {
		grace    *int
		interval string
		want     removal.Rules
	}{
		{nil, "10m", removal.Rules{Grace: 7, Wait: 2}},
		{grace(0), "1m", removal.Rules{Grace: 0, Wait: 2}},
		{grace(30), "8h", removal.Rules{Grace: 30, Wait: 2}},
		{grace(30), "9h", removal.Rules{Grace: 30, Wait: 3}},
		{grace(1), "24h", removal.Rules{Grace: 1, Wait: 4}},
		{grace(1), "unreadable", removal.Rules{Grace: 1, Wait: 2}},
	} {
		s := &schema.Settings{GitOps: schema.GitOps{Interval: c.interval}, Deletion: schema.Deletion{Grace: c.grace}}
		if got := removal.RulesOf(s); got != c.want {
			t.Errorf("%v %s: %v, want %v", c.grace, c.interval, got, c.want)
		}
	}
}

// history is what happened to one logical cluster, from build to build.
type history struct {
	t     *testing.T
	rules removal.Rules
	// site is where it is placed, left a copy that a move left behind, and asked what its
	// document says.
	site, left pins.Site
	asked      removal.Asked
	released   bool
	day        time.Time
	// declared is the last day of a build before which it was not declared deleted, or was
	// held; zero where it is so now.
	declared time.Time
	// free are the days since which the site and the copy stand unprotected.
	free, leftFree time.Time
}

// TestNothingGoesUnlessAllStepsWereTaken states, over random histories, that nothing is
// unprotected before it was declared deleted in every build for as long as the grace takes
// and none of them held it; that it goes only after it stood unprotected, and this was seen or
// two days passed; that a hold, or a document that takes the deletion back, protects it in
// the next build; and that a second build of a day changes nothing.
func TestNothingGoesUnlessAllStepsWereTaken(t *testing.T) {
	gone, stopped, restored := 0, 0, 0
	for seed := range uint64(4000) {
		random := rand.New(rand.NewPCG(seed, 1))
		h := &history{t: t, rules: removal.Rules{Grace: random.IntN(5), Wait: 2 + random.IntN(2)},
			site: pins.Site{Cluster: "a"}, left: pins.Site{Cluster: "b", Phase: pins.Leaving, Since: "2026-01-01"},
			day: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}
		for range 40 {
			h.day = h.day.AddDate(0, 0, random.IntN(3))
			switch random.IntN(8) {
			case 0, 1, 2:
				h.asked.Deleted = true
			case 3:
				h.asked.Deleted = random.IntN(3) > 0
			case 4:
				h.asked.Hold = random.IntN(3) == 0
			case 5:
				h.asked.Held = random.IntN(3) == 0
			case 6:
				h.released = random.IntN(2) == 0
			}
			before := h.site.Phase
			h.build(random.IntN(6) == 0, random.IntN(6) == 0)
			switch {
			case before != pins.Gone && h.site.Phase == pins.Gone:
				gone++
			case before == pins.Confirmed && h.site.Phase == pins.Stopped:
				stopped++
			case before == pins.Confirmed && h.site.Phase == pins.Present:
				restored++
			}
		}
	}
	t.Logf("%d went, %d were stopped and %d restored at the last step", gone, stopped, restored)
	if gone < 500 || stopped < 50 || restored < 50 {
		t.Error("that is too few for the test to say anything")
	}
}

func (h *history) build(sawSite, sawLeft bool) {
	day := h.day.Format(time.DateOnly)
	if !h.asked.Deleted || h.asked.Hold {
		h.declared = time.Time{}
	} else if h.declared.IsZero() {
		h.declared = h.day
	}
	step := func(saw bool) (site, left pins.Site) {
		site = h.rules.Own(h.site, h.asked, day, saw)
		return site, h.rules.Copy(h.left, site, h.released, h.asked, day, sawLeft)
	}
	site, left := step(sawSite)
	h.own(site, sawSite)
	h.copy(left, site, sawLeft)
	h.site, h.left = site, left
	sawLeft = false
	if again, leftAgain := step(false); again.Phase != site.Phase || leftAgain.Phase != left.Phase {
		h.t.Errorf("%s: a second build changes %v to %v, %v to %v", day, site, again, left, leftAgain)
	}
}

// own checks the step of the place.
func (h *history) own(now pins.Site, saw bool) {
	was := h.site
	mayGo := h.asked.Deleted && !h.asked.Hold
	switch {
	case was.Phase == pins.Gone:
		if now.Phase != pins.Gone {
			h.t.Errorf("what is gone came back: %v", now)
		}
	case !h.asked.Deleted && now.Phase != pins.Present:
		h.t.Errorf("it is not declared deleted: %v", now)
	case h.asked.Deleted && h.asked.Hold && now.Phase != pins.Stopped:
		h.t.Errorf("it is held: %v", now)
	}
	if was.Phase != pins.Confirmed && now.Phase == pins.Confirmed {
		h.free = h.day
		if !mayGo || h.asked.Held || was.Phase != pins.Leaving || h.declared.IsZero() || h.day.Before(h.declared.AddDate(0, 0, h.rules.Grace)) {
			h.t.Errorf("%v, declared %v, grace %d: %v to %v", h.day, h.declared, h.rules.Grace, was, now)
		}
	}
	if was.Phase != pins.Gone && now.Phase == pins.Gone {
		if !mayGo || h.asked.Held || was.Phase != pins.Confirmed || !saw && h.day.Before(h.free.AddDate(0, 0, h.rules.Wait)) {
			h.t.Errorf("%v, free since %v, seen %v: %v to %v", h.day, h.free, saw, was, now)
		}
	}
}

// copy checks the step of the copy.
func (h *history) copy(now, own pins.Site, saw bool) {
	was := h.left
	if was.Phase != pins.Gone && (h.asked.Hold || !h.released && own.Phase != pins.Confirmed && own.Phase != pins.Gone) && now.Phase != pins.Leaving {
		h.t.Errorf("nothing gives the copy up: %v", now)
	}
	if was.Phase != pins.Confirmed && now.Phase == pins.Confirmed {
		h.leftFree = h.day
	}
	if was.Phase != pins.Gone && now.Phase == pins.Gone && (was.Phase != pins.Confirmed || h.asked.Held || !saw && h.day.Before(h.leftFree.AddDate(0, 0, h.rules.Wait))) {
		h.t.Errorf("%v, free since %v: %v to %v", h.day, h.leftFree, was, now)
	}
}

func TestStep(t *testing.T) {
	rules := removal.Rules{Grace: 7, Wait: 2}
	for _, c := range []struct {
		site pins.Site
		want string
	}{
		{pins.Site{}, ""},
		{pins.Site{Phase: pins.Leaving, Since: "2026-02-26"}, "leaving until 2026-03-05"},
		{pins.Site{Phase: pins.Stopped, Since: "2026-02-26"}, "kept by a hold"},
		{pins.Site{Phase: pins.Confirmed, Since: "2026-12-31"}, "unprotected, goes from 2027-01-02"},
		{pins.Site{Phase: pins.Gone, Since: "2026-12-31"}, "gone"},
	} {
		if step := rules.StepOf(&c.site); step == nil && c.want != "" || step != nil && step.String() != c.want {
			t.Errorf("%v: %v, want %s", c.site, step, c.want)
		}
	}
}
