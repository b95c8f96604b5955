package sections

import (
	"fmt"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
)

// headlines are the summary of a plan, a line each.
func headlines(p *change.Plan) []string {
	if p.Empty() {
		return append([]string{"No changes: the change has no effect on the tenancy."}, bothSides(p)...)
	}
	var out []string
	add := func(name, what string) { out = append(out, name+": "+what) }
	if counted := counts(p.Summary.LogicalClusters, change.Actions); counted != "" {
		add("logical clusters", counted)
	} else {
		add("logical clusters", "none differ")
	}
	if counted := counts(p.Summary.Access, accessChanges); counted != "" {
		add("access", fmt.Sprintf("%s, %d sensitive", counted, p.Summary.Sensitive))
	}
	if len(p.APIs) > 0 {
		add("APIs", apiHeadline(p.APIs))
	}
	if p.Policy != nil {
		add("policy", policyHeadline(p.Policy))
	}
	if len(p.Implicit) > 0 {
		add("implicit", implicitHeadline(p.Implicit))
	}
	if p.Cost != nil {
		add("worst case", costHeadline(p.Cost))
	}
	if counted := counts(p.Summary.Objects, objectActions); counted != "" {
		add("objects", counted)
	} else {
		add("objects", "none differ")
	}
	if s := p.Summary; s.Errors+s.Warnings > 0 {
		add("findings", printer.Count(s.Errors, "error")+", "+printer.Count(s.Warnings, "warning"))
	}
	if p.Provisional {
		out = append(out, "placements and names are provisional: no published output was read")
	}
	return append(out, bothSides(p)...)
}

// bothSides counts the errors that are not repeated.
func bothSides(p *change.Plan) []string {
	if p.Standing == 0 {
		return nil
	}
	return []string{printer.Count(p.Standing, "error") + " that both sides have: see tenantry vet"}
}

// figures are the numbers of a plan. What is alarming comes first in its figure, but
// for access.
func figures(p *change.Plan) []report.Figure {
	access := report.Figure{Section: "access", Title: "Access", Counts: countsOf(p.Summary.Access, accessChanges)}
	if p.Summary.Sensitive > 0 {
		access.Counts = append(access.Counts, report.Count{Tone: "alert", Number: fmt.Sprint(p.Summary.Sensitive), Word: "sensitive"})
	}
	out := []report.Figure{{Section: "logical-clusters", Title: "Logical clusters", Counts: countsOf(p.Summary.LogicalClusters, change.Actions)}, access}
	if len(p.APIs) > 0 {
		out = append(out, report.Figure{Section: "apis", Title: "APIs", Counts: differing(len(p.APIs), p.Summary.Breaking, "breaking")})
	}
	if p.Policy != nil {
		out = append(out, report.Figure{Section: "policy", Title: "Policy", Counts: differing(len(p.Policy.Limits), p.Summary.Loosened, "loosened")})
	}
	if k := p.Cost; k != nil {
		out = append(out, report.Figure{Section: "cost", Title: "Worst case", Counts: []report.Count{costCount(k)}})
	}
	return append(out, report.Figure{Section: "objects", Title: "Objects", Counts: countsOf(p.Summary.Objects, objectActions)})
}

func countsOf(m map[string]int, order []string) []report.Count {
	var out []report.Count
	for _, action := range order {
		if m[action] > 0 {
			out = append(out, report.Count{Tone: tones[signs[action]], Number: fmt.Sprint(m[action]), Word: action})
		}
	}
	return out
}

// tones are those of signs.
var tones = map[string]string{"+": "add", "-": "del", "!": "alert", "~": "chg", ">": "chg", "=": "chg", "?": "chg"}

// differing counts what differs, and of it what is alarming.
func differing(n, alarming int, word string) (out []report.Count) {
	if alarming > 0 {
		out = append(out, report.Count{Tone: "alert", Number: fmt.Sprint(alarming), Word: word})
	}
	return append(out, report.Count{Tone: "none", Number: fmt.Sprint(n), Word: "differ"})
}
