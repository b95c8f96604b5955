package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/plan"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/report"
	"github.com/tenantry/tenantry/internal/testkit"
	"pgregory.net/rapid"
)

func markdown(t testing.TB, p *change.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := (&plan.Plan{Plan: *p}).WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// large has many changes.
func large(clusters, objects, documents int) *change.Plan {
	p := &change.Plan{}
	for i := range clusters {
		p.LogicalClusters = append(p.LogicalClusters, change.LogicalClusters{Action: change.Changes, Keys: []string{fmt.Sprintf("acme/team/lc%d", i)}})
	}
	for i := range objects {
		p.Objects = append(p.Objects, change.Objects{Cluster: fmt.Sprintf("eu-%d", i), Changes: []change.ObjectChange{{
			Action: change.Update, Kind: "ConfigMap", Objects: []change.Object{{Namespace: "acme", Name: fmt.Sprintf("object%d", i)}},
		}}})
	}
	for i := range documents {
		p.Documents = append(p.Documents, change.Document{Change: change.Added, Kind: "policies", Key: fmt.Sprintf("document%d", i)})
	}
	return p
}

// parts are those of a plan, the most important first: how to make n items of one,
// and by what they are told apart in a comment.
var parts = []struct {
	word string
	add  func(p *change.Plan, n int)
}{
	{"finding%d.", func(p *change.Plan, n int) {
		for i := range n {
			p.Findings = append(p.Findings, diag.New(diag.PlanMove, diag.Position{}, "finding%d.", i))
		}
	}},
	{"acme/team/lc%d ", func(p *change.Plan, n int) { p.LogicalClusters = large(n, 0, 0).LogicalClusters }},
	{"subject%d ", func(p *change.Plan, n int) {
		for i := range n {
			p.Access = append(p.Access, change.Access{Change: change.Gains, Subject: fmt.Sprintf("group:subject%d", i), In: []change.Place{{LogicalCluster: "acme/prod"}}})
		}
	}},
	{"api%d ", func(p *change.Plan, n int) {
		for i := range n {
			p.APIs = append(p.APIs, change.API{Change: "edited", Set: fmt.Sprintf("api%d", i), From: "v1", To: "v1", Verdict: "compatible"})
		}
	}},
	{"limit%d ", func(p *change.Plan, n int) {
		p.Policy = &change.Policy{}
		for i := range n {
			p.Policy.Limits = append(p.Policy.Limits, change.Limit{Change: change.Tightened, Kind: "policy", Name: fmt.Sprintf("limit%d", i)})
		}
	}},
	{"given%d ", func(p *change.Plan, n int) {
		for i := range n {
			p.Implicit = append(p.Implicit, change.Implicit{Change: change.Changed, Name: fmt.Sprintf("given%d", i)})
		}
	}},
	{"acme/row%d ", func(p *change.Plan, n int) {
		p.Cost = &change.Cost{Currency: "EUR"}
		for i := range n {
			p.Cost.Rows = append(p.Cost.Rows, change.CostRow{Kind: "organization", Key: fmt.Sprintf("acme/row%d", i)})
		}
	}},
	{"site%d ", func(p *change.Plan, n int) {
		for i := range n {
			p.Capacity = append(p.Capacity, change.Capacity{Cluster: fmt.Sprintf("site%d", i), Amount: "cpu", Before: "1", After: "2", Capacity: "3"})
		}
	}},
	{`"document%d"`, func(p *change.Plan, n int) { p.Documents = large(0, 0, n).Documents }},
	{"acme/object%d\n", func(p *change.Plan, n int) { p.Objects = large(0, n, 0).Objects }},
}

// A comment never exceeds what a comment may hold, says what it leaves out, and
// leaves out the least important first.
func TestMarkdownFits(t *testing.T) {
	testkit.Rounds(t, 40)
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.SampledFrom([]int{0, 1, 30, 700, 3000})
		p := &change.Plan{}
		counts := make([]int, len(parts))
		for i, part := range parts {
			counts[i] = count.Draw(rt, part.word)
			part.add(p, counts[i])
		}
		text := markdown(t, p)
		if len(text) > report.MarkdownLimit {
			rt.Fatalf("%d bytes", len(text))
		}
		shown := make([]int, len(parts))
		all := true
		for i, part := range parts {
			for shown[i] < counts[i] && strings.Contains(text, fmt.Sprintf(part.word, shown[i])) {
				shown[i]++
			}
			all = all && shown[i] == counts[i]
		}
		if all == strings.Contains(text, "left out") {
			rt.Fatalf("everything is there: %v, and something is left out: %v", all, !all)
		}
		for i := range parts {
			for j := i + 1; j < len(parts); j++ {
				if shown[i] < counts[i] && shown[j] > 0 {
					rt.Fatalf("%q is left out (%d of %d) while the less important %q stands", parts[i].word, shown[i], counts[i], parts[j].word)
				}
			}
		}
	})
}

// Names in a repo can't end the block that they stand in, nor hide.
func TestMarkdownIsInert(t *testing.T) {
	p := &change.Plan{Findings: []diag.Diagnostic{{Code: "TEN0901", Severity: diag.Warning, Message: "```\n</details><script>\u202e\x1b[1m"}}}
	text := markdown(t, p)
	if strings.ContainsAny(text, "\u202e\x1b") || !strings.Contains(text, "````diff\n") {
		t.Errorf("%s", text)
	}
}
