package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/diag"
)

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
	*Report
	Security template.HTML
	Style    template.CSS
	Code     template.JS
	Title    string
	Nodes    *nodes
	Panels   []*panel
}

// WriteHTML writes the report as one page that needs no other file and no network.
// Nothing of the repo runs in it. Where there is more than PageLimit of it, the
// least important items are left out, and the page says how many of what.
func (r *Report) WriteHTML(w io.Writer) error {
	title := strings.ToUpper(r.Name[:1]) + r.Name[1:]
	if r.Directory != "" {
		title += " of " + r.Directory
	}
	p := &page{
		Report: r, Security: contentPolicy(), Style: template.CSS(pageStyle), Code: template.JS(pageCode),
		Title: fmt.Sprintf("%s: %s → %s", title, r.Before.Name, r.After.Name), Nodes: newNodes(&r.Tree),
	}
	var err error
	if p.Panels, err = r.panels(p.Nodes); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pageHTML().ExecuteTemplate(&b, "page.html", p); err != nil {
		return err
	}
	_, err = io.WriteString(w, inert(b.String()))
	return err
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
