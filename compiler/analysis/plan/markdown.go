package plan

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// MarkdownLimit is how many characters a comment on a pull request may have.
const MarkdownLimit = 65536

// WriteMarkdown writes the plan for a pull request: a summary, then sections to
// unfold. It never takes more than MarkdownLimit bytes: where it would, the least
// important sections are cut short first, and each says so.
func (p *Plan) WriteMarkdown(w io.Writer) error {
	sections := p.sections()
	head := p.markdownHead()
	room := MarkdownLimit - len(head)
	sizes := make([]int, len(sections))
	total := 0
	for i := range sections {
		sizes[i] = len(sections[i].write(len(sections[i].lines)))
		total += sizes[i]
	}
	shown := make([]int, len(sections))
	for i := len(sections) - 1; i >= 0; i-- {
		s := &sections[i]
		shown[i] = len(s.lines)
		if total <= room {
			continue
		}
		total -= sizes[i]
		// As many lines as there is room for, found by halving.
		low, high := 0, len(s.lines)
		for low < high {
			if middle := (low + high + 1) / 2; total+len(s.write(middle)) <= room {
				low = middle
			} else {
				high = middle - 1
			}
		}
		shown[i] = low
		total += len(s.write(low))
	}
	var b strings.Builder
	b.WriteString(head)
	for i := range sections {
		b.WriteString(sections[i].write(shown[i]))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// section is a part of the page that unfolds. Its lines are shown as they are.
type section struct {
	title string
	open  bool
	lines []string
}

// write returns the section with its first n lines.
func (s *section) write(n int) string {
	if len(s.lines) == 0 {
		return ""
	}
	open := ""
	if s.open {
		open = " open"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n<details%s><summary><b>%s</b></summary>\n\n", open, s.title)
	if n > 0 {
		body := strings.Join(s.lines[:n], "\n")
		fence := strings.Repeat("`", max(3, longestRun(body)+1))
		fmt.Fprintf(&b, "%sdiff\n%s\n%s\n", fence, body, fence)
	}
	if hidden := len(s.lines) - n; hidden > 0 {
		fmt.Fprintf(&b, "\n**%s left out, since a comment holds %d characters.** `tenantry plan --detail` shows them.\n", plural(hidden, "line"), MarkdownLimit)
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

func longestRun(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return longest
}

// marker begins the page, so that a later plan of the same tenancy repo finds the
// comment that it replaces. One git repository may hold several.
func (p *Plan) marker() string {
	if p.Directory == "" {
		return "<!-- tenantry plan -->"
	}
	// Two hyphens would end the comment.
	return "<!-- tenantry plan of " + strings.ReplaceAll((&url.URL{Path: p.Directory}).EscapedPath(), "--", "-%2D") + " -->"
}

func (p *Plan) markdownHead() string {
	var b strings.Builder
	title := "tenantry plan"
	if p.Directory != "" {
		title += " of " + code(p.Directory)
	}
	fmt.Fprintf(&b, "%s\n## %s\n\n%s → %s, as of %s\n\n", p.marker(), title, code(p.Before.Name), code(p.After.Name), p.AsOf)
	if p.Empty() {
		for _, line := range p.Headlines() {
			fmt.Fprintf(&b, "%s\n\n", line)
		}
		return b.String()
	}
	b.WriteString("| | |\n| --- | --- |\n")
	for _, line := range p.Headlines() {
		name, rest, found := strings.Cut(line, ": ")
		if !found {
			name, rest = "", line
		}
		fmt.Fprintf(&b, "| %s | %s |\n", name, rest)
	}
	return b.String()
}

// code writes a name so that nothing in it is taken for markup.
func code(s string) string {
	s = diag.Visible(s)
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// sections are the parts of the page, the most important first.
func (p *Plan) sections() []section {
	var findings, clusters, access, apis, policy, implicit, cost, capacity, objects, documents section
	findings = section{title: fmt.Sprintf("Findings: %s, %s", plural(p.Summary.Errors, "error"), plural(p.Summary.Warnings, "warning")), open: true}
	for _, severity := range []diag.Severity{diag.Error, diag.Warning, diag.Note} {
		for _, d := range p.Findings {
			if d.Severity != severity {
				continue
			}
			sign := "!"
			if severity == diag.Error {
				sign = "-"
			}
			findings.add("%s %s %s %s", sign, d.Severity, d.Code, d.Message)
			findings.add("    %s   %s", d.Position, d.Document)
			if d.Suggestion != "" {
				findings.add("    %s", d.Suggestion)
			}
		}
	}
	n := 0
	for i := range p.LogicalClusters {
		l := &p.LogicalClusters[i]
		n += len(l.Keys)
		clusters.add("%s %s   %s", diffSign(l.Action), l.title(), l.what())
		for _, c := range l.Causes {
			clusters.add("    because of  %s", c)
		}
		if l.Data != "" {
			clusters.add("    data        %s", l.Data)
		}
		clusters.fields(l.Fields)
		if len(l.Keys) > 1 {
			for _, key := range l.Keys {
				clusters.add("    reaches     %s", key)
			}
		}
	}
	clusters.title, clusters.open = plural(n, "logical cluster"), true
	for i := range p.Access {
		a := &p.Access[i]
		access.add("%s %s   %s", diffSign(a.Change), a.Subject, a.what())
		if len(a.Sensitive) > 0 {
			access.add("!   sensitive   %s", a.marks())
		}
		for _, c := range a.Causes {
			access.add("    because of  %s", c)
		}
		for _, line := range permissions(a.Gained) {
			access.add("+   %s", line)
		}
		for _, line := range permissions(a.Lost) {
			access.add("-   %s", line)
		}
		if len(a.In) > 1 {
			for _, place := range a.In {
				access.add("    in          %s", place)
			}
		}
	}
	access.title = fmt.Sprintf("Access: %s, %d sensitive", plural(len(p.Access), "change"), p.Summary.Sensitive)
	access.open = p.Summary.Sensitive > 0
	apis.title, apis.open = "APIs: "+apiHeadline(p.APIs), p.Summary.Breaking > 0
	for i := range p.APIs {
		a := &p.APIs[i]
		apis.add("%s %s   %s", strings.Replace(a.sign(), "~", "!", 1), a.title(), a.what())
		for _, c := range a.Causes {
			apis.add("    because of  %s", c)
		}
		for j := range a.Changes {
			apis.add("    %s", a.apiChange(&a.Changes[j]))
		}
		for _, key := range a.LogicalClusters {
			apis.add("    reaches     %s", key)
		}
	}
	if p.Policy != nil {
		policy.title, policy.open = "Policy: "+p.Policy.headline(), p.Summary.Loosened > 0
		for i := range p.Policy.Limits {
			l := &p.Policy.Limits[i]
			policy.add("%s %s   %s", strings.Replace(l.sign(), "~", "!", 1), l.title(), l.Change)
			for _, c := range l.Causes {
				policy.add("    because of  %s", c)
			}
			for _, d := range l.Details {
				policy.add("%s   %s", strings.Replace(d.sign(), "~", " ", 1), d)
				if len(d.LogicalClusters) > 1 {
					for _, key := range d.LogicalClusters {
						policy.add("      reaches   %s", key)
					}
				}
			}
		}
		for i := range p.Policy.Judgements {
			j := &p.Policy.Judgements[i]
			policy.add("%s %s", j.sign(), j.line())
			for _, c := range j.Causes {
				policy.add("    because of  %s", c)
			}
		}
	}
	for i := range p.Implicit {
		d := &p.Implicit[i]
		implicit.add("%s %s   %s", diffSign(d.Change), d.Name, d.what())
		for _, c := range d.Causes {
			implicit.add("    because of  %s", c)
		}
		for _, o := range d.Organizations {
			implicit.add("    reaches     %s", o)
		}
	}
	implicit.title = "Implicit resources: " + implicitHeadline(p.Implicit)
	if k := p.Cost; k != nil {
		cost.title = "Worst case: " + k.headline()
		for i := range k.Rows {
			r := &k.Rows[i]
			sign := " "
			if r.Crosses != "" {
				sign = "!"
			}
			cost.add("%s %s   %s   %s", sign, r.Key, r.line(k), r.bar())
		}
		for i := range k.Causes {
			x := &k.Causes[i]
			cost.add("  %s", x.line(k))
			for _, c := range x.Causes {
				cost.add("    because of  %s", c)
			}
			if len(x.LogicalClusters) > 1 {
				for _, key := range x.LogicalClusters {
					cost.add("    reaches     %s", key)
				}
			}
		}
	}
	for _, c := range p.Capacity {
		capacity.add("  %s", c)
	}
	capacity.title = "Capacity, sum of quotas"
	for _, o := range p.Objects {
		objects.add("@@ %s: %s @@", o.Cluster, counts(o.Counts, objectActions))
		for i := range o.Changes {
			c := &o.Changes[i]
			objects.add("%s %d. %s %s", diffSign(c.Action), c.Step, c.Action, c.title())
			if c.Entails != "" {
				objects.add("    %s", c.Entails)
			}
			objects.fields(c.Fields)
			if len(c.Objects) > 1 {
				for _, object := range c.Objects {
					objects.add("    %s", object)
				}
			}
		}
	}
	objects.title = "Objects: " + counts(p.Summary.Objects, objectActions)
	for i := range p.Documents {
		d := &p.Documents[i]
		documents.add("%s %s   %s   %s", diffSign(d.Change), d.title(), diag.Position{File: d.File, Line: d.Line}, d.effect())
		documents.fields(d.Fields)
	}
	documents.title = "Source: " + plural(len(p.Documents), "document")
	return []section{findings, clusters, access, apis, policy, implicit, cost, capacity, documents, objects}
}

// diffSign is the sign by which a viewer of differences colours a line.
func diffSign(action string) string {
	if s := signs[action]; s == "+" || s == "-" || s == "!" {
		return s
	}
	return "!"
}

func (s *section) add(format string, args ...any) {
	s.lines = append(s.lines, strings.TrimRight(diag.Visible(fmt.Sprintf(format, args...)), " "))
}

func (s *section) fields(fields []Field) {
	for _, f := range fields {
		line := f.String()
		s.add("%s   %s", strings.Replace(line[:1], "~", "!", 1), line[2:])
	}
}
