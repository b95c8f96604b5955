package diag

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/printer"
)

// Report is everything a run has to say.
type Report struct {
	Diagnostics []Diagnostic
	// Sources returns the content of a file that positions name, and false
	// where there is none. It may be nil; then no source lines are shown.
	Sources func(file string) ([]byte, bool)
	// Held are the keys of the logical clusters held at their last good document.
	Held []string
}

// Format names a way to write a report.
type Format string

const (
	// Text is for people: source lines, carets and a summary.
	Text Format = "text"
	// JSON is one object with all the report holds.
	JSON Format = "json"
	// SARIF is a SARIF 2.1.0 log, as code scanning services read it.
	SARIF Format = "sarif"
	// GitHub is a list of workflow commands that GitHub Actions shows as
	// annotations of a pull request.
	GitHub Format = "github"
	// GitLab is a Code Quality report, which GitLab shows in a merge request.
	GitLab Format = "gitlab"
)

// WriteOptions say how a report is written. A format ignores what does not
// concern it.
type WriteOptions struct {
	// Color makes the text format use ANSI colours.
	Color bool
	// Width is that of the terminal in columns, for the text format; source
	// lines beyond it are cut. 0 stands for 100.
	Width int
	// Base is the tenancy repo's directory in its git repository, "" for the root:
	// SARIF, GitHub and GitLab name files by their paths there.
	Base string
	// ToolVersion is the version of tenantry that SARIF names.
	ToolVersion string
}

var writers = []struct {
	format Format
	write  func(Report, *bufio.Writer, WriteOptions) error
}{
	{Text, writeText},
	{JSON, writeJSON},
	{SARIF, writeSARIF},
	{GitHub, writeGitHub},
	{GitLab, writeGitLab},
}

// Formats returns the formats that a report can be written in.
func Formats() []Format {
	all := make([]Format, len(writers))
	for i, w := range writers {
		all[i] = w.format
	}
	return all
}

// ParseFormat returns the format of that name. The error of an unknown one
// lists those that exist.
func ParseFormat(name string) (Format, error) {
	var valid []string
	for _, w := range writers {
		if string(w.format) == name {
			return w.format, nil
		}
		valid = append(valid, string(w.format))
	}
	return "", fmt.Errorf("unknown format %q: must be one of %s", name, strings.Join(valid, ", "))
}

// Write writes the report in one of the Formats. Diagnostics come in the order
// of Sort and held keys in theirs, each once, however the report orders them.
// The error is that of w, or of an unknown format.
func (r Report) Write(w io.Writer, f Format, o WriteOptions) error {
	for _, candidate := range writers {
		if candidate.format != f {
			continue
		}
		r.Diagnostics = ordered(r.Diagnostics)
		r.Held = slices.Compact(slices.Sorted(slices.Values(r.Held)))
		buffered := bufio.NewWriter(w)
		if err := candidate.write(r, buffered, o); err != nil {
			return err
		}
		return buffered.Flush()
	}
	_, err := ParseFormat(string(f))
	return err
}

// ordered returns a sorted copy. Sort leaves diagnostics that differ in
// nothing but their details as they came and keeps the first; ordering those
// too makes the result independent of the order in which passes, run in
// parallel, delivered them.
func ordered(ds []Diagnostic) []Diagnostic {
	ds = slices.Clone(ds)
	slices.SortFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.level().rank(), b.level().rank()), strings.Compare(string(a.Severity), string(b.Severity)),
			strings.Compare(a.Suggestion, b.Suggestion),
			slices.CompareFunc(a.Related, b.Related, func(x, y Related) int {
				return cmp.Or(x.Position.Compare(y.Position), strings.Compare(x.Message, y.Message))
			}))
	})
	return Sort(ds)
}

// level returns the severity, and Error for one that is not known: what the
// writers cannot tell apart must not look harmless.
func (d Diagnostic) level() Severity {
	switch d.Severity {
	case Warning, Note:
		return d.Severity
	}
	return Error
}

func (s Severity) rank() int { return slices.Index([]Severity{Error, Warning, Note}, s) }

// summary counts what a report holds.
type summary struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Notes    int `json:"notes"`
}

func (r Report) summary() (s summary) {
	for _, d := range r.Diagnostics {
		switch d.level() {
		case Error:
			s.Errors++
		case Warning:
			s.Warnings++
		case Note:
			s.Notes++
		}
	}
	return s
}

// String tells the counts, as "3 errors, 1 warning".
func (s summary) String() string {
	var parts []string
	for _, c := range []struct {
		n    int
		noun string
	}{{s.Errors, "error"}, {s.Warnings, "warning"}, {s.Notes, "note"}} {
		if c.n > 0 {
			parts = append(parts, printer.Count(c.n, c.noun))
		}
	}
	if parts == nil {
		return "no problems found"
	}
	return strings.Join(parts, ", ")
}

// heldListed is how many held keys a line names before it only counts.
const heldListed = 5

// heldLine says which logical clusters are held; "" when none is.
func (r Report) heldLine() string {
	if len(r.Held) == 0 {
		return ""
	}
	line := printer.Count(len(r.Held), "logical cluster") + " held at their last good document: " + printer.Some(r.Held, heldListed)
	if len(r.Held) == 1 {
		line = strings.Replace(line, "their", "its", 1)
	}
	return line
}
