package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/plan"
	"pgregory.net/rapid"
)

func markdown(t testing.TB, p *plan.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := p.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// large has many changes of every kind.
func large(clusters, objects, documents int) *plan.Plan {
	p := &plan.Plan{}
	for i := range clusters {
		p.LogicalClusters = append(p.LogicalClusters, plan.LogicalClusters{Action: plan.Changes, Keys: []string{fmt.Sprintf("acme/team/lc%d", i)}})
	}
	for i := range objects {
		p.Objects = append(p.Objects, plan.Objects{Cluster: fmt.Sprintf("eu-%d", i), Changes: []plan.ObjectChange{{
			Action: plan.Update, Kind: "ConfigMap", Objects: []plan.Object{{Namespace: "acme", Name: fmt.Sprintf("object%d", i)}},
		}}})
	}
	for i := range documents {
		p.Documents = append(p.Documents, plan.Document{Change: plan.Added, Kind: "policies", Key: fmt.Sprintf("document%d", i)})
	}
	return p
}

// A comment never exceeds what a comment may hold, says what it leaves out, and
// leaves out objects before logical clusters.
func TestMarkdownFits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.SampledFrom([]int{0, 1, 30, 700, 3000})
		clusters, objects, documents := count.Draw(rt, "clusters"), count.Draw(rt, "objects"), count.Draw(rt, "documents")
		text := markdown(t, large(clusters, objects, documents))
		if len(text) > plan.MarkdownLimit {
			rt.Fatalf("%d bytes", len(text))
		}
		shown := func(what string) int { return strings.Count(text, what) }
		all := shown("acme/team/lc") == clusters && shown("acme/object") == objects && shown(`"document`) == documents
		if all == strings.Contains(text, "left out") {
			rt.Fatalf("everything is there: %v, and something is left out: %v", all, !all)
		}
		if shown("acme/team/lc") < clusters && (shown("acme/object") > 0 || shown(`"document`) > 0) {
			rt.Fatalf("logical clusters are left out while less important lines stand")
		}
	})
}

// Names in a repo can't end the block that they stand in, nor hide.
func TestMarkdownIsInert(t *testing.T) {
	p := &plan.Plan{Findings: []diag.Diagnostic{{Code: "TEN0901", Severity: diag.Warning, Message: "```\n</details><script>\u202e\x1b[1m"}}}
	text := markdown(t, p)
	if strings.ContainsAny(text, "\u202e\x1b") || !strings.Contains(text, "````diff\n") {
		t.Errorf("%s", text)
	}
}
