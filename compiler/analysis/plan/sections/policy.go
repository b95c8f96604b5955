package sections

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/report"
)

func writePolicy(p *change.Plan, s *report.Section) bool {
	if p.Policy == nil {
		return false
	}
	s.Count, s.Open = len(p.Policy.Limits)+len(p.Policy.Judgements), p.Summary.Loosened > 0
	s.Lead = "Policies and all other limits that differ, and who newly breaks or keeps one. What loosens comes first."
	s.Fold = "Policy: " + policyHeadline(p.Policy)
	limits := report.List{ID: "policy-limits", Title: "Limits", Noun: "limit"}
	for i := range p.Policy.Limits {
		limits.Items = append(limits.Items, limitItem(&p.Policy.Limits[i]))
	}
	judgements := report.List{ID: "policy-judgements", Title: "Who newly breaks or keeps a policy", Noun: "judgement"}
	for i := range p.Policy.Judgements {
		judgements.Items = append(judgements.Items, judgementItem(&p.Policy.Judgements[i]))
	}
	for _, list := range []report.List{limits, judgements} {
		if len(list.Items) > 0 {
			s.Lists = append(s.Lists, list)
		}
	}
	return true
}

func limitItem(l *change.Limit) report.Item {
	it := report.Item{Sign: limitSign(l), Title: limitTitle(l), What: l.Change, Action: l.Change, Count: 1, Rank: 1}
	if l.Loosens {
		it.Action, it.Rank, it.Badges = change.Loosened, 0, []string{"loosens"}
	}
	details := report.Points{Noun: "difference", Cut: true}
	for i := range l.Details {
		d := &l.Details[i]
		point := report.Point{Sign: detailSign(d), Text: detailText(d), Effect: d.Effect, What: d.What}
		names := report.Names{Label: "reaches", List: d.LogicalClusters}
		switch len(d.LogicalClusters) {
		case 0:
		case 1: // the text names it
			point.Below = []report.Part{{Only: report.Page, Content: names}}
		default:
			point.Below = []report.Part{{Only: detailed, Content: names}}
		}
		details.List = append(details.List, point)
		it.Places = append(it.Places, d.LogicalClusters...)
	}
	it.Parts = []report.Part{causesPart(l.Causes, report.Lines), {Content: details}, causesPart(l.Causes, report.Page)}
	return it
}

// limitTitle names the limit: "policy orgs/acme/no-public".
func limitTitle(l *change.Limit) string { return strings.TrimSpace(l.Kind + " " + l.Name) }

func limitSign(l *change.Limit) string {
	switch {
	case l.Loosens:
		return "!"
	case l.Change == change.Removed:
		return "-"
	case l.Change == change.Changed:
		return "~"
	}
	return "+"
}

// detailText tells the detail in a line, with those for whom it differs.
func detailText(d *change.LimitDetail) string {
	out := d.What
	switch n := len(d.LogicalClusters); {
	case n == 1:
		out += ", for " + d.LogicalClusters[0]
	case n > 1:
		out += fmt.Sprintf(", for %d logical clusters", n)
	}
	if d.Effect == change.MayLoosen {
		out += ", which may loosen it"
	}
	return out
}

func detailSign(d *change.LimitDetail) string {
	switch d.Effect {
	case change.Loosens, change.MayLoosen:
		return "!"
	case change.Tightens:
		return "+"
	}
	return "~"
}

func judgementItem(j *change.Judgement) report.Item {
	verb := "breaks"
	it := report.Item{Sign: "-", Title: j.LogicalCluster, Action: verb, Count: 1, Places: []string{j.LogicalCluster}, Cut: true}
	if j.Passes {
		verb = "no longer breaks"
		it.Sign, it.Action, it.Rank = "+", verb, 1
	}
	it.What = fmt.Sprintf("%s %s (%s)", verb, j.Policy, j.Enforcement)
	it.Line = fmt.Sprintf("%s %s: %s", j.LogicalCluster, it.What, j.Message)
	it.Parts = []report.Part{{Only: report.Page, Content: report.Note{Text: j.Message}}, causesPart(j.Causes, 0)}
	return it
}

// policyHeadline counts limits and judgements by what they come to.
func policyHeadline(p *change.Policy) string {
	loosened, tightened, other := 0, 0, 0
	for i := range p.Limits {
		switch l := &p.Limits[i]; {
		case l.Loosens:
			loosened++
		case l.Change == change.Tightened || l.Kind == change.LimitPolicy && l.Change == change.Added || l.Kind == change.LimitExemption && l.Change == change.Removed:
			tightened++
		default:
			other++
		}
	}
	breaks, passes := 0, 0
	for i := range p.Judgements {
		if p.Judgements[i].Passes {
			passes++
		} else {
			breaks++
		}
	}
	parts := []string{fmt.Sprintf("%d loosened", loosened)}
	for _, part := range []struct {
		n    int
		what string
	}{{tightened, "tightened"}, {other, "otherwise changed"}, {breaks, "newly broken"}, {passes, "no longer broken"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(parts, ", ")
}

// policyFindings are the limits that loosen.
func policyFindings(p *change.Plan) []diag.Diagnostic {
	if p.Policy == nil {
		return nil
	}
	var out []diag.Diagnostic
	for i := range p.Policy.Limits {
		l := &p.Policy.Limits[i]
		if !l.Loosens {
			continue
		}
		var what []string
		for j := range l.Details {
			if d := &l.Details[j]; d.Effect == change.Loosens || d.Effect == change.MayLoosen {
				what = append(what, detailText(d))
			}
		}
		out = append(out, diag.New(diag.PlanLoosening, position(l.Causes), "%s: %s", limitTitle(l), strings.Join(what, "; ")))
	}
	return out
}
