package diag

import (
	"bufio"
	"fmt"
	"path"
	"strings"
)

// writeGitHub writes workflow commands, one a line:
// ::error file=f,line=1,col=2,title=t::message
func writeGitHub(r Report, w *bufio.Writer, o WriteOptions) error {
	for _, d := range r.Diagnostics {
		var properties []string
		add := func(key, value string) {
			properties = append(properties, key+"="+escapeProperty(value))
		}
		if p := d.Position; p.File != "" {
			add("file", path.Join(o.Base, p.File))
			if p.Line > 0 {
				add("line", fmt.Sprint(p.Line))
				if p.Column > 0 {
					add("col", fmt.Sprint(p.Column))
				}
			}
		}
		title := d.Code.Entry().Title
		add("title", oneLine(strings.TrimSpace(string(d.Code)+" "+title)))
		fmt.Fprintf(w, "::%s %s::%s\n", githubCommand(d.level()), strings.Join(properties, ","), escapeData(githubMessage(d)))
	}
	if held := r.heldLine(); held != "" {
		fmt.Fprintf(w, "::notice title=Held back::%s\n", escapeData(oneLine(held)))
	}
	return nil // the buffer keeps the error until it is flushed
}

func githubCommand(s Severity) string {
	if s == Note {
		return "notice"
	}
	return string(s)
}

// githubMessage puts all that an annotation has no field for into its text.
func githubMessage(d Diagnostic) string {
	lines := textLines(d.Message)
	if d.Document != "" {
		lines = append(lines, "in "+oneLine(d.Document))
	}
	for _, rel := range d.Related {
		line := "see " + oneLine(rel.Position.String())
		if rel.Message != "" {
			line += ": " + strings.Join(textLines(rel.Message), " ")
		}
		lines = append(lines, line)
	}
	if d.Suggestion != "" {
		lines = append(lines, "help: "+strings.Join(textLines(d.Suggestion), "\n"))
	}
	return strings.Join(lines, "\n")
}

// escapeData escapes the text of a workflow command, which ends at a line end
// and in which the percent sign introduces an escape.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// escapeProperty escapes the value of a workflow command's property, which
// also ends at a colon or a comma.
func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
