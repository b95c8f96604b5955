package report

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// PageLimit is how much a page holds, in bytes of its items before they are
// packed. Packed they take about a twentieth.
const PageLimit = 128 << 20

// panel is a section as the page shows it: a part that has a tab.
type panel struct {
	*Section
	Command string
	Lists   []*pageList
}

// pageList is items below a heading. The first stand in the page as they are; a
// script unpacks the others when they are asked for, so that the page opens at
// once however many there are.
type pageList struct {
	*List
	items []*pageItem
	// Actions are what happens to the items, with their numbers, to filter by.
	Actions []pageAction
	First   []template.HTML
	Packed  []template.HTML // blocks of base64 of gzip of JSON lists of strings
	// Rest counts items that are packed, LeftOut those that the page has no room for,
	// by what happens to them.
	Rest    int
	LeftOut string
}

type pageAction struct {
	Name  string
	Count int
}

// pageItem is one item, which the template of its kind writes.
type pageItem struct {
	*Item
	rank int
	html string
	out  bool
}

// panels writes the items, the most important first, until the page is full.
func (r *Report) panels(tree *nodes) ([]*panel, error) {
	var panels []*panel
	var all []*pageItem
	for i := range r.Sections {
		p := &panel{Section: &r.Sections[i], Command: r.Command}
		panels = append(panels, p)
		for j := range p.Section.Lists {
			l := &pageList{List: &p.Section.Lists[j]}
			p.Lists = append(p.Lists, l)
			for k := range l.List.Items {
				if it := &l.List.Items[k]; it.Only.has(Page) {
					l.items = append(l.items, &pageItem{Item: it, rank: it.Rank + i<<8})
				}
			}
			all = append(all, l.items...)
		}
	}
	slices.SortStableFunc(all, func(a, b *pageItem) int { return cmp.Compare(a.rank, b.rank) })
	room := PageLimit
	for i, item := range all {
		text, err := r.pageItem(item.Item, tree)
		if err != nil {
			return nil, err
		}
		if room -= len(text); room < 0 {
			for _, item := range all[i:] {
				item.out = true
			}
			break
		}
		item.html = inert(text)
	}
	for _, p := range panels {
		for _, l := range p.Lists {
			if err := l.pack(pageFirst / len(p.Lists)); err != nil {
				return nil, err
			}
		}
	}
	return panels, nil
}

// pageItem writes an item.
func (r *Report) pageItem(it *Item, tree *nodes) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `<li class="item" data-action="%s" data-orgs="%s" data-count="%d">`, template.HTMLEscapeString(it.Action), tree.ranges(it.Places), it.Count)
	name, data := "change", any(it)
	switch {
	case it.Finding != nil:
		name, data = "finding", struct {
			*diag.Diagnostic
			Source string
		}{it.Finding, r.sourceLine(it.Finding.Position)}
	case it.Level != nil:
		name = "level"
	}
	if err := pageHTML().ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	b.WriteString("</li>")
	return b.String(), nil
}

// pageFirst is how many items of a section stand in the page as they are, shared
// among its lists; each list has at least pageLeast.
const pageFirst, pageLeast = 100, 5

func (l *pageList) pack(first int) error {
	const block = 1 << 20
	var rest []string
	size := 0
	flush := func() error {
		block, err := packed(rest)
		l.Packed = append(l.Packed, block)
		rest, size = nil, 0
		return err
	}
	for _, item := range l.items {
		switch {
		case item.out:
			continue
		case len(l.First) < max(first, pageLeast):
			l.First = append(l.First, template.HTML(item.html))
			continue
		}
		rest = append(rest, item.html)
		l.Rest++
		if size += len(item.html); size > block {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	l.count()
	if len(rest) > 0 {
		return flush()
	}
	return nil
}

// count counts the items by what happens to them, in the order in which that comes.
func (l *pageList) count() {
	counts, out := map[string]int{}, map[string]int{}
	var order []string
	for _, item := range l.items {
		if !slices.Contains(order, item.Action) {
			order = append(order, item.Action)
		}
		if item.out {
			out[item.Action] += item.Count
		} else {
			counts[item.Action] += item.Count
		}
	}
	var left []string
	for _, action := range order {
		if counts[action] > 0 {
			l.Actions = append(l.Actions, pageAction{action, counts[action]})
		}
		if out[action] > 0 {
			left = append(left, fmt.Sprintf("%d %s", out[action], action))
		}
	}
	l.LeftOut = strings.Join(left, ", ")
}

func packed(items []string) (template.HTML, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(items); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return template.HTML(base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
