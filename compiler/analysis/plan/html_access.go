package plan

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/access"
)

// accessMatrix is who gains and loses in which organizations.
type accessMatrix struct {
	Columns []string
	Rows    []accessRow
	// Folded are subjects, Narrowed organizations, that it has no room for.
	Folded, Narrowed int
}

type accessRow struct {
	Subject string
	Cells   []accessCell
	changes int
}

// accessCell counts the logical clusters in which a subject gains and loses.
type accessCell struct {
	Gains, Loses int
	Sensitive    []string
}

const matrixRows, matrixColumns = 60, 8

// accessMatrix takes the organizations as deep as there is room for columns.
func (p *Plan) accessMatrix() *accessMatrix {
	depth := 1
	columns := p.accessColumns(depth)
	for len(columns) <= matrixColumns {
		deeper := p.accessColumns(depth + 1)
		if len(deeper) > matrixColumns || slices.Equal(deeper, columns) {
			break
		}
		columns, depth = deeper, depth+1
	}
	m := &accessMatrix{Columns: columns}
	if len(columns) > matrixColumns {
		m.Columns, m.Narrowed = columns[:matrixColumns], len(columns)-matrixColumns
	}
	rows := map[string]*accessRow{}
	for i := range p.Access {
		a := &p.Access[i]
		row := rows[a.Subject]
		if row == nil {
			row = &accessRow{Subject: a.Subject, Cells: make([]accessCell, len(m.Columns))}
			rows[a.Subject] = row
		}
		row.changes += len(a.In)
		for _, place := range a.In {
			j := slices.Index(m.Columns, above(place.LogicalCluster, depth))
			if j < 0 {
				continue
			}
			cell := &row.Cells[j]
			if a.Change != Loses {
				cell.Gains++
			}
			if a.Change != Gains {
				cell.Loses++
			}
			for _, mark := range a.Sensitive {
				if !slices.Contains(cell.Sensitive, string(mark)) {
					cell.Sensitive = append(cell.Sensitive, string(mark))
				}
			}
		}
	}
	marked := func(r *accessRow) int {
		return -len(slices.Collect(func(yield func(int) bool) {
			for i := range r.Cells {
				if len(r.Cells[i].Sensitive) > 0 && !yield(i) {
					return
				}
			}
		}))
	}
	for _, row := range slices.SortedFunc(maps.Values(rows), func(a, b *accessRow) int {
		return cmp.Or(cmp.Compare(marked(a), marked(b)), cmp.Compare(b.changes, a.changes), strings.Compare(a.Subject, b.Subject))
	}) {
		if len(m.Rows) == matrixRows {
			m.Folded++
			continue
		}
		m.Rows = append(m.Rows, *row)
	}
	return m
}

// accessColumns are the organizations of a depth in which access differs, those
// with most of it first where there are too many.
func (p *Plan) accessColumns(depth int) []string {
	count := map[string]int{}
	for i := range p.Access {
		for _, place := range p.Access[i].In {
			count[above(place.LogicalCluster, depth)]++
		}
	}
	columns := slices.Sorted(maps.Keys(count))
	if len(columns) > matrixColumns {
		slices.SortStableFunc(columns, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
		slices.Sort(columns[:matrixColumns])
	}
	return columns
}

// above returns the organization of at most a depth that a logical cluster is in.
func above(key string, depth int) string {
	parts := strings.Split(path.Dir(key), "/")
	return strings.Join(parts[:min(depth, len(parts))], "/")
}

// verbMatrix is which verbs on which resources a change gives and takes.
type verbMatrix struct {
	Verbs []string
	Rows  []verbRow
}

type verbRow struct {
	Resources []string
	// Cells are "+", "-" or "", by verb.
	Cells []string
	Marks []access.Mark
	// Note bounds what the row says.
	Note string
}

var usualVerbs = []string{"*", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

// verbs returns the resources of a change by verb; resources with the same verbs
// share a row.
func (a *Access) verbs() *verbMatrix {
	seen := map[string]bool{}
	for _, list := range [][]access.Permission{a.Gained, a.Lost} {
		for i := range list {
			for _, v := range list[i].Verbs {
				seen[v] = true
			}
		}
	}
	m := &verbMatrix{Verbs: slices.SortedFunc(maps.Keys(seen), func(a, b string) int {
		place := func(v string) int { // those that are not usual come last
			if i := slices.Index(usualVerbs, v); i >= 0 {
				return i
			}
			return len(usualVerbs)
		}
		return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a, b))
	})}
	// A resource stands in one row for both lists, unless what bounds it differs.
	type id struct{ resource, note string }
	rows := map[id]*verbRow{}
	var order []id
	for _, side := range []struct {
		sign string
		list []access.Permission
	}{{"+", a.Gained}, {"-", a.Lost}} {
		for i := range side.list {
			perm := &side.list[i]
			at := id{resourceName(perm), versionNote(perm)}
			row := rows[at]
			if row == nil {
				row = &verbRow{Cells: make([]string, len(m.Verbs)), Note: at.note}
				rows[at] = row
				order = append(order, at)
			}
			for _, v := range perm.Verbs {
				row.Cells[slices.Index(m.Verbs, v)] += side.sign
			}
			if side.sign == "+" {
				row.Marks = append(row.Marks, perm.Marks...)
			}
		}
	}
	same := map[string]int{}
	for _, at := range order {
		row := rows[at]
		var key strings.Builder
		key.WriteString(strings.Join(row.Cells, ",") + at.note)
		for _, mark := range row.Marks {
			key.WriteString(" " + string(mark))
		}
		if i, ok := same[key.String()]; ok {
			m.Rows[i].Resources = append(m.Rows[i].Resources, at.resource)
			continue
		}
		same[key.String()] = len(m.Rows)
		row.Resources = []string{at.resource}
		m.Rows = append(m.Rows, *row)
	}
	slices.SortStableFunc(m.Rows, func(a, b verbRow) int { return cmp.Compare(len(b.Marks), len(a.Marks)) })
	return m
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
