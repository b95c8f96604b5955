package plan

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// pageSections are the parts of the page, the most important first. One that has
// nothing to say is nil.
var pageSections = []func(*Plan, *orgTree) (*pageSection, error){
	pageFindings, pageLogicalClusters, pageAccess, pageAPIs, pagePolicy, pageImplicit, pageCost, pageCapacity, pageDocuments, pageObjects,
}

var pageFuncs = template.FuncMap{
	"tone": tone, "sides": sidesOf, "plural": plural, "value": pageValue, "lines": pageLines,
	"sign":   func(action string) string { return minus(cmp.Or(signs[action], action)) },
	"title":  func(v interface{ title() string }) string { return v.title() },
	"what":   func(v interface{ what() string }) string { return v.what() },
	"effect": (*Document).effect,
	"verbs":  (*Access).verbs,
}

// minus writes a leading hyphen as the sign that it stands for.
func minus(s string) string {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return "−" + rest
	}
	return s
}

// tone is the class by which the style colours what happens, or its sign.
func tone(action string) string {
	switch cmp.Or(signs[action], action) {
	case "+":
		return "add"
	case "-":
		return "del"
	case "!":
		return "alert"
	}
	return "chg"
}

// sides are those on which any of some fields stands.
type sides struct{ Before, After bool }

func sidesOf(fields []Field) sides {
	return sides{
		Before: slices.ContainsFunc(fields, func(f Field) bool { return f.Before != nil }),
		After:  slices.ContainsFunc(fields, func(f Field) bool { return f.After != nil }),
	}
}

// pageValue writes a value. One that would fill the page is cut, which it says.
func pageValue(v any) string {
	const most = 4000
	s := compact(v)
	if runes := []rune(s); len(runes) > most {
		return fmt.Sprintf("%s… and %d more characters", string(runes[:most]), len(runes)-most)
	}
	return s
}

// pageLines writes names below each other. They are one text, which costs a page
// next to nothing even if there are ten thousand.
func pageLines(names any) (string, error) {
	var out []string
	switch names := names.(type) {
	case []string:
		out = slices.Clone(names)
	case []Place:
		for i := range names {
			out = append(out, names[i].String())
		}
	case []Object:
		for i := range names {
			out = append(out, names[i].String())
		}
	default:
		return "", fmt.Errorf("%T is no list of names", names)
	}
	for i := range out {
		out[i] = diag.Visible(out[i])
	}
	return strings.Join(out, "\n"), nil
}

func pageFindings(p *Plan, t *orgTree) (*pageSection, error) {
	if len(p.Findings) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "findings", Title: "Findings", Count: len(p.Findings),
		Lead: "What the change brings up, and what is notable about it."}
	l := &pageList{ID: "findings-list"}
	for rank, severity := range []diag.Severity{diag.Error, diag.Warning, diag.Note} {
		for i := range p.Findings {
			if d := &p.Findings[i]; d.Severity == severity {
				l.items = append(l.items, &pageItem{template: "finding", action: string(severity), count: 1, rank: rank, orgs: t.ranges(about(d.Document)),
					data: struct {
						*diag.Diagnostic
						Source string
					}{d, p.sourceLine(d.Position)}})
			}
		}
	}
	s.Lists = []*pageList{l}
	return s, nil
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

func (p *Plan) sourceLine(at diag.Position) string {
	if p.sources == nil || at.Line < 1 {
		return ""
	}
	data, ok := p.sources(at.File)
	if !ok {
		return ""
	}
	var line []byte
	for range at.Line {
		line, data, _ = bytes.Cut(data, []byte("\n"))
	}
	return strings.TrimRight(string(line), "\r")
}

func pageLogicalClusters(p *Plan, t *orgTree) (*pageSection, error) {
	if len(p.LogicalClusters) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "logical-clusters", Title: "Logical clusters",
		Lead: "Those to which the same happens for the same reason stand together."}
	l := &pageList{ID: "logical-clusters-list"}
	for i := range p.LogicalClusters {
		g := &p.LogicalClusters[i]
		s.Count += len(g.Keys)
		l.items = append(l.items, &pageItem{template: "logical-cluster", action: g.Action, orgs: t.ranges(g.Keys), count: len(g.Keys),
			rank: slices.Index(actions, g.Action), data: g})
	}
	s.Lists = []*pageList{l}
	return s, nil
}

func pageAccess(p *Plan, t *orgTree) (*pageSection, error) {
	if len(p.Access) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "access", Title: "Access", Count: len(p.Access),
		Lead: "Effective rights of both sides, whatever gives them: who gains and loses which verbs on which resources, and where."}
	var intro strings.Builder
	if err := pageHTML().ExecuteTemplate(&intro, "access-matrix", p.accessMatrix()); err != nil {
		return nil, err
	}
	s.Intro = template.HTML(intro.String())
	l := &pageList{ID: "access-list", Title: "In detail"}
	for i := range p.Access {
		a := &p.Access[i]
		keys := make([]string, len(a.In))
		for j := range a.In {
			keys[j] = a.In[j].LogicalCluster
		}
		item := &pageItem{template: "access", action: a.Change, orgs: t.ranges(keys), count: 1, rank: 1, data: a}
		if len(a.Sensitive) > 0 {
			item.rank = 0
		}
		l.items = append(l.items, item)
	}
	s.Lists = []*pageList{l}
	return s, nil
}

func pageDocuments(p *Plan, t *orgTree) (*pageSection, error) {
	if len(p.Documents) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "source", Title: "Source", Count: len(p.Documents),
		Lead: "The documents that differ: what all else follows from."}
	l := &pageList{ID: "source-list"}
	for i := range p.Documents {
		d := &p.Documents[i]
		item := &pageItem{template: "document", action: d.Change, count: 1, rank: 1, data: d}
		if of := d.of(); of != "" {
			item.orgs = t.ranges([]string{of})
		}
		if d.Reach > 1 {
			item.rank = 0
		}
		l.items = append(l.items, item)
	}
	s.Lists = []*pageList{l}
	return s, nil
}

func pageObjects(p *Plan, t *orgTree) (*pageSection, error) {
	if len(p.Objects) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "objects", Title: "Objects",
		Lead: "By physical cluster, in an order in which they can be applied."}
	for i := range p.Objects {
		o := &p.Objects[i]
		l := &pageList{ID: "objects-" + o.Cluster, Title: o.Cluster, Note: counts(o.Counts, objectActions)}
		if o.Cluster == Management {
			l.ID = "objects-management"
		}
		for j := range o.Changes {
			c := &o.Changes[j]
			s.Count += len(c.Objects)
			keys := make([]string, len(c.Objects))
			for k := range c.Objects {
				keys[k] = c.Objects[k].LogicalCluster
			}
			l.items = append(l.items, &pageItem{template: "object", action: c.Action, orgs: t.ranges(keys), count: len(c.Objects),
				rank: objectRank[c.Action], data: c})
		}
		s.Lists = append(s.Lists, l)
	}
	return s, nil
}

// objectRank orders what happens to objects by how much it matters.
var objectRank = map[string]int{Delete: 0, Replace: 0, Leave: 1, Update: 2, Create: 3}
