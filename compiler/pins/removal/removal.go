// Package removal says how a logical cluster that is declared deleted leaves the physical
// clusters that it stands on: in steps, one in a build, each of which but the last can be
// taken back.
//
// First everything stays, frozen and protected, while a grace runs. Then the objects are
// rendered without protection and marked, so that the GitOps engine may delete them once
// they vanish. They vanish only when this has been applied: when somebody who looked says
// so, or when the engine has had several intervals of time for it. A hold stops this at any
// step and protects everything again; the grace begins anew when it is lifted.
package removal

import (
	"fmt"
	"time"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

// Rules say how long the steps take.
type Rules struct {
	// Grace are the days for which everything stays.
	Grace int
	// Wait are the days after which what was rendered is taken to be applied.
	Wait int
}

// intervals are those of the engine that what is rendered is given to be applied.
const intervals = 3

// RulesOf returns the rules of a repo, whose settings have defaults filled in.
//
// Dates do not tell the time: builds for two days that follow each other may be a minute apart.
// So the wait is one day longer than the intervals take.
func RulesOf(s *schema.Settings) Rules {
	r := Rules{Grace: *schema.DefaultDeletion().Grace, Wait: 2}
	if s.Deletion.Grace != nil {
		r.Grace = *s.Deletion.Grace
	}
	if interval, err := time.ParseDuration(s.GitOps.Interval); err == nil {
		const day = 24 * time.Hour
		r.Wait = 1 + int((intervals*interval+day-1)/day)
	}
	return r
}

// Asked is what is asked of a logical cluster.
type Asked struct {
	// Deleted: its document declares it deleted, and Hold: it is to stay for all that.
	Deleted, Hold bool
	// Held: its document is in error, so that no step is taken.
	Held bool
}

// AskedBy returns what a document asks for.
func AskedBy(m *document.Meta, spec *schema.LogicalCluster) Asked {
	return Asked{Deleted: spec.State == schema.Deleted, Hold: spec.Hold, Held: m.Held}
}

// Own returns the place that a logical cluster is placed on after the step of a build for a
// day. applied says that somebody saw there what the place stands for.
func (r Rules) Own(s pins.Site, asked Asked, day string, applied bool) pins.Site {
	enter := func(p pins.Phase) pins.Site {
		s.Phase, s.Since = p, day
		return s
	}
	switch {
	case s.Phase == pins.Gone:
	case !asked.Deleted:
		s.Phase, s.Since = pins.Present, ""
	case asked.Hold && s.Phase != pins.Stopped:
		return enter(pins.Stopped)
	case asked.Hold || asked.Held:
	case s.Phase == pins.Present || s.Phase == pins.Stopped:
		return enter(pins.Leaving)
	case applied && (s.Phase == pins.Confirmed || r.Grace == 0) || r.due(s, day):
		next, _ := r.Next(s)
		return enter(next)
	}
	return s
}

// Copy returns a copy that a move left behind after the step of a build. It is given up if
// its release is declared, or the logical cluster itself goes.
func (r Rules) Copy(s, own pins.Site, released bool, asked Asked, day string, applied bool) pins.Site {
	goes := asked.Deleted && (own.Phase == pins.Confirmed || own.Phase == pins.Gone)
	givenUp := (released || goes) && !asked.Hold
	switch {
	case s.Phase == pins.Gone:
	case !givenUp && s.Phase == pins.Confirmed:
		s.Phase, s.Since = pins.Leaving, day
	case !givenUp || asked.Held:
	case s.Phase == pins.Leaving:
		s.Phase, s.Since = pins.Confirmed, day
	case applied || r.due(s, day):
		s.Phase, s.Since = pins.Gone, day
	}
	return s
}

// Next returns the phase that follows the one of a place, and the first day for which a build
// enters it; "" where nothing follows by itself. For a copy that a move left behind, nothing
// does before it is confirmed.
func (r Rules) Next(s pins.Site) (next pins.Phase, day string) {
	switch s.Phase {
	case pins.Leaving:
		return pins.Confirmed, after(s.Since, max(r.Grace, 1)) // two builds of one day make the same
	case pins.Confirmed:
		return pins.Gone, after(s.Since, r.Wait)
	}
	return s.Phase, ""
}

func (r Rules) due(s pins.Site, day string) bool {
	_, first := r.Next(s)
	return first != "" && day >= first
}

// after returns the day that is some days after another; "" where that is no day.
func after(day string, days int) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}

// Step is how far a removal has come, for readers of JSON.
type Step struct {
	Phase pins.Phase `json:"phase"`
	Since string     `json:"since"`
	// Until is the first day for which a build takes the next step; empty where none does.
	Until string `json:"until,omitempty"`
}

// StepOf returns the step of the place that a logical cluster is placed on; nil if it is not
// on its way out.
func (r Rules) StepOf(s *pins.Site) *Step {
	if s.Phase == pins.Present {
		return nil
	}
	_, day := r.Next(*s)
	return &Step{s.Phase, s.Since, day}
}

// StepOfCopy returns the step of a copy that a move left behind, which stays until its
// document releases it.
func (r Rules) StepOfCopy(s *pins.Site) *Step {
	step := r.StepOf(s)
	if s.Phase == pins.Leaving {
		step.Until = ""
	}
	return step
}

// String says it in a few words: "leaving until 2026-12-08".
func (s *Step) String() string {
	switch s.Phase {
	case pins.Stopped:
		return "kept by a hold"
	case pins.Confirmed:
		return "unprotected, goes from " + s.Until
	case pins.Leaving:
		if s.Until == "" {
			return "leaving"
		}
		return "leaving until " + s.Until
	}
	return string(s.Phase)
}

// Describe says how far the removal from the place of a logical cluster has come, and what
// follows when.
func (r Rules) Describe(s *pins.Site) string {
	_, day := r.Next(*s)
	switch s.Phase {
	case pins.Stopped:
		return fmt.Sprintf("it is declared deleted and kept by a hold since %s: everything on %s is frozen and protected until the hold is lifted, and a grace of %s follows",
			s.Since, s.Cluster, printer.Count(r.Grace, "day"))
	case pins.Leaving:
		return fmt.Sprintf("it is declared deleted: everything on %s is frozen and protected; a build for %s or later lifts the protection", s.Cluster, day)
	case pins.Confirmed:
		return fmt.Sprintf("its protection on %s was lifted on %s; a build for %s or later deletes it and its data, or an earlier one that is told that this has been applied", s.Cluster, s.Since, day)
	}
	return ""
}
