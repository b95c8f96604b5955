package plan

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/diag"
)

// PageLimit is how much a page holds, in bytes of its items before they are
// packed. Packed they take about a twentieth.
const PageLimit = 128 << 20

// The page's own style and script are small, and the only ones that its content
// security policy lets run: what comes from a repo is text, whatever it says.
var (
	//go:embed page
	pageFiles embed.FS
	pageStyle = pageFile("page.css")
	pageCode  = pageFile("page.js")
	pageHTML  = sync.OnceValue(func() *template.Template {
		return template.Must(template.New("").Funcs(pageFuncs).ParseFS(pageFiles, "page/*.html"))
	})
)

func pageFile(name string) string {
	data, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(data)
}

// contentPolicy lets the page load nothing and run nothing but its own.
func contentPolicy() template.HTML {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return template.HTML(fmt.Sprintf(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'">`,
		hash(pageStyle), hash(pageCode)))
}

// page is what the template of the page takes.
type page struct {
	*Plan
	Security template.HTML
	Style    template.CSS
	Code     template.JS
	Title    string
	Decision decision
	Figures  []figure
	Tree     *orgTree
	Sections []*pageSection
}

// pageSection is a part of the page that has a tab.
type pageSection struct {
	ID, Title string
	// Lead says in a sentence what stands here.
	Lead string
	// Count is the number on the tab.
	Count int
	// Intro stands before the lists.
	Intro template.HTML
	Lists []*pageList
}

// pageList is items below a heading. The first stand in the page as they are; a
// script unpacks the others when they are asked for, so that the page opens at
// once however many there are.
type pageList struct {
	ID, Title, Note string
	items           []*pageItem
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

// pageItem is one item, which the template of that name writes.
type pageItem struct {
	template string
	data     any
	// action is what happens, to filter by, and orgs are ranges of organizations.
	action, orgs string
	// rank is lower for what is more important, and count is of how many it speaks.
	rank, count int

	html string
	out  bool
}

// WriteHTML writes the plan as one page that needs no other file and no network.
// Nothing of the repo runs in it. Where there is more than PageLimit of it, the
// least important items are left out, and the page says how many of what.
func (p *Plan) WriteHTML(w io.Writer) error {
	title := "Plan"
	if p.Directory != "" {
		title += " of " + p.Directory
	}
	pg := &page{
		Plan: p, Security: contentPolicy(), Style: template.CSS(pageStyle), Code: template.JS(pageCode),
		Title: fmt.Sprintf("%s: %s → %s", title, p.Before.Name, p.After.Name), Decision: p.decide(), Figures: p.figures(), Tree: p.orgTree(),
	}
	for _, section := range pageSections {
		s, err := section(p, pg.Tree)
		if err != nil {
			return err
		}
		if s != nil {
			pg.Sections = append(pg.Sections, s)
		}
	}
	if err := pg.fill(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pageHTML().ExecuteTemplate(&b, "page.html", pg); err != nil {
		return err
	}
	_, err := io.WriteString(w, inert(b.String()))
	return err
}

// fill writes the items, the most important first, until the page is full.
func (p *page) fill() error {
	var all []*pageItem
	for i, s := range p.Sections {
		for _, l := range s.Lists {
			for _, item := range l.items {
				item.rank += i << 8
				all = append(all, item)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *pageItem) int { return cmp.Compare(a.rank, b.rank) })
	room := PageLimit
	var b bytes.Buffer
	for i, item := range all {
		b.Reset()
		fmt.Fprintf(&b, `<li class="item" data-action="%s" data-orgs="%s" data-count="%d">`, template.HTMLEscapeString(item.action), item.orgs, item.count)
		if err := pageHTML().ExecuteTemplate(&b, item.template, item.data); err != nil {
			return err
		}
		b.WriteString("</li>")
		if room -= b.Len(); room < 0 {
			for _, item := range all[i:] {
				item.out = true
			}
			break
		}
		item.html = inert(b.String())
	}
	for _, s := range p.Sections {
		for _, l := range s.Lists {
			if err := l.pack(pageFirst / len(s.Lists)); err != nil {
				return err
			}
		}
	}
	return nil
}

// pageFirst is how many items of a section stand in the page as they are, shared
// among its lists; each list has at least pageLeast.
const pageFirst, pageLeast = 100, 5

func (l *pageList) pack(first int) error {
	counts, out := map[string]int{}, map[string]int{}
	var order []string
	var rest []string
	size := 0
	flush := func() error {
		block, err := packed(rest)
		l.Packed = append(l.Packed, block)
		rest, size = nil, 0
		return err
	}
	for _, item := range l.items {
		if counts[item.action]+out[item.action] == 0 {
			order = append(order, item.action)
		}
		if item.out {
			out[item.action] += item.count
			continue
		}
		counts[item.action] += item.count
		if len(l.First) < max(first, pageLeast) {
			l.First = append(l.First, template.HTML(item.html))
			continue
		}
		const block = 1 << 20
		rest = append(rest, item.html)
		l.Rest++
		if size += len(item.html); size > block {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(rest) > 0 {
		if err := flush(); err != nil {
			return err
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
	return nil
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

// inert shows characters that have no visible form as escapes, wherever they
// stand: nothing in a name can hide, or turn the direction of what follows.
func inert(s string) string {
	hidden := func(r rune) bool {
		return r != '\n' && r != '\t' && !unicode.IsGraphic(r) || r == utf8.RuneError
	}
	i := strings.IndexFunc(s, hidden)
	if i < 0 {
		return s
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexFunc(s, hidden) {
		b.WriteString(s[:i])
		_, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(template.HTMLEscapeString(diag.Visible(s[i : i+size])))
		s = s[i+size:]
	}
	b.WriteString(s)
	return b.String()
}
