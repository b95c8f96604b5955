package diag

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/tenantry/tenantry/internal/printer"
)

// The types below are the part of SARIF 2.1.0 (OASIS, Static Analysis Results
// Interchange Format) that a report needs; section 3 of the standard describes
// each.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool                   `json:"tool"`
		Automation *sarifAutomation            `json:"automationDetails,omitempty"`
		BaseIDs    map[string]sarifDescription `json:"originalUriBaseIds"`
		ColumnKind string                      `json:"columnKind"`
		Results    []sarifResult               `json:"results"`
		Properties *sarifProperties            `json:"properties,omitempty"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string             `json:"id"`
		Name             string             `json:"name"`
		ShortDescription sarifText          `json:"shortDescription"`
		FullDescription  sarifText          `json:"fullDescription"`
		Help             sarifText          `json:"help"`
		Configuration    sarifConfiguration `json:"defaultConfiguration"`
	}
	sarifConfiguration struct {
		Level Severity `json:"level"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        Severity          `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations,omitempty"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Message  *sarifText     `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI    string `json:"uri"`
		BaseID string `json:"uriBaseId"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifDescription struct {
		Description sarifText `json:"description"`
	}
	sarifProperties struct {
		Held []string `json:"held"`
	}
)

// sourceRoot is the base that relative URIs of files refer to. By convention
// of code scanning services it is the root of the checkout.
const sourceRoot = "%SRCROOT%"

func writeSARIF(r Report, w *bufio.Writer, o WriteOptions) error {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "tenantry", Version: o.ToolVersion, Rules: []sarifRule{}}},
		BaseIDs:    map[string]sarifDescription{sourceRoot: {sarifText{"The root of the git repository, or of a tenancy repo that lies in none."}}},
		ColumnKind: "utf16CodeUnits",
		Results:    make([]sarifResult, 0, len(r.Diagnostics)),
	}
	if o.Base != "" {
		// The part before the slash is the category (3.17.3): a code scanning service keeps
		// the results of several tenancy repos in one git repository apart by it.
		run.Automation = &sarifAutomation{"tenantry " + o.Base + "/"}
	}
	if len(r.Held) > 0 {
		run.Properties = &sarifProperties{r.Held}
	}

	var codes []Code
	for _, d := range r.Diagnostics {
		codes = append(codes, d.Code)
	}
	codes = slices.Compact(slices.Sorted(slices.Values(codes)))
	index := make(map[Code]int, len(codes))
	for i, c := range codes {
		index[c] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newSARIFRule(c.Entry()))
	}

	sources := newSourceLines(r.Sources)
	for _, d := range r.Diagnostics {
		run.Results = append(run.Results, newSARIFResult(d, index[d.Code], sources, o.Base))
	}
	return printer.JSON(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
}

func newSARIFRule(e Entry) sarifRule {
	title := cmp.Or(e.Title, string(e.Code))
	explain := cmp.Or(e.Explain, title)
	return sarifRule{
		ID:               string(e.Code),
		Name:             pascalCase(title),
		ShortDescription: newSARIFText(title),
		FullDescription:  newSARIFText(explain),
		Help:             newSARIFText(explain),
		Configuration:    sarifConfiguration{Diagnostic{Severity: e.Severity}.level()},
	}
}

func newSARIFResult(d Diagnostic, rule int, sources *sourceLines, base string) sarifResult {
	text := d.Message
	if d.Document != "" {
		text = d.Document + ": " + text
	}
	if d.Suggestion != "" {
		text += "\nhelp: " + d.Suggestion
	}
	result := sarifResult{
		RuleID:       string(d.Code),
		RuleIndex:    rule,
		Level:        d.level(),
		Message:      newSARIFText(text),
		Fingerprints: map[string]string{"tenantryDiagnostic/v1": fingerprint(d)},
	}
	if p := newSARIFPhysical(d.Position, sources, base); p != nil {
		result.Locations = []sarifLocation{{Physical: p}}
	}
	for i, rel := range d.Related {
		location := sarifLocation{ID: i + 1, Physical: newSARIFPhysical(rel.Position, sources, base)}
		if rel.Message != "" {
			message := newSARIFText(rel.Message)
			location.Message = &message
		}
		result.Related = append(result.Related, location)
	}
	return result
}

func newSARIFPhysical(p Position, sources *sourceLines, base string) *sarifPhysical {
	if p.File == "" {
		return nil
	}
	// url.URL keeps a colon in the first segment from reading as a scheme.
	uri := (&url.URL{Path: path.Join(base, strings.TrimLeft(p.File, "/"))}).String()
	physical := &sarifPhysical{Artifact: sarifArtifact{URI: uri, BaseID: sourceRoot}}
	if p.Line > 0 {
		physical.Region = &sarifRegion{StartLine: p.Line, StartColumn: max(p.Column, 0)}
		// Where the source is not known the bytes stand; in ASCII they are the same.
		if line, ok := sources.line(p); ok && p.Column > 0 {
			physical.Region.StartColumn = utf16Column(line, p.Column)
		}
	}
	return physical
}

// newSARIFText returns a plain text message: the standard (3.11.5, 3.11.6)
// wants braces doubled, and reads "[text](target)" as a link, which what a repo
// says must not become.
func newSARIFText(s string) sarifText {
	return sarifText{strings.NewReplacer("{", "{{", "}", "}}", "](", "] (").Replace(s)}
}

// fingerprint identifies a diagnostic across revisions: it stays the same when
// lines move.
func fingerprint(d Diagnostic) string {
	sum := sha256.Sum256([]byte(string(d.Code) + "\x00" + d.Document + "\x00" + d.Message))
	return hex.EncodeToString(sum[:16])
}

// pascalCase joins the words of a title to an identifier, the form that the
// standard (3.49.7) wants for the name of a rule.
func pascalCase(title string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(title, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		for i, r := range word {
			if i == 0 {
				r = unicode.ToUpper(r)
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
