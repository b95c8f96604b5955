package plan_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/plan"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/report"
	"golang.org/x/net/html"
)

func page(t testing.TB, p *change.Plan) string {
	t.Helper()
	var b bytes.Buffer
	if err := (&plan.Plan{Plan: *p}).WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func nodes(t testing.TB, text string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out []*html.Node
	for n := range root.Descendants() {
		out = append(out, n)
	}
	return out
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// unpacked returns the items that a page's script would unpack.
func unpacked(t testing.TB, text string) []string {
	t.Helper()
	var out []string
	for _, n := range nodes(t, text) {
		if n.Data != "script" || attribute(n, "type") != "application/gzip" {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(n.FirstChild.Data)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		var items []string
		if err := json.NewDecoder(z).Decode(&items); err != nil {
			t.Fatal(err)
		}
		out = append(out, items...)
	}
	return out
}

// fill sets everything that can be set, every text to s, every list to n items.
func fill(v reflect.Value, s string, n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Int:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{s: s}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s, n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), s, n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), s, n)
			}
		}
	}
}

// Whatever a repo says is text in the page, in whatever field it stands.
func TestPageIsInert(t *testing.T) {
	for _, hostile := range []string{
		`</script><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `--><svg onload=alert(1)>`,
		`</style><style>*{}`, `{{.Security}}`, `javascript:alert(1)`, `]]>`, `\u003c/script>`, "\u202eturned\u2066\x00\x1b[1m", "a/<b>/c d",
	} {
		var p change.Plan
		fill(reflect.ValueOf(&p).Elem(), hostile, 2)
		p.LogicalClusters = slices.Repeat(p.LogicalClusters, 60) // more than stand in the page as they are
		text := page(t, &p)
		packed := unpacked(t, text)
		if len(packed) == 0 {
			t.Fatal("nothing is packed")
		}
		if strings.ContainsAny(text+strings.Join(packed, ""), "\u202e\u2066\x00\x1b") {
			t.Errorf("%q: what has no visible form is shown as it is", hostile)
		}
		scripts := 0
		for _, n := range append(nodes(t, text), nodes(t, strings.Join(packed, ""))...) {
			if n.Type != html.ElementNode {
				continue
			}
			switch n.Data {
			case "script":
				if attribute(n, "type") == "" {
					scripts++
				}
			case "img", "iframe", "object", "embed", "link", "base", "form", "image", "foreignobject":
				t.Errorf("%q becomes a <%s>", hostile, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "style" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("%q: <%s %s=%q>", hostile, n.Data, a.Key, a.Val)
				}
			}
		}
		if scripts != 1 {
			t.Errorf("%q: %d scripts run, want the page's own", hostile, scripts)
		}
	}
}

// Everything that a plan says can be read in its page, as it is.
func TestPageSaysEverything(t *testing.T) {
	const word = "w0rd&<é>"
	var p change.Plan
	fill(reflect.ValueOf(&p).Elem(), word, 1)
	p.Findings[0].Severity = diag.Note
	shown := func(p *change.Plan) int {
		n := 0
		for _, node := range nodes(t, page(t, p)) {
			if node.Type == html.TextNode && (node.Parent == nil || node.Parent.Data != "script") {
				n += strings.Count(node.Data, word)
			}
		}
		return n
	}
	all := shown(&p)
	for i := range reflect.TypeOf(p).NumField() {
		field := reflect.TypeOf(p).Field(i)
		switch field.Name {
		case "APIVersion", "Kind", "Provisional", "Standing", "Summary": // hold no word of the repo
			continue
		}
		if !field.IsExported() {
			continue
		}
		without := p
		reflect.ValueOf(&without).Elem().Field(i).SetZero()
		if shown(&without) >= all {
			t.Errorf("%s is not in the page", field.Name)
		}
	}
}

// The same plan is the same page.
func TestPageIsTheSame(t *testing.T) {
	var p change.Plan
	fill(reflect.ValueOf(&p).Elem(), "acme/payments/prod", 4)
	for i := range p.LogicalClusters {
		p.LogicalClusters[i].Keys = []string{"acme/b/c", "acme/a/b", fmt.Sprintf("beta/%d/x", i)}
	}
	first := page(t, &p)
	for range 5 {
		if page(t, &p) != first {
			t.Fatal("two pages of one plan differ")
		}
	}
}

var leftOut = regexp.MustCompile(`Left out, since the page has no room for all: ([^.]*)\.`)

// A page is bounded. It leaves out what matters least, and says how much.
func TestPageFits(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a page of 128 MiB")
	}
	long := strings.Repeat("value ", 1000)
	const clusters, creates, deletes = 10000, 25000, 500
	p := large(clusters, 0, 0)
	o := change.Objects{Cluster: "eu-1", Counts: map[string]int{change.Create: creates, change.Delete: deletes}}
	for i := range creates + deletes {
		c := change.ObjectChange{Action: change.Create, Kind: "ConfigMap", Objects: []change.Object{{Namespace: "acme", Name: fmt.Sprintf("object%d", i)}}, Entails: long}
		if i >= creates {
			c.Action = change.Delete
		}
		o.Changes = append(o.Changes, c)
	}
	p.Objects = []change.Objects{o}
	text := page(t, p)
	if len(text) > 2*report.PageLimit {
		t.Errorf("the page has %d bytes", len(text))
	}
	items := append(unpacked(t, text), strings.SplitAfter(text, "</li>")...)
	count := func(what, action string) int {
		n := 0
		for _, item := range items {
			if strings.Contains(item, what) && strings.Contains(item, `<li class="item" data-action="`+action+`"`) {
				n++
			}
		}
		return n
	}
	said := leftOut.FindAllStringSubmatch(text, -1)
	if len(said) != 1 || !strings.HasSuffix(said[0][1], " create") {
		t.Fatalf("left out: %q", said)
	}
	missing, err := strconv.Atoi(strings.TrimSuffix(said[0][1], " create"))
	if err != nil {
		t.Fatal(err)
	}
	have := []int{count("acme/team/lc", change.Changes), count("acme/object", change.Delete), count("acme/object", change.Create) + missing}
	if want := []int{clusters, deletes, creates}; !slices.Equal(have, want) {
		t.Errorf("the page tells of %v things, want %v", have, want)
	}
}
