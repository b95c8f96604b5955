package plan

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/internal/diag"
)

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
