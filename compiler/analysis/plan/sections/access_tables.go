package sections

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/internal/report"
)

const overviewRows, overviewColumns = 60, 8

// accessOverview is who gains and loses in which organizations, as deep as there is
// room for columns.
func accessOverview(list []change.Access) *report.Overview {
	depth := 1
	columns := accessColumns(list, depth)
	for len(columns) <= overviewColumns {
		deeper := accessColumns(list, depth+1)
		if len(deeper) > overviewColumns || slices.Equal(deeper, columns) {
			break
		}
		columns, depth = deeper, depth+1
	}
	narrowed := max(0, len(columns)-overviewColumns)
	columns = columns[:len(columns)-narrowed]
	rows := overviewOf(list, columns, depth)
	folded := max(0, len(rows)-overviewRows)
	o := &report.Overview{Title: "Who, and where", Corner: "Subject", Columns: columns,
		Legend: "Numbers of logical clusters in which access is gained (+) and lost (−); what deserves a second look is named."}
	for _, row := range rows[:len(rows)-folded] {
		o.Rows = append(o.Rows, row.OverviewRow)
	}
	if folded > 0 {
		o.Legend += " " + printer.Count(folded, "more subject") + " stand in the list below."
	}
	if narrowed > 0 {
		o.Legend += " " + printer.Count(narrowed, "more organization") + " have no column."
	}
	return o
}

// subjectRow is a subject with the number of places where its access differs.
type subjectRow struct {
	report.OverviewRow
	places int
}

// overviewOf counts places by subject and organization: first the subjects with
// most that deserves a second look.
func overviewOf(list []change.Access, columns []string, depth int) []*subjectRow {
	rows := map[string]*subjectRow{}
	for i := range list {
		a := &list[i]
		row := rows[a.Subject]
		if row == nil {
			row = &subjectRow{OverviewRow: report.OverviewRow{Name: a.Subject, Cells: make([]report.OverviewCell, len(columns))}}
			rows[a.Subject] = row
		}
		row.places += len(a.In)
		for _, place := range a.In {
			if j := slices.Index(columns, above(place.LogicalCluster, depth)); j >= 0 {
				countAccess(&row.Cells[j], a)
			}
		}
	}
	marked := func(r *subjectRow) (n int) {
		for i := range r.Cells {
			n += min(1, len(r.Cells[i].Marks))
		}
		return n
	}
	return slices.SortedFunc(maps.Values(rows), func(a, b *subjectRow) int {
		return cmp.Or(cmp.Compare(marked(b), marked(a)), cmp.Compare(b.places, a.places), strings.Compare(a.Name, b.Name))
	})
}

func countAccess(cell *report.OverviewCell, a *change.Access) {
	if a.Change != change.Loses {
		cell.Gains++
	}
	if a.Change != change.Gains {
		cell.Loses++
	}
	for _, mark := range a.Sensitive {
		if !slices.Contains(cell.Marks, string(mark)) {
			cell.Marks = append(cell.Marks, string(mark))
		}
	}
}

// accessColumns are the organizations of a depth in which access differs, those
// with most of it first where there are too many.
func accessColumns(list []change.Access, depth int) []string {
	count := map[string]int{}
	for i := range list {
		for _, place := range list[i].In {
			count[above(place.LogicalCluster, depth)]++
		}
	}
	columns := slices.Sorted(maps.Keys(count))
	if len(columns) > overviewColumns {
		slices.SortStableFunc(columns, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
		slices.Sort(columns[:overviewColumns])
	}
	return columns
}

// above returns the organization of at most a depth that a logical cluster is in.
func above(key string, depth int) string {
	parts := strings.Split(path.Dir(key), "/")
	return strings.Join(parts[:min(depth, len(parts))], "/")
}

var usualVerbs = []string{"*", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

// verbMatrix is which verbs on which resources a change gives and takes. Resources
// with the same verbs share a row.
func verbMatrix(a *change.Access) report.Matrix {
	m := report.Matrix{Corner: "Resource", Label: "Verbs by resource", Columns: verbsOf(a)}
	same := map[string]int{}
	for _, r := range resourceRows(a, m.Columns) {
		key := strings.Join(r.Cells, ",") + r.Note
		for _, mark := range r.Marks {
			key += " " + mark
		}
		if i, ok := same[key]; ok {
			m.Rows[i].Name += ", " + r.Name
			continue
		}
		same[key] = len(m.Rows)
		m.Rows = append(m.Rows, *r)
	}
	slices.SortStableFunc(m.Rows, func(a, b report.MatrixRow) int { return cmp.Compare(len(b.Marks), len(a.Marks)) })
	return m
}

// verbsOf returns all verbs of a change; those that are not usual come last.
func verbsOf(a *change.Access) []string {
	seen := map[string]bool{}
	for _, list := range [][]access.Permission{a.Gained, a.Lost} {
		for i := range list {
			for _, v := range list[i].Verbs {
				seen[v] = true
			}
		}
	}
	place := func(v string) int {
		if i := slices.Index(usualVerbs, v); i >= 0 {
			return i
		}
		return len(usualVerbs)
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a, b))
	})
}

// resourceRows returns a row for each resource. It is in one row for what is gained
// and lost, unless what bounds it differs.
func resourceRows(a *change.Access, verbs []string) (out []*report.MatrixRow) {
	type id struct{ resource, note string }
	rows := map[id]*report.MatrixRow{}
	for _, side := range []struct {
		sign string
		list []access.Permission
	}{{"+", a.Gained}, {"-", a.Lost}} {
		for i := range side.list {
			p := &side.list[i]
			at := id{resourceName(p), versionNote(p)}
			row := rows[at]
			if row == nil {
				row = &report.MatrixRow{Name: at.resource, Note: at.note, Cells: make([]string, len(verbs))}
				rows[at] = row
				out = append(out, row)
			}
			for _, v := range p.Verbs {
				row.Cells[slices.Index(verbs, v)] += side.sign
			}
			if side.sign == "+" {
				row.Marks = append(row.Marks, marks(p.Marks)...)
			}
		}
	}
	return out
}

// versionNote says in which versions of a resource the writes hold.
func versionNote(p *access.Permission) string {
	var notes []string
	if p.Versions != nil {
		notes = append(notes, "writes in "+strings.Join(p.Versions, ", "))
	}
	if p.ExceptVersions != nil {
		notes = append(notes, "writes not in "+strings.Join(p.ExceptVersions, ", "))
	}
	if p.BoundOnly {
		notes = append(notes, "writes of bound resources")
	}
	return strings.Join(notes, "; ")
}
