package sections

import (
	"fmt"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/report"
)

var objectActions = []string{change.Create, change.Update, change.Replace, change.Delete, change.Leave}

// objectRank orders what happens to objects by how much it matters.
var objectRank = map[string]int{change.Delete: 0, change.Replace: 0, change.Leave: 1, change.Update: 2, change.Create: 3}

func writeObjects(p *change.Plan, s *report.Section) bool {
	s.Lead = "By physical cluster, in an order in which they can be applied."
	s.Fold = "Objects: " + counts(p.Summary.Objects, objectActions)
	s.Hint = "--detail shows what is created and updated, field by field"
	for i := range p.Objects {
		o := &p.Objects[i]
		list := report.List{ID: "objects-" + o.Cluster, Title: o.Cluster, Note: counts(o.Counts, objectActions), Headed: true, Ordered: true}
		if o.Cluster == change.Management {
			list.ID = "objects-management"
		}
		for j := range o.Changes {
			s.Count += len(o.Changes[j].Objects)
			list.Items = append(list.Items, objectItem(&o.Changes[j]))
		}
		s.Lists = append(s.Lists, list)
	}
	return len(p.Objects) > 0
}

func objectItem(c *change.ObjectChange) report.Item {
	it := report.Item{
		Sign: signs[c.Action], Title: objectTitle(c), What: fmt.Sprintf("%s, step %d", c.Action, c.Step),
		Line: c.Action + " " + objectTitle(c), Step: c.Step, Action: c.Action, Rank: objectRank[c.Action], Count: len(c.Objects),
	}
	if c.Action == change.Create || c.Action == change.Update {
		it.Only = detailed
	}
	for i := range c.Objects {
		it.Places = append(it.Places, c.Objects[i].LogicalCluster)
	}
	it.Parts = append(it.Parts, report.Part{Only: report.Page, Content: report.Origin{{Text: c.APIVersion, Code: true}, {Text: " " + c.Kind}}})
	if c.Entails != "" {
		it.Parts = append(it.Parts, report.Part{Content: report.Note{Term: "Entails", Text: c.Entails}})
	}
	it.Parts = append(it.Parts, fieldsPart(c.Fields), causesPart(c.Causes, report.Page))
	if n := len(c.Objects); n > 1 {
		it.Parts = append(it.Parts, report.Part{Content: report.Names{Heading: fmt.Sprintf("%d objects", n), Noun: "object", List: textsOf(c.Objects)}})
	}
	return it
}

// objectTitle names the objects.
func objectTitle(c *change.ObjectChange) string {
	if len(c.Objects) == 1 {
		return c.Kind + " " + c.Objects[0].String()
	}
	for _, o := range c.Objects {
		if o.Name != c.Objects[0].Name {
			return fmt.Sprintf("%d of kind %s", len(c.Objects), c.Kind)
		}
	}
	if len(c.Objects) == 0 {
		return fmt.Sprintf("%d of kind %s", len(c.Objects), c.Kind)
	}
	return fmt.Sprintf("%s %s in %d namespaces", c.Kind, c.Objects[0].Name, len(c.Objects))
}

// objectFindings are the objects that somebody has to delete.
func objectFindings(p *change.Plan) []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, o := range p.Objects {
		for _, c := range o.Changes {
			if c.Action != change.Replace {
				continue
			}
			for _, object := range c.Objects {
				out = append(out, diag.New(diag.PlanReplacement, position(c.Causes), "%s %s on %s: %s", c.Kind, object, o.Cluster, c.Entails))
			}
		}
	}
	return out
}
