package sections

import (
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
	"github.com/tenantry/tenantry/schema"
)

func writeDocuments(p *change.Plan, s *report.Section) bool {
	s.Count = len(p.Documents)
	s.Lead = "The documents that differ: what all else follows from."
	s.Fold = "Source: " + printer.Count(len(p.Documents), "document")
	list := report.List{ID: "source-list", Noun: "document"}
	for i := range p.Documents {
		list.Items = append(list.Items, documentItem(&p.Documents[i]))
	}
	s.Lists = []report.List{list}
	return len(p.Documents) > 0
}

func documentItem(d *change.Document) report.Item {
	effect := "no logical cluster differs because of it"
	if d.Reach != 0 {
		effect = "reaches " + printer.Count(d.Reach, "logical cluster")
	}
	it := report.Item{
		Sign: signs[d.Change], Title: d.Title(), What: effect, Action: d.Change, Count: 1, Rank: 1,
		Line: d.Title() + "   " + diag.Position{File: d.File, Line: d.Line}.String() + "   " + effect,
	}
	if of := organizationOf(d); of != "" {
		it.Places = []string{of}
	}
	if d.Reach > 1 {
		it.Rank = 0
	}
	at := d.File
	if d.Line != 0 {
		at += ":" + strconv.Itoa(d.Line)
	}
	origin := report.Origin{{Text: at, Code: true}}
	if d.MovedFrom != "" {
		origin = append(origin, report.Span{Text: ", was declared in "}, report.Span{Text: d.MovedFrom, Code: true})
		it.Parts = append(it.Parts, report.Part{Only: report.Brief | report.Detailed, Content: report.Note{Text: "was declared in " + d.MovedFrom}})
	}
	it.Parts = append(it.Parts, report.Part{Only: report.Page, Content: origin}, fieldsPart(d.Fields))
	return it
}

// organizationOf returns a name below the organization that the document belongs
// to.
func organizationOf(d *change.Document) string {
	if d.Kind == string(schema.KindOrganizations) {
		return d.Key + "/"
	}
	if dir, ok := strings.CutPrefix(d.Dir, "orgs/"); ok {
		return dir + "/"
	}
	return ""
}
