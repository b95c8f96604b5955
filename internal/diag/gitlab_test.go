package diag_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/diag"
)

// A Code Quality report has what GitLab demands of each finding, and fingerprints
// that tell findings apart and stay when lines are added above.
func TestGitLab(t *testing.T) {
	report := func(line int) []map[string]any {
		t.Helper()
		about := func(d diag.Diagnostic) diag.Diagnostic { return d.About(`logicalClusters "acme/prod"`) }
		r := diag.Report{Diagnostics: []diag.Diagnostic{
			about(diag.New(diag.PlanDeletion, diag.Position{File: "orgs/acme/prod.cue", Line: line}, "it is deleted")),
			about(diag.New(diag.PlanDeletion, diag.Position{File: "orgs/acme/prod.cue", Line: line + 1}, "it is deleted")),
			diag.New(diag.PlanMove, diag.Position{}, "it moves").Suggest("stay"),
		}}
		var b strings.Builder
		if err := r.Write(&b, diag.GitLab, diag.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		var issues []map[string]any
		if err := json.Unmarshal([]byte(b.String()), &issues); err != nil {
			t.Fatal(err)
		}
		return issues
	}
	first, later := report(3), report(5)
	fingerprints := map[any]bool{}
	for i, issue := range first {
		for _, field := range []string{"description", "check_name", "fingerprint"} {
			if s, _ := issue[field].(string); s == "" {
				t.Errorf("finding %d has no %s", i, field)
			}
		}
		if issue["severity"] != "minor" {
			t.Errorf("finding %d has severity %v", i, issue["severity"])
		}
		if line := issue["location"].(map[string]any)["lines"].(map[string]any)["begin"].(float64); line < 1 {
			t.Errorf("finding %d begins at line %v", i, line)
		}
		if issue["fingerprint"] != later[i]["fingerprint"] {
			t.Errorf("finding %d has another fingerprint on another line", i)
		}
		fingerprints[issue["fingerprint"]] = true
	}
	if len(fingerprints) != len(first) {
		t.Errorf("%d findings have %d fingerprints", len(first), len(fingerprints))
	}
}
