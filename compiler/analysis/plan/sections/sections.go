// Package sections makes a report of a plan: one file for each section, which says
// in words what package change holds, and what a reviewer should not overlook in
// it. The sections are rows of one table.
package sections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
)

// section is one of the parts of a plan's report.
type section struct {
	id, title string
	// turn is its place on a terminal.
	turn int
	// write makes the section; false where there is nothing to say.
	write func(*change.Plan, *report.Section) bool
	// findings are what a reviewer should not overlook in it.
	findings func(*change.Plan) []diag.Diagnostic
	// keys are those of which the organizations are shown; those of all items where
	// it is nil.
	keys func(*change.Plan) []string
}

// sections of a plan, the most important first.
var sections = []section{
	{id: "findings", title: "Findings", turn: 9, write: writeFindings, keys: noKeys},
	{id: "logical-clusters", title: "Logical clusters", turn: 0, write: writeLogicalClusters, findings: logicalClusterFindings, keys: logicalClusterKeys},
	{id: "access", title: "Access", turn: 1, write: writeAccess, findings: accessFindings},
	{id: "apis", title: "APIs", turn: 2, write: writeAPIs, findings: apiFindings},
	{id: "policy", title: "Policy", turn: 3, write: writePolicy, findings: policyFindings},
	{id: "implicit", title: "Implicit", turn: 4, write: writeImplicit},
	{id: "cost", title: "Cost", turn: 5, write: writeCost, findings: costFindings, keys: costKeys},
	{id: "capacity", title: "Capacity", turn: 6, write: writeCapacity},
	{id: "source", title: "Source", turn: 8, write: writeDocuments},
	{id: "objects", title: "Objects", turn: 7, write: writeObjects, findings: objectFindings},
}

// reportOf returns the plan as a report. Sources returns the files of the side after,
// and held are the keys of its logical clusters that are held.
func Report(p *change.Plan, sources func(file string) ([]byte, bool), held []string) *report.Report {
	r := &report.Report{
		Name: "plan", Command: "tenantry plan", Directory: p.Directory, AsOf: p.AsOf, Empty: p.Empty(),
		Before: report.Side(p.Before), After: report.Side(p.After),
		Summary: headlines(p), Verdict: verdict(p), Figures: figures(p), Sources: sources, Held: held,
		Tree: report.Tree{Title: "Organizations", Noun: "organization", Legend: "Logical clusters that come (+), change (~) and go (−).", Leaves: leaves(p)},
	}
	if p.Provisional {
		r.Caveat = "Placements and names are provisional: no published output was read."
	}
	if p.Standing > 0 {
		r.Elsewhere = printer.Count(p.Standing, "error") + " that both sides have: see `tenantry vet`."
	}
	for _, one := range sections {
		s := report.Section{ID: one.id, Title: one.title, Turn: one.turn}
		if !one.write(p, &s) {
			continue
		}
		r.Sections = append(r.Sections, s)
		if one.keys != nil {
			r.Tree.Keys = append(r.Tree.Keys, one.keys(p)...)
			continue
		}
		for i := range s.Lists {
			for j := range s.Lists[i].Items {
				r.Tree.Keys = append(r.Tree.Keys, s.Lists[i].Items[j].Places...)
			}
		}
	}
	return r
}

func noKeys(*change.Plan) []string { return nil }

// notable returns what a reviewer should not overlook.
func Findings(p *change.Plan) (out []diag.Diagnostic) {
	for _, one := range sections {
		if one.findings != nil {
			out = append(out, one.findings(p)...)
		}
	}
	return out
}

// signs mark what happens at the beginning of a line.
var signs = map[string]string{
	change.Appears: "+", change.Changes: "~", change.Moves: ">", change.Renamed: "=", change.Deleted: "-", change.Freed: "-", change.Goes: "-", change.Kept: "+", change.Vanishes: "!", change.Released: "-", change.Restored: "+",
	change.Create: "+", change.Update: "~", change.Replace: "!", change.Delete: "-", change.Leave: "!",
	change.Added: "+", change.Changed: "~", change.Removed: "-",
	change.Grows: "~", change.Proposed: "?",
	change.Gains: "+", change.Loses: "-", change.Alters: "~",
}

// detailed are the formats in which nothing is cut short.
const detailed = report.Detailed | report.Markdown | report.Page

// causesOf are causes for all formats, or for some.
func causesPart(causes []change.Cause, only report.Formats) report.Part {
	out := make(report.Causes, len(causes))
	for i, c := range causes {
		out[i] = report.Cause(c)
	}
	return report.Part{Only: only, Content: out}
}

func fieldsPart(fields []change.Field) report.Part {
	out := make(report.Fields, len(fields))
	for i := range fields {
		out[i] = report.Field{Path: fields[i].Path, Before: fields[i].Before, After: fields[i].After}
	}
	return report.Part{Content: out}
}

// reaches lists logical clusters.
func reaches(keys []string, only report.Formats) report.Part {
	return report.Part{Only: only, Content: report.Names{Label: "reaches", Heading: "Reaches", Noun: "logical cluster", List: keys}}
}

// position returns the first of the causes that are in the source after the change.
func position(causes []change.Cause) diag.Position {
	for _, c := range causes {
		if !c.Removed {
			return diag.Position{File: c.File, Line: c.Line}
		}
	}
	return diag.Position{}
}

// textsOf writes values of which the text is known.
func textsOf[T fmt.Stringer](list []T) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].String()
	}
	return out
}

// counts tells numbers by their names: "2 appears, 1 moves".
func counts(m map[string]int, order []string) string {
	var parts []string
	for _, name := range order {
		if m[name] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", m[name], name))
		}
	}
	return strings.Join(parts, ", ")
}

// shortList names a few.
func shortList(keys []string) string {
	const most = 3
	out := strings.Join(keys[:min(most, len(keys))], ", ")
	if n := len(keys) - most; n > 0 {
		out += fmt.Sprintf(" and %d more", n)
	}
	return out
}

// severities in the order in which findings are shown.
var severities = []diag.Severity{diag.Error, diag.Warning, diag.Note}

func writeFindings(p *change.Plan, s *report.Section) bool {
	s.Count, s.Open = len(p.Findings), true
	s.Lead = "What the change brings up, and what is notable about it."
	s.Fold = fmt.Sprintf("Findings: %s, %s", printer.Count(p.Summary.Errors, "error"), printer.Count(p.Summary.Warnings, "warning"))
	list := report.List{ID: "findings-list"}
	for rank, severity := range severities {
		for i := range p.Findings {
			if d := &p.Findings[i]; d.Severity == severity {
				list.Items = append(list.Items, report.Item{Finding: d, Action: string(severity), Count: 1, Rank: rank, Places: about(d.Document)})
			}
		}
	}
	s.Lists = []report.List{list}
	return len(p.Findings) > 0
}

// about returns the logical cluster or a name below the organization that a
// finding is about.
func about(document string) []string {
	kind, key, _ := strings.Cut(document, " ")
	switch key = strings.Trim(key, `"`); kind {
	case "logicalClusters":
		return []string{key}
	case "organizations":
		return []string{key + "/"}
	}
	return nil
}

func verdict(p *change.Plan) report.Verdict {
	v := report.Verdict{Tone: "good", Title: "Nothing notable"}
	switch {
	case p.Empty():
		v = report.Verdict{Tone: "none", Title: "No changes", Text: "The change has no effect on the tenancy."}
	case p.Summary.Errors > 0:
		v = report.Verdict{Tone: "bad", Title: "The change brings " + printer.Count(p.Summary.Errors, "error")}
	case p.Summary.Warnings > 0:
		v = report.Verdict{Tone: "look", Title: "Deserves a second look"}
	}
	for _, severity := range []diag.Severity{diag.Error, diag.Warning} {
		first := len(v.Reasons)
		for i := range p.Findings {
			f := &p.Findings[i]
			if f.Severity != severity {
				continue
			}
			at := slices.IndexFunc(v.Reasons[first:], func(r report.Reason) bool { return r.Code == f.Code })
			if at < 0 {
				v.Reasons = append(v.Reasons, report.Reason{Severity: severity, Text: f.Code.Entry().Title, Code: f.Code})
				at = len(v.Reasons) - 1 - first
			}
			v.Reasons[first+at].Count++
		}
	}
	return v
}
