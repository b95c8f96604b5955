package evolution

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

// Report is all that changed, with the verdict under a promise.
type Report struct {
	Verdict Class          `json:"verdict"`
	Promise schema.Promise `json:"promise"`
	Changes []Change       `json:"changes"`
	// CutShort is how many changes may have a witness that was not looked for to the end.
	CutShort int `json:"cutShort,omitempty"`
}

// NewReport judges the changes under a promise; an empty one is full.
func NewReport(changes []Change, p schema.Promise) Report {
	if p == "" {
		p = schema.PromiseFull
	}
	if changes == nil {
		changes = []Change{} // readers may iterate without asking
	}
	r := Report{Verdict: Verdict(changes, p), Promise: p, Changes: changes}
	for i := range changes {
		if changes[i].CutShort {
			r.CutShort++
		}
	}
	return r
}

// Count returns how many changes are of the class under the promise.
func (r Report) Count(c Class) int {
	n := 0
	for i := range r.Changes {
		if r.Changes[i].Judge(r.Promise) == c {
			n++
		}
	}
	return n
}

// Summary tells the verdict and the counts in a line.
func (r Report) Summary() string {
	if len(r.Changes) == 0 {
		return string(r.Verdict) + ": nothing changed"
	}
	var counts []string
	for _, c := range slices.Backward(classes) {
		if n := r.Count(c); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, c))
		}
	}
	summary := fmt.Sprintf("%s under the promise %s: %s", r.Verdict, r.Promise, strings.Join(counts, ", "))
	if r.CutShort > 0 {
		summary += fmt.Sprintf("; witnesses of %d not searched to the end", r.CutShort)
	}
	return summary
}

// WriteJSON writes the report as one object.
func (r Report) WriteJSON(w io.Writer) error {
	return printer.JSON(w, r)
}

// Concern says for whom a change is of its class, and on what condition.
func (c *Change) Concern(p schema.Promise) []string {
	var out []string
	for _, side := range []struct {
		who       string
		class     Class
		condition string
	}{{"writers", c.Writers, c.WritersIf}, {"readers", c.Readers, c.ReadersIf}} {
		if p == schema.PromiseNone || p == schema.PromiseBackward && side.who == "readers" {
			continue
		}
		switch side.class {
		case Breaking:
			out = append(out, "breaks "+side.who)
		case Conditional:
			line := "may break " + side.who
			if side.condition != "" {
				line = fmt.Sprintf("safe for %s if %s (%s)", side.who, conditionTexts[side.condition], side.condition)
			}
			out = append(out, line)
		}
	}
	return out
}

// witnessed returns what the witness is said to show, and the witness as a line of
// JSON, if there is one.
func (c *Change) witnessed() (says, witness string) {
	if c.CutShort {
		return "no witness was found before the search was cut short", ""
	}
	if c.Witness == nil {
		return "", ""
	}
	data, err := json.Marshal(c.Witness)
	if err != nil {
		return "", ""
	}
	return "accepted before, refused now: ", string(data)
}

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer, color bool) error {
	b := bufio.NewWriter(w)
	paint := func(c Class, s string) string {
		codes := map[Class]string{Breaking: "\x1b[1;31m", Conditional: "\x1b[1;33m", Compatible: "\x1b[32m"}
		if !color {
			return s
		}
		return codes[c] + s + "\x1b[0m"
	}
	heading := ""
	for i := range r.Changes {
		c := &r.Changes[i]
		if h := strings.TrimSpace(c.Resource + " " + c.Version); h != heading {
			if heading != "" {
				fmt.Fprintln(b)
			}
			fmt.Fprintln(b, diag.Visible(h))
			heading = h
		}
		class := c.Judge(r.Promise)
		at := c.Path
		if at != "" {
			at += ": "
		}
		fmt.Fprintf(b, "  %s  %s [%s/%s]\n", paint(class, fmt.Sprintf("%-11s", class)), diag.Visible(at+c.Message), c.Rule, c.Case)
		for _, line := range c.Concern(r.Promise) {
			fmt.Fprintf(b, "               %s\n", line)
		}
		if says, witness := c.witnessed(); says != "" {
			fmt.Fprintf(b, "               %s%s\n", says, diag.Visible(witness))
		}
	}
	if heading != "" {
		fmt.Fprintln(b)
	}
	fmt.Fprintln(b, paint(r.Verdict, r.Summary()))
	return b.Flush()
}

// WriteMarkdown writes the report as a section for a pull request.
func (r Report) WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "### API changes: %s\n", r.Summary())
	heading := ""
	for i := range r.Changes {
		c := &r.Changes[i]
		if h := strings.TrimSpace(c.Resource + " " + c.Version); h != heading {
			fmt.Fprintf(b, "\n**%s**\n\n| | Where | What | For whom | Rule |\n| --- | --- | --- | --- | --- |\n", Markdown(h))
			heading = h
		}
		what := Markdown(c.Message)
		if says, witness := c.witnessed(); says != "" {
			what += "<br>" + says + code(witness)
		}
		var concern []string
		for _, line := range c.Concern(r.Promise) {
			concern = append(concern, Markdown(line))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | `%s/%s` |\n", c.Judge(r.Promise), code(c.Path), what, strings.Join(concern, "<br>"), c.Rule, c.Case)
	}
	return b.Flush()
}

// Markdown returns text that no Markdown reader takes for markup.
func Markdown(s string) string {
	return markup.Replace(diag.Visible(s))
}

var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "*", "&#42;", "_", "&#95;", "`", "&#96;", "[", "&#91;", "]", "&#93;",
	"@", "&#64;", "#", "&#35;", "~", "&#126;", "\\", "&#92;")

func code(s string) string {
	if s == "" {
		return ""
	}
	return "<code>" + Markdown(s) + "</code>"
}

// Diagnostics returns the changes as findings. at tells where a change stands.
func (r Report) Diagnostics(at func(*Change) diag.Position) []diag.Diagnostic {
	codes := map[Class]diag.Code{Breaking: diag.APIBreaking, Conditional: diag.APIConditional, Compatible: diag.APICompatible}
	var out []diag.Diagnostic
	for i := range r.Changes {
		c := &r.Changes[i]
		where := strings.TrimSpace(c.Resource + " " + c.Version)
		if c.Path != "" {
			where += " " + c.Path
		}
		message := fmt.Sprintf("%s: %s (%s/%s)", where, c.Message, c.Rule, c.Case)
		if concern := c.Concern(r.Promise); concern != nil {
			message += "\n" + strings.Join(concern, "\n")
		}
		if says, witness := c.witnessed(); says != "" {
			message += "\n" + says + witness
		}
		out = append(out, diag.New(codes[c.Judge(r.Promise)], at(c), "%s", message))
	}
	return out
}
