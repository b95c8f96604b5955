package sections

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
	"github.com/tenantry/tenantry/schema"
)

func writeLogicalClusters(p *change.Plan, s *report.Section) bool {
	s.Open = true
	s.Lead = "Those to which the same happens for the same reason stand together."
	list := report.List{ID: "logical-clusters-list"}
	for i := range p.LogicalClusters {
		l := &p.LogicalClusters[i]
		s.Count += len(l.Keys)
		it := report.Item{
			Sign: signs[l.Action], Title: logicalClustersTitle(l), What: logicalClustersWhat(l),
			Action: l.Action, Rank: slices.Index(change.Actions, l.Action), Count: len(l.Keys), Places: l.Keys,
		}
		it.Parts = append(it.Parts, causesPart(l.Causes, report.Lines))
		if l.Data != "" {
			it.Parts = append(it.Parts, report.Part{Content: report.Note{Label: "data", Term: "Data", Text: l.Data}})
		}
		it.Parts = append(it.Parts, handedOver(l)...)
		it.Parts = append(it.Parts, fieldsPart(l.Fields), causesPart(l.Causes, report.Page))
		if len(l.Keys) > 1 {
			it.Parts = append(it.Parts, reaches(l.Keys, 0))
		}
		list.Items = append(list.Items, it)
	}
	s.Lists = []report.List{list}
	s.Fold = printer.Count(s.Count, "logical cluster")
	return len(p.LogicalClusters) > 0
}

// handedOver tells between which organizations a logical cluster is handed over, and who
// reaches its data then.
func handedOver(l *change.LogicalClusters) []report.Part {
	if l.ToOrganization == "" {
		return nil
	}
	var who []string
	for _, r := range l.ReachedBy {
		who = append(who, r.Subject+" ("+strings.Join(r.Roles, ", ")+")")
	}
	note := func(label, term, text string) report.Part {
		return report.Part{Content: report.Note{Label: label, Term: term, Text: text}}
	}
	return []report.Part{
		note("given by", "Given by", l.FromOrganization+" to "+l.ToOrganization),
		note("reached by", "Reached by", cmp.Or(strings.Join(who, ", "), "nobody")),
	}
}

func logicalClustersTitle(l *change.LogicalClusters) string {
	if len(l.Keys) == 1 {
		return l.Keys[0]
	}
	return fmt.Sprintf("%d logical clusters", len(l.Keys))
}

// logicalClustersWhat says what happens to logical clusters.
func logicalClustersWhat(l *change.LogicalClusters) string {
	what := l.Action
	if len(l.Keys) > 1 {
		what = strings.TrimSuffix(what, "s")
	}
	switch l.Action {
	case change.Appears:
		what += " on " + l.To
	case change.Moves:
		what += " from " + l.From + " to " + l.To
	case change.Vanishes:
		what = "vanishes without being marked deleted"
	case change.Deleted:
		what = "is marked deleted"
	case change.Freed:
		what = "loses its protection, to be deleted"
	case change.Kept:
		what = "is kept by a hold"
	case change.Released:
		what = "gives up the copy that its move left behind"
	case change.Restored:
		what = "is no longer on its way out"
	}
	if l.Formerly != "" {
		what += ", formerly " + l.Formerly
	}
	return what
}

func logicalClusterKeys(p *change.Plan) (out []string) {
	for i := range p.LogicalClusters {
		out = append(out, p.LogicalClusters[i].Keys...)
		out = append(out, p.LogicalClusters[i].Formerly)
	}
	return out
}

// leaves are the logical clusters, to be counted in their organizations.
func leaves(p *change.Plan) (out []report.Leaf) {
	for i := range p.LogicalClusters {
		l := &p.LogicalClusters[i]
		for _, key := range l.Keys {
			out = append(out, report.Leaf{Key: key, Sign: signs[l.Action]})
		}
	}
	return out
}

// logicalClusterFindings are the logical clusters that go, move or are suspended.
func logicalClusterFindings(p *change.Plan) []diag.Diagnostic {
	var out []diag.Diagnostic
	for i := range p.LogicalClusters {
		l := &p.LogicalClusters[i]
		// What a logical cluster's own document asks for stands there, whatever else
		// changes for it.
		add := func(own string, code diag.Code, format string, args ...any) {
			for _, key := range l.Keys {
				d := diag.New(code, asked(p, l, key, own), format, args...)
				out = append(out, d.About(fmt.Sprintf("logicalClusters %q", key)))
			}
		}
		switch l.Action {
		case change.Deleted, change.Freed, change.Goes:
			add("state", diag.PlanDeletion, "it is deleted: %s", l.Data)
		case change.Released:
			add("placement", diag.PlanDeletion, "%s", l.Data)
		case change.Moves:
			add("placement", diag.PlanMove, "it moves from %s to %s: %s", l.From, l.To, l.Data)
		}
		if slices.ContainsFunc(l.Fields, func(f change.Field) bool { return f.Path == "suspended" && f.After == true }) {
			add("", diag.PlanSuspension, "it is suspended: its tenants lose their access while its workloads and data stay")
		}
	}
	return out
}

// asked returns where a logical cluster's own document asks for what happens to it
// by a field; where it does not, the first of the causes.
func asked(p *change.Plan, l *change.LogicalClusters, key, field string) diag.Position {
	for i := range p.Documents {
		d := &p.Documents[i]
		if d.Kind != string(schema.KindLogicalClusters) || d.Key != key {
			continue
		}
		if d.Change != change.Changed {
			return position(d.Causes())
		}
		for j := range d.Fields {
			if f := &d.Fields[j]; f.Elements[0] == field {
				return position([]change.Cause{f.Cause(d)})
			}
		}
	}
	return position(l.Causes)
}
