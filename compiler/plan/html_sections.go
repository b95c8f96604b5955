package plan

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/diag"
	"k8s.io/apimachinery/pkg/api/resource"
)

// pageSections are the parts of the page, the most important first. One that has
// nothing to say is nil.
var pageSections = []func(*Plan, *orgTree) (*pageSection, error){
	pageFindings, pageLogicalClusters, pageAccess, pageAPIs, pagePolicy, pageImplicit, pageCost, pageCapacity, pageDocuments, pageObjects,
}

// decision is what a reviewer reads first.
type decision struct {
	Tone, Verdict string
	Reasons       []reason
}

type reason struct {
	Severity diag.Severity
	Count    int
	Text     string
	Code     diag.Code
}

func (p *Plan) decide() decision {
	d := decision{Tone: "good", Verdict: "Nothing notable"}
	switch {
	case p.Empty():
		d = decision{Tone: "none", Verdict: "No changes"}
	case p.Summary.Errors > 0:
		d = decision{Tone: "bad", Verdict: "The change brings " + plural(p.Summary.Errors, "error")}
	case p.Summary.Warnings > 0:
		d = decision{Tone: "look", Verdict: "Deserves a second look"}
	}
	for _, severity := range []diag.Severity{diag.Error, diag.Warning} {
		first := len(d.Reasons)
		for i := range p.Findings {
			f := &p.Findings[i]
			if f.Severity != severity {
				continue
			}
			at := slices.IndexFunc(d.Reasons[first:], func(r reason) bool { return r.Code == f.Code })
			if at < 0 {
				d.Reasons = append(d.Reasons, reason{Severity: severity, Text: f.Code.Entry().Title, Code: f.Code})
				at = len(d.Reasons) - 1 - first
			}
			d.Reasons[first+at].Count++
		}
	}
	return d
}

// figure is a number of the summary.
type figure struct {
	Section, Title string
	Counts         []figureCount
}

type figureCount struct {
	Tone string
	// Number is written large, Word explains it.
	Number, Word string
}

func (p *Plan) figures() []figure {
	count := func(m map[string]int, order []string) []figureCount {
		var out []figureCount
		for _, action := range order {
			if m[action] > 0 {
				out = append(out, figureCount{tone(action), fmt.Sprint(m[action]), action})
			}
		}
		return out
	}
	out := []figure{
		{"logical-clusters", "Logical clusters", count(p.Summary.LogicalClusters, actions)},
		{"access", "Access", count(p.Summary.Access, []string{Gains, Loses, Alters})},
		{"objects", "Objects", count(p.Summary.Objects, objectActions)},
	}
	if k := p.Cost; k != nil {
		c := figureCount{"chg", k.headline(), ""}
		if k.CurrencyBefore == "" && k.Change.Sign() != 0 {
			c = figureCount{"add", minus(signed(k.Change, k.Currency)), "a month"}
			if k.Change.Sign() > 0 {
				c.Tone = "alert"
			}
		}
		out = slices.Insert(out, 2, figure{"cost", "Worst case", []figureCount{c}})
	}
	if p.Policy != nil {
		f := figure{"policy", "Policy", []figureCount{{"none", fmt.Sprint(len(p.Policy.Limits)), "differ"}}}
		if p.Summary.Loosened > 0 {
			f.Counts = slices.Insert(f.Counts, 0, figureCount{"alert", fmt.Sprint(p.Summary.Loosened), "loosened"})
		}
		out = slices.Insert(out, 2, f)
	}
	if len(p.APIs) > 0 {
		f := figure{"apis", "APIs", []figureCount{{"none", fmt.Sprint(len(p.APIs)), "differ"}}}
		if p.Summary.Breaking > 0 {
			f.Counts = slices.Insert(f.Counts, 0, figureCount{"alert", fmt.Sprint(p.Summary.Breaking), "breaking"})
		}
		out = slices.Insert(out, 2, f)
	}
	if p.Summary.Sensitive > 0 {
		out[1].Counts = append(out[1].Counts, figureCount{"alert", fmt.Sprint(p.Summary.Sensitive), "sensitive"})
	}
	return out
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
	if err := pageHTML.ExecuteTemplate(&intro, "access-matrix", p.accessMatrix()); err != nil {
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

func pageAPIs(p *Plan, t *orgTree) (*pageSection, error) {
	if len(p.APIs) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "apis", Title: "APIs", Count: len(p.APIs),
		Lead: "Versions and channels of API sets that give something else, whom that reaches, and whether it breaks anybody."}
	list := &pageList{ID: "apis-all"}
	for i := range p.APIs {
		a := &p.APIs[i]
		data := struct {
			*API
			Sign    string
			Details []string
		}{API: a, Sign: a.sign()}
		for j := range a.Changes {
			data.Details = append(data.Details, a.apiChange(&a.Changes[j]))
		}
		item := &pageItem{template: "api", action: string(a.Verdict), count: 1, rank: 1, orgs: t.ranges(a.LogicalClusters), data: data}
		if a.breaks() {
			item.rank = 0
		}
		list.items = append(list.items, item)
	}
	s.Lists = append(s.Lists, list)
	return s, nil
}

func pageImplicit(p *Plan, t *orgTree) (*pageSection, error) {
	if len(p.Implicit) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "implicit", Title: "Implicit", Count: len(p.Implicit),
		Lead: "Implicit documents that give something else, or to others. Growth is told apart from a change of what everybody gets."}
	list := &pageList{ID: "implicit-all"}
	for i := range p.Implicit {
		d := &p.Implicit[i]
		list.items = append(list.items, &pageItem{template: "implicit", action: d.Change, count: 1, orgs: t.ranges(d.keys()), data: d})
	}
	s.Lists = append(s.Lists, list)
	return s, nil
}

func pagePolicy(p *Plan, t *orgTree) (*pageSection, error) {
	if p.Policy == nil {
		return nil, nil
	}
	s := &pageSection{ID: "policy", Title: "Policy", Count: len(p.Policy.Limits) + len(p.Policy.Judgements),
		Lead: "Policies and all other limits that differ, and who newly breaks or keeps one. What loosens comes first."}
	limits := &pageList{ID: "policy-limits", Title: "Limits"}
	for i := range p.Policy.Limits {
		l := &p.Policy.Limits[i]
		var keys []string
		for j := range l.Details {
			keys = append(keys, l.Details[j].LogicalClusters...)
		}
		data := struct {
			*Limit
			Sign string
		}{l, l.sign()}
		item := &pageItem{template: "limit", action: l.Change, count: 1, rank: 1, orgs: t.ranges(keys), data: data}
		if l.Loosens {
			item.action, item.rank = Loosened, 0
		}
		limits.items = append(limits.items, item)
	}
	judgements := &pageList{ID: "policy-judgements", Title: "Who newly breaks or keeps a policy"}
	for i := range p.Policy.Judgements {
		j := &p.Policy.Judgements[i]
		data := struct {
			*Judgement
			Sign string
		}{j, j.sign()}
		item := &pageItem{template: "judgement", action: "breaks", count: 1, rank: 0, orgs: t.ranges([]string{j.LogicalCluster}), data: data}
		if j.Passes {
			item.action, item.rank = "no longer breaks", 1
		}
		judgements.items = append(judgements.items, item)
	}
	for _, l := range []*pageList{limits, judgements} {
		if len(l.items) > 0 {
			s.Lists = append(s.Lists, l)
		}
	}
	return s, nil
}

func pageCost(p *Plan, t *orgTree) (*pageSection, error) {
	k := p.Cost
	if k == nil {
		return nil, nil
	}
	s := &pageSection{ID: "cost", Title: "Cost", Count: len(k.Rows), Lead: "The worst case a month: " + k.headline() + "."}
	switch {
	case k.PricesBefore != k.Prices:
		s.Lead += fmt.Sprintf(" Price book %s, before %s.", cmp.Or(k.Prices, "none"), cmp.Or(k.PricesBefore, "none"))
	case k.Prices != "":
		s.Lead += fmt.Sprintf(" Price book %s.", k.Prices)
	}
	rows := &pageList{ID: "cost-rows", Title: "Organizations, and logical clusters with a budget"}
	for i := range k.Rows {
		r := &k.Rows[i]
		below := r.Key
		if r.Kind == rowOrganization {
			below += "/"
		}
		data := struct {
			*CostRow
			Line string
			Bar  *bar
		}{CostRow: r, Line: r.line(k)}
		item := &pageItem{template: "cost-row", action: "without a budget", count: 1, rank: 1, orgs: t.ranges([]string{below})}
		if r.Budget != nil {
			item.action = "within budget"
			over := r.After.Cmp(*r.Budget) > 0
			b := newBar(money(r.Before), money(r.After), money(*r.Budget), over)
			data.Bar = &b
			if over {
				item.action, item.rank = "above budget", 0
			}
		}
		item.data = data
		rows.items = append(rows.items, item)
	}
	causes := &pageList{ID: "cost-causes", Title: "What makes it differ, the largest first"}
	for i := range k.Causes {
		x := &k.Causes[i]
		data := struct {
			*CostCause
			Amount, Text string
			Saves        bool
		}{x, minus(signed(x.Change, k.Currency)), x.what(k), x.Change.Sign() < 0}
		causes.items = append(causes.items, &pageItem{template: "cost-cause", action: x.What, count: 1, rank: 1, orgs: t.ranges(x.LogicalClusters), data: data})
	}
	s.Lists = []*pageList{rows, causes}
	return s, nil
}

// money is the number that an amount stands for, for the length of a bar.
func money(m cost.Money) float64 {
	v, err := strconv.ParseFloat(m.String(), 64)
	if err != nil {
		return 0
	}
	return v
}

func pageCapacity(p *Plan, _ *orgTree) (*pageSection, error) {
	if len(p.Capacity) == 0 {
		return nil, nil
	}
	s := &pageSection{ID: "capacity", Title: "Capacity", Count: len(p.Capacity),
		Lead: "Sums of quotas on each physical cluster, beside what it can hold."}
	l := &pageList{ID: "capacity-list"}
	for i := range p.Capacity {
		c := &p.Capacity[i]
		item := &pageItem{template: "capacity", action: "within capacity", count: 1, rank: 1, data: struct {
			*Capacity
			Bar bar
		}{c, newBar(amount(c.Before), amount(c.After), amount(c.Capacity), c.Over)}}
		if c.Over {
			item.action, item.rank = "over capacity", 0
		}
		l.items = append(l.items, item)
	}
	s.Lists = []*pageList{l}
	return s, nil
}

// amount is the number that a quantity stands for, for the length of a bar.
func amount(s string) float64 {
	q, err := resource.ParseQuantity(s)
	if err != nil {
		return 0
	}
	return q.AsApproximateFloat64()
}

// bar is an amount before and after a change, in percent of its bound, or of the
// greatest of the three.
type bar struct {
	Bound, Stays, Differs float64
	Grows, Over           bool
}

func newBar(before, after, bound float64, over bool) bar {
	share := func(v float64) float64 {
		if most := max(before, after, bound); most > 0 {
			return math.Round(v/most*1e4) / 100
		}
		return 0
	}
	low, high := share(min(before, after)), share(max(before, after))
	return bar{Bound: share(bound), Stays: low, Differs: math.Round((high-low)*100) / 100, Grows: after >= before, Over: over}
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
