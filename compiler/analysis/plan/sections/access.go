package sections

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
)

var accessChanges = []string{change.Gains, change.Loses, change.Alters}

func writeAccess(p *change.Plan, s *report.Section) bool {
	s.Count, s.Open = len(p.Access), p.Summary.Sensitive > 0
	s.Lead = "Effective rights of both sides, whatever gives them: who gains and loses which verbs on which resources, and where."
	s.Fold = fmt.Sprintf("Access: %s, %d sensitive", printer.Count(len(p.Access), "change"), p.Summary.Sensitive)
	s.Overview = accessOverview(p.Access)
	list := report.List{ID: "access-list", Title: "In detail", Noun: "change"}
	for i := range p.Access {
		list.Items = append(list.Items, accessItem(&p.Access[i]))
	}
	s.Lists = []report.List{list}
	return len(p.Access) > 0
}

func accessItem(a *change.Access) report.Item {
	it := report.Item{Sign: signs[a.Change], Title: a.Subject, What: accessWhat(a), Marks: marks(a.Sensitive), Action: a.Change, Count: 1, Rank: 1}
	if len(a.Sensitive) > 0 {
		it.Rank = 0
	}
	for i := range a.In {
		it.Places = append(it.Places, a.In[i].LogicalCluster)
	}
	places := textsOf(a.In)
	it.Parts = []report.Part{
		causesPart(a.Causes, report.Lines), permissions("+", a.Gained), permissions("-", a.Lost),
		{Only: report.Page, Content: verbMatrix(a)}, causesPart(a.Causes, report.Page),
		{Only: report.Page, Content: report.Names{Heading: "Where", List: places}},
	}
	if len(places) > 1 {
		it.Parts = append(it.Parts, report.Part{Only: report.Detailed | report.Markdown, Content: report.Names{Label: "in", List: places}})
	}
	return it
}

// accessWhat says what happens: "gains edit in acme/payments/prod".
func accessWhat(a *change.Access) string {
	what := a.Change
	if len(a.Roles) > 0 && a.Change != change.Alters {
		what += " " + strings.Join(a.Roles, " and ")
	}
	if len(a.In) == 1 {
		return what + " in " + a.In[0].String()
	}
	return what + fmt.Sprintf(" in %d logical clusters", len(a.In))
}

func marks(list []access.Mark) []string {
	out := make([]string, len(list))
	for i, m := range list {
		out[i] = string(m)
	}
	return out
}

// permissions tells permissions, a line each: "pods, secrets: get, list".
func permissions(sign string, list []access.Permission) report.Part {
	resources := map[string][]string{} // by verbs
	var order []string
	for i := range list {
		verbs := strings.Join(list[i].Verbs, ", ")
		if resources[verbs] == nil {
			order = append(order, verbs)
		}
		resources[verbs] = append(resources[verbs], resourceName(&list[i]))
	}
	points := report.Points{}
	for _, verbs := range order {
		points.List = append(points.List, report.Point{Sign: sign, Text: strings.Join(resources[verbs], ", ") + ": " + verbs})
	}
	return report.Part{Only: report.Detailed | report.Markdown, Content: points}
}

// resourceName is the resource as kubectl names it: "deployments.apps/scale".
func resourceName(p *access.Permission) string {
	if p.Group == "" {
		return p.Resource
	}
	resource, sub, found := strings.Cut(p.Resource, "/")
	name := resource + "." + p.Group
	if found {
		name += "/" + sub
	}
	return name
}

// accessFindings are the accesses that deserve a second look.
func accessFindings(p *change.Plan) []diag.Diagnostic {
	var out []diag.Diagnostic
	for i := range p.Access {
		if a := &p.Access[i]; len(a.Sensitive) > 0 {
			out = append(out, diag.New(diag.PlanEscalation, position(a.Causes), "%s %s: %s", a.Subject, accessWhat(a), strings.Join(marks(a.Sensitive), ", ")))
		}
	}
	return out
}
