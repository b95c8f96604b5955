package diag

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The shape that SARIF 2.1.0 prescribes, written down apart from the writer.
// Pointers tell absent from empty.
type (
	wantLog struct {
		Schema  string    `json:"$schema"`
		Version string    `json:"version"`
		Runs    []wantRun `json:"runs"`
	}
	wantRun struct {
		Tool *struct {
			Driver *struct {
				Name    string     `json:"name"`
				Version *string    `json:"version"`
				Rules   []wantRule `json:"rules"`
			} `json:"driver"`
		} `json:"tool"`
		AutomationDetails  *struct{ ID string }
		OriginalURIBaseIDs map[string]struct {
			URI         *string  `json:"uri"`
			Description wantText `json:"description"`
		} `json:"originalUriBaseIds"`
		ColumnKind string          `json:"columnKind"`
		Results    *[]wantResult   `json:"results"`
		Properties json.RawMessage `json:"properties"`
	}
	wantRule struct {
		ID                   string   `json:"id"`
		Name                 string   `json:"name"`
		ShortDescription     wantText `json:"shortDescription"`
		FullDescription      wantText `json:"fullDescription"`
		Help                 wantText `json:"help"`
		DefaultConfiguration struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
	}
	wantResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           *int              `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             *wantText         `json:"message"`
		Locations           []wantLocation    `json:"locations"`
		RelatedLocations    []wantLocation    `json:"relatedLocations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	wantLocation struct {
		ID               *int      `json:"id"`
		Message          *wantText `json:"message"`
		PhysicalLocation *struct {
			ArtifactLocation *struct {
				URI       string `json:"uri"`
				URIBaseID string `json:"uriBaseId"`
			} `json:"artifactLocation"`
			Region *struct {
				StartLine   int  `json:"startLine"`
				StartColumn *int `json:"startColumn"`
			} `json:"region"`
		} `json:"physicalLocation"`
	}
	wantText struct {
		Text string `json:"text"`
	}
)

// readSARIF decodes a log and asserts what the standard demands of any.
func readSARIF(t *testing.T, r Report) wantRun {
	t.Helper()
	return readSARIFBelow(t, r, "")
}

// readSARIFBelow is readSARIF for a tenancy repo in a directory of a git repository.
func readSARIFBelow(t *testing.T, r Report, base string) wantRun {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(write(t, r, SARIF, WriteOptions{ToolVersion: "1.2.3", Base: base})))
	d.DisallowUnknownFields()
	var log wantLog
	if err := d.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || !strings.HasSuffix(log.Schema, "/sarif-schema-2.1.0.json") || len(log.Runs) != 1 {
		t.Fatalf("log: %+v", log)
	}
	run := log.Runs[0]
	if run.Tool == nil || run.Tool.Driver == nil || run.Tool.Driver.Name != "tenantry" || *run.Tool.Driver.Version != "1.2.3" {
		t.Fatalf("tool: %+v", run.Tool)
	}
	if run.Results == nil || run.ColumnKind != "utf16CodeUnits" {
		t.Fatalf("run: %+v", run)
	}
	level := regexp.MustCompile(`^(error|warning|note)$`)
	used := map[string]bool{}
	for i, result := range *run.Results {
		rules := run.Tool.Driver.Rules
		if result.RuleIndex == nil || *result.RuleIndex < 0 || *result.RuleIndex >= len(rules) || rules[*result.RuleIndex].ID != result.RuleID {
			t.Errorf("result %d: rule %s at %v", i, result.RuleID, result.RuleIndex)
		}
		used[result.RuleID] = true
		if result.Message == nil || result.Message.Text == "" || !level.MatchString(result.Level) || len(result.PartialFingerprints) == 0 {
			t.Errorf("result %d: %+v", i, result)
		}
		ids := map[int]bool{}
		for _, l := range result.RelatedLocations {
			if l.ID == nil || *l.ID < 0 || ids[*l.ID] {
				t.Errorf("result %d: related location without an id of its own", i)
				continue
			}
			ids[*l.ID] = true
		}
		for _, l := range append(result.Locations, result.RelatedLocations...) {
			if l.PhysicalLocation == nil || l.PhysicalLocation.ArtifactLocation == nil {
				t.Errorf("result %d: location without a file", i)
				continue
			}
			a := l.PhysicalLocation.ArtifactLocation
			if u, err := url.Parse(a.URI); err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(a.URI, "/") {
				t.Errorf("result %d: %q is no relative URI reference (%v)", i, a.URI, err)
			}
			if _, ok := run.OriginalURIBaseIDs[a.URIBaseID]; !ok || a.URIBaseID != "%SRCROOT%" {
				t.Errorf("result %d: base %q", i, a.URIBaseID)
			}
			if region := l.PhysicalLocation.Region; region != nil && (region.StartLine < 1 || region.StartColumn != nil && *region.StartColumn < 1) {
				t.Errorf("result %d: region %+v", i, region)
			}
		}
	}
	for _, rule := range run.Tool.Driver.Rules {
		if !used[rule.ID] || rule.Name == "" || rule.ShortDescription.Text == "" || rule.FullDescription.Text == "" || rule.Help.Text == "" || !level.MatchString(rule.DefaultConfiguration.Level) {
			t.Errorf("rule: %+v", rule)
		}
		delete(used, rule.ID) // a second rule of that name is one too many
	}
	return run
}

func TestSARIF(t *testing.T) {
	run := readSARIF(t, sample())
	results := *run.Results
	if len(results) != 3 || len(run.Tool.Driver.Rules) != 3 {
		t.Fatalf("%d results of %d rules", len(results), len(run.Tool.Driver.Rules))
	}
	if results[0].Level != "warning" || results[0].Locations != nil {
		t.Errorf("a diagnostic without a position has a location: %+v", results[0])
	}
	if region := results[1].Locations[0].PhysicalLocation.Region; region.StartLine != 3 || region.StartColumn != nil {
		t.Errorf("a position without a column: %+v", region)
	}
	last := results[2]
	want := "logicalClusters \"acme/payments/prod\": quota cpu 24 is above the ceiling of 16\nhelp: ask for 16"
	if last.Message.Text != want {
		t.Errorf("message %q, want %q", last.Message.Text, want)
	}
	at, related := last.Locations[0].PhysicalLocation, last.RelatedLocations[0]
	if at.ArtifactLocation.URI != "orgs/acme/payments/prod.cue" || at.Region.StartLine != 4 || *at.Region.StartColumn != 15 {
		t.Errorf("location: %+v", at)
	}
	if related.Message.Text != "the ceiling stands here" || related.PhysicalLocation.ArtifactLocation.URI != "orgs/acme/org.cue" {
		t.Errorf("related: %+v", related)
	}
	if !strings.Contains(string(run.Properties), "acme/payments/dev") {
		t.Errorf("held logical clusters are missing: %s", run.Properties)
	}
	if empty := readSARIF(t, Report{}); len(*empty.Results) != 0 {
		t.Errorf("results of nothing: %+v", empty.Results)
	}
}

func TestSARIFColumnsCountUTF16(t *testing.T) {
	line := "é名🐳e\u0301\xff x"
	for _, c := range []struct{ column, want int }{
		{1, 1}, {2, 1}, {3, 2}, {6, 3}, {9, 3}, {10, 5}, {11, 6}, {13, 7}, {14, 8}, {15, 9}, {16, 10}, {99, 10},
	} {
		run := readSARIF(t, Report{
			Diagnostics: []Diagnostic{{Code: "TEN9001", Severity: Error, Message: "m", Position: Position{"f", 2, c.column}}},
			Sources:     files(map[string]string{"f": "\n" + line + "\n"}),
		})
		if got := *(*run.Results)[0].Locations[0].PhysicalLocation.Region.StartColumn; got != c.want {
			t.Errorf("byte column %d: %d, want %d", c.column, got, c.want)
		}
	}
}

func TestSARIFFileNames(t *testing.T) {
	for file, want := range map[string]string{
		"orgs/a b/100%.cue": "orgs/a%20b/100%25.cue",
		"a:b/c#d?e.cue":     "./a:b/c%23d%3Fe.cue",
		"é.cue":             "%C3%A9.cue",
		"//host/x.cue":      "host/x.cue",
	} {
		run := readSARIF(t, Report{Diagnostics: []Diagnostic{{Code: "TEN9001", Severity: Error, Message: "m", Position: Position{File: file}}}})
		at := (*run.Results)[0].Locations[0].PhysicalLocation
		if at.ArtifactLocation.URI != want || at.Region != nil {
			t.Errorf("%s: %q (region %v), want %q", file, at.ArtifactLocation.URI, at.Region, want)
		}
	}
}

// Files are named from the root of the git repository, and each tenancy repo in it has a
// category of its own.
func TestSARIFBelowTheRoot(t *testing.T) {
	d := Diagnostic{Code: "TEN9001", Severity: Error, Message: "m", Position: Position{File: "orgs/a.cue"}, Related: []Related{{Position: Position{File: "b.cue"}}}}
	run := readSARIFBelow(t, Report{Diagnostics: []Diagnostic{d}}, "platform/eu")
	result := (*run.Results)[0]
	if at := result.Locations[0].PhysicalLocation.ArtifactLocation.URI; at != "platform/eu/orgs/a.cue" {
		t.Errorf("the file is %q", at)
	}
	if at := result.RelatedLocations[0].PhysicalLocation.ArtifactLocation.URI; at != "platform/eu/b.cue" {
		t.Errorf("the related file is %q", at)
	}
	if run.AutomationDetails == nil || run.AutomationDetails.ID != "tenantry platform/eu/" {
		t.Errorf("automation details: %+v", run.AutomationDetails)
	}
	if run := readSARIF(t, Report{}); run.AutomationDetails != nil {
		t.Errorf("a tenancy repo of its own has the category %q", run.AutomationDetails.ID)
	}
}

func TestSARIFMessagesHoldNoMarkup(t *testing.T) {
	run := readSARIF(t, Report{Diagnostics: []Diagnostic{{Code: "TEN9001", Severity: Error, Message: "{0} and [click](https://evil.example)"}}})
	if got, want := (*run.Results)[0].Message.Text, "{{0}} and [click] (https://evil.example)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSARIFFingerprints(t *testing.T) {
	print := func(d Diagnostic) string {
		return (*readSARIF(t, Report{Diagnostics: []Diagnostic{d}}).Results)[0].PartialFingerprints["tenantryDiagnostic/v1"]
	}
	d := Diagnostic{Code: "TEN9001", Severity: Error, Document: "d", Message: "m", Position: Position{"f", 1, 1}}
	moved := d
	moved.Position.Line = 9
	if print(d) != print(moved) {
		t.Error("changes when the line moves")
	}
	for _, other := range []Diagnostic{{Code: "TEN9002", Document: "d", Message: "m"}, {Code: "TEN9001", Document: "dm", Message: ""}, {Code: "TEN9001", Document: "d", Message: "n"}} {
		other.Message += " "
		if print(d) == print(other) {
			t.Errorf("the same for %+v", other)
		}
	}
}

func TestSARIFRule(t *testing.T) {
	got := newSARIFRule(Entry{Code: "TEN0199", Severity: Note, Title: "A key isn't under {orgs}", Explain: "Because."})
	want := sarifRule{
		ID: "TEN0199", Name: "AKeyIsnTUnderOrgs", ShortDescription: sarifText{"A key isn't under {{orgs}}"},
		FullDescription: sarifText{"Because."}, Help: sarifText{"Because."}, Configuration: sarifConfiguration{Note},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
