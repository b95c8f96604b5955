package sections

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
	"github.com/tenantry/tenantry/schema"
)

func writeAPIs(p *change.Plan, s *report.Section) bool {
	s.Count, s.Open = len(p.APIs), p.Summary.Breaking > 0
	s.Lead = "Versions and channels of API sets that give something else, whom that reaches, and whether it breaks anybody."
	s.Fold = "APIs: " + apiHeadline(p.APIs)
	list := report.List{ID: "apis-all", Noun: "API"}
	for i := range p.APIs {
		list.Items = append(list.Items, apiItem(&p.APIs[i]))
	}
	s.Lists = []report.List{list}
	return len(p.APIs) > 0
}

func apiItem(a *change.API) report.Item {
	it := report.Item{Sign: apiSign(a), Title: apiTitle(a), What: apiWhat(a), Action: string(a.Verdict), Count: 1, Rank: 1, Places: a.LogicalClusters}
	if a.Breaks() {
		it.Rank, it.Badges = 0, []string{"breaking"}
	}
	changes := report.Points{Noun: "difference", Cut: true}
	table := report.Table{Columns: []string{"Where", "Change", "Verdict"}}
	for i := range a.Changes {
		c := &a.Changes[i]
		changes.List = append(changes.List, report.Point{Text: apiChangeText(a, c)})
		verdict := c.Judge(a.Promise)
		table.Rows = append(table.Rows, report.Row{Name: c.Resource + " " + strings.TrimSpace(c.Version+" "+c.Path),
			Cells: []report.Cell{{Text: c.Message, Tone: "prose"}, {Text: string(verdict), Tone: verdictTone(verdict)}}})
	}
	listed := report.Lines
	if a.Change == impact.Added { // all that is new is a difference
		listed = report.Detailed | report.Markdown
	}
	it.Parts = []report.Part{causesPart(a.Causes, report.Lines), {Only: listed, Content: changes}}
	if len(table.Rows) > 0 {
		it.Parts = append(it.Parts, report.Part{Only: report.Page, Content: table})
	}
	switch len(a.LogicalClusters) {
	case 0:
	case 1:
		it.Parts = append(it.Parts, reaches(a.LogicalClusters, detailed))
	default:
		it.Parts = append(it.Parts, reaches(a.LogicalClusters, 0))
	}
	it.Parts = append(it.Parts, causesPart(a.Causes, report.Page))
	return it
}

func verdictTone(verdict evolution.Class) string {
	switch verdict {
	case evolution.Compatible:
		return "good"
	case evolution.Breaking:
		return "bad"
	}
	return "chg"
}

// apiTitle names what differs: "database v2", "database stable: v2 → v3".
func apiTitle(a *change.API) string {
	name := a.Set
	if a.Dir != "" {
		name = a.Dir + " " + name
	}
	switch {
	case a.Channel != "" && a.To == "":
		return fmt.Sprintf("%s %s: no longer %s", name, a.Channel, a.From)
	case a.Channel != "":
		return fmt.Sprintf("%s %s: %s → %s", name, a.Channel, a.From, a.To)
	case a.From == a.To || a.From == "":
		return name + " " + a.To
	case a.To == "":
		return name + " " + a.From
	}
	return fmt.Sprintf("%s %s → %s", name, a.From, a.To)
}

// apiWhat says what happens, and for whom: "edited, breaking for 3 of 412 logical
// clusters".
func apiWhat(a *change.API) string {
	what := a.Change + ", " + string(a.Verdict)
	switch n := len(a.LogicalClusters); {
	case a.Change == impact.Added:
		return a.Change
	case n == 0:
		return what + ", for nobody"
	default:
		return fmt.Sprintf("%s for %d of %s", what, n, printer.Count(max(a.Bound, n), "logical cluster"))
	}
}

// apiChangeText tells a change in a line.
func apiChangeText(a *change.API, one *evolution.Change) string {
	at := strings.Join(strings.Fields(one.Resource+" "+one.Version+" "+one.Path), " ")
	return fmt.Sprintf("%s: %s (%s)", at, one.Message, one.Judge(a.Promise))
}

func apiSign(a *change.API) string {
	switch {
	case a.Breaks():
		return "!"
	case a.Change == impact.Added:
		return "+"
	case a.Change == impact.Removed:
		return "-"
	}
	return "~"
}

// apiHeadline counts what differs by what it comes to.
func apiHeadline(list []change.API) string {
	by := map[string]int{}
	broken := map[string]bool{}
	for i := range list {
		by[string(list[i].Verdict)]++
		if list[i].Breaks() {
			for _, key := range list[i].LogicalClusters {
				broken[key] = true
			}
		}
	}
	out := counts(by, []string{string(evolution.Breaking), string(evolution.Conditional), string(evolution.Compatible)})
	if len(broken) > 0 {
		out += ", breaking for " + printer.Count(len(broken), "logical cluster")
	}
	return out
}

// apiFindings are the changes that break somebody.
func apiFindings(p *change.Plan) []diag.Diagnostic {
	var out []diag.Diagnostic
	for i := range p.APIs {
		a := &p.APIs[i]
		if !a.Breaks() {
			continue
		}
		d := diag.New(diag.PlanBreaking, position(a.Causes), "API %s is %s: %s", apiTitle(a), apiWhat(a), shortList(a.LogicalClusters))
		for j := range a.Changes {
			if c := &a.Changes[j]; c.Judge(a.Promise) == evolution.Breaking {
				d.Message += "; " + apiChangeText(a, c)
				break
			}
		}
		out = append(out, d.About(fmt.Sprintf("%s %q", schema.KindAPISets, a.Set)))
	}
	return out
}
