package plan

import (
	"strings"
)

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
			Sign   string
			Breaks bool
			Rows   []apiRow
		}{API: a, Sign: a.sign(), Breaks: a.breaks()}
		for j := range a.Changes {
			c := &a.Changes[j]
			data.Rows = append(data.Rows, apiRow{c.Resource, strings.TrimSpace(c.Version + " " + c.Path), c.Message, string(c.Judge(a.Promise))})
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

// apiRow is one change of an API, with what it comes to under the promise.
type apiRow struct{ Resource, At, Message, Verdict string }

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
