package diag

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJSONOfNothing(t *testing.T) {
	want := `{
  "diagnostics": [],
  "held": [],
  "summary": {
    "errors": 0,
    "warnings": 0,
    "notes": 0
  }
}
`
	if diff := cmp.Diff(want, write(t, Report{}, JSON, WriteOptions{})); diff != "" {
		t.Error(diff)
	}
}

func TestJSON(t *testing.T) {
	r := Report{
		Diagnostics: []Diagnostic{{
			Code: "TEN9001", Severity: Warning, Document: "d", Message: "a < b & c", Position: Position{"f.cue", 1, 2},
			Related: []Related{{Position{File: "g.cue", Line: 3}, "here"}}, Suggestion: "s",
		}},
		Held: []string{"b", "a"},
	}
	want := `{
  "diagnostics": [
    {
      "code": "TEN9001",
      "severity": "warning",
      "document": "d",
      "message": "a < b & c",
      "position": {
        "file": "f.cue",
        "line": 1,
        "column": 2
      },
      "related": [
        {
          "file": "g.cue",
          "line": 3,
          "message": "here"
        }
      ],
      "suggestion": "s"
    }
  ],
  "held": [
    "a",
    "b"
  ],
  "summary": {
    "errors": 0,
    "warnings": 1,
    "notes": 0
  }
}
`
	got := write(t, r, JSON, WriteOptions{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var back Report
	if err := json.Unmarshal([]byte(got), &struct {
		Diagnostics *[]Diagnostic `json:"diagnostics"`
	}{&back.Diagnostics}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Diagnostics, back.Diagnostics); diff != "" {
		t.Error("does not read back:", diff)
	}
}
