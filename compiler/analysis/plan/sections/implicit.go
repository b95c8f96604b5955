package sections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
)

func writeImplicit(p *change.Plan, s *report.Section) bool {
	s.Count = len(p.Implicit)
	s.Lead = "Implicit documents that give something else, or to others. Growth is told apart from a change of what everybody gets."
	s.Fold = "Implicit resources: " + implicitHeadline(p.Implicit)
	list := report.List{ID: "implicit-all", Noun: "document"}
	for i := range p.Implicit {
		d := &p.Implicit[i]
		list.Items = append(list.Items, report.Item{
			Sign: signs[d.Change], Title: d.Name, What: implicitWhat(d), Action: d.Change, Count: 1, Places: implicitKeys(d),
			Parts: []report.Part{causesPart(d.Causes, report.Lines), implicitReach(d.Organizations), causesPart(d.Causes, report.Page)},
		})
	}
	s.Lists = []report.List{list}
	return len(p.Implicit) > 0
}

// implicitReach lists organizations, with the logical clusters that get something
// else.
func implicitReach(organizations []change.ImplicitReach) report.Part {
	points := report.Points{Label: "reaches", Noun: "organization"}
	for _, o := range organizations {
		point := report.Point{Text: implicitReachText(o)}
		for _, list := range []report.Names{{Heading: "Gain", List: o.Gain}, {Heading: "Lose", List: o.Lose}, {Heading: "Get others", List: o.Alter}} {
			if len(list.List) > 0 {
				point.Below = append(point.Below, report.Part{Only: report.Detailed | report.Page, Content: list})
			}
		}
		points.List = append(points.List, point)
	}
	return report.Part{Content: points}
}

// implicitWhat says what happens to the document.
func implicitWhat(d *change.Implicit) string {
	if d.Change == change.Grows {
		return "gives others what it gives: growth, and no change of what all get"
	}
	differs := []string{}
	if d.Content {
		differs = append(differs, "what it gives")
	}
	if d.Selector {
		differs = append(differs, "whom it reaches")
	}
	what := d.Change
	if len(differs) > 0 && d.Change != change.Added && d.Change != change.Removed {
		what += ": " + strings.Join(differs, " and ")
	}
	switch {
	case d.Change == change.Proposed:
		what += "; nobody gets anything else until that is accepted"
	case d.Lock == string(implicit.Accepted):
		what += ", as its lock accepts"
	case d.Lock == string(implicit.Unlocked):
		what += ", without a lock"
	}
	return what
}

// implicitReachText tells the reach in a line: "acme/payments: 2 gain, 3 get others".
func implicitReachText(r change.ImplicitReach) string {
	var parts []string
	for _, p := range []struct {
		keys      []string
		one, many string
	}{{r.Gain, "gains", "gain"}, {r.Lose, "loses", "lose"}, {r.Alter, "gets others", "get others"}} {
		switch len(p.keys) {
		case 0:
		case 1:
			parts = append(parts, p.keys[0]+" "+p.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", len(p.keys), p.many))
		}
	}
	return r.Organization + ": " + strings.Join(parts, ", ")
}

// implicitKeys are the logical clusters that it reaches otherwise than before.
func implicitKeys(d *change.Implicit) []string {
	var out []string
	for _, o := range d.Organizations {
		out = slices.Concat(out, o.Gain, o.Lose, o.Alter)
	}
	return out
}

// implicitHeadline counts documents by what happens to them.
func implicitHeadline(list []change.Implicit) string {
	by, n := map[string]int{}, 0
	for i := range list {
		by[list[i].Change]++
		n += len(implicitKeys(&list[i]))
	}
	return counts(by, []string{change.Added, change.Changed, change.Removed, change.Grows, change.Proposed}) + ", for " + printer.Count(n, "logical cluster")
}
