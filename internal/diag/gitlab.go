package diag

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/tenantry/tenantry/internal/printer"
)

// writeGitLab writes a Code Quality report, which GitLab shows beside the lines of
// a merge request. A finding keeps its fingerprint when it goes to another line.
func writeGitLab(r Report, w *bufio.Writer, o WriteOptions) error {
	type lines struct {
		Begin int `json:"begin"`
	}
	type location struct {
		Path  string `json:"path"`
		Lines lines  `json:"lines"`
	}
	type issue struct {
		Description string   `json:"description"`
		CheckName   string   `json:"check_name"`
		Fingerprint string   `json:"fingerprint"`
		Severity    string   `json:"severity"`
		Location    location `json:"location"`
	}
	severities := map[Severity]string{Error: "major", Warning: "minor", Note: "info"}
	issues := []issue{}
	seen := map[string]int{}
	for _, d := range r.Diagnostics {
		description := strings.Join(textLines(d.Message), " ")
		if d.Document != "" {
			description = oneLine(d.Document) + ": " + description
		}
		if d.Suggestion != "" {
			description += " (" + strings.Join(textLines(d.Suggestion), " ") + ")"
		}
		id := strings.Join([]string{string(d.Code), d.Position.File, d.Document, d.Message}, "\x00")
		seen[id]++ // the same may be said of two lines of a file
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", id, seen[id]))
		issues = append(issues, issue{description, string(d.Code), hex.EncodeToString(sum[:16]), severities[d.level()],
			location{path.Join(o.Base, d.Position.File), lines{max(d.Position.Line, 1)}}})
	}
	return printer.JSON(w, issues)
}
