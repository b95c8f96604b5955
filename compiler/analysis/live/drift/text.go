package drift

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/tenantry/tenantry/internal/printer"
)

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	return printer.JSON(w, r)
}

// marks stand before a finding.
var marks = map[string]string{Missing: "-", Changed: "~", Refused: "!", Unmanaged: "+"}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	counts := map[string]int{}
	compared, reached := 0, 0
	for _, c := range r.Clusters {
		compared += c.Compared
		if c.Error != "" {
			fmt.Fprintf(&b, "%s: not compared: %s\n", c.Name, c.Error)
		} else {
			reached++
		}
		if c.Error != "" && c.Compared == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s: %s", c.Name, printer.Count(c.Compared, "object"))
		if len(c.Findings) == 0 && c.Error == "" {
			b.WriteString(", no drift")
		}
		b.WriteString("\n")
		for _, p := range c.Problems {
			fmt.Fprintf(&b, "  problem: %s\n", p)
		}
		if n := len(c.Notes); n > 0 {
			fmt.Fprintf(&b, "  note: %s", c.Notes[0])
			if n > 1 {
				fmt.Fprintf(&b, ", nor %d other kinds", n-1)
			}
			b.WriteString("; what carries Tenantry's label there would not be seen\n")
		}
		for i := range c.Findings {
			counts[c.Findings[i].What]++
			c.Findings[i].write(&b)
		}
	}
	var parts []string
	for _, what := range []string{Missing, Changed, Refused, Unmanaged} {
		if counts[what] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[what], what))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no drift"}
	}
	fmt.Fprintf(&b, "\n%s; %s on %d of %s compared\n", strings.Join(parts, ", "), printer.Count(compared, "object"), reached, printer.Count(len(r.Clusters), "cluster"))
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Finding) write(b *strings.Builder) {
	fmt.Fprintf(b, "  %s %s", marks[f.What], f.id)
	switch f.What {
	case Missing:
		b.WriteString(" is missing")
	case Refused:
		b.WriteString(" would be refused")
	case Unmanaged:
		b.WriteString(" is not managed")
	}
	switch {
	case f.File != "":
		fmt.Fprintf(b, "   %s", f.File)
	case f.LogicalCluster != "":
		fmt.Fprintf(b, "   of %s", f.LogicalCluster)
	}
	b.WriteString("\n")
	for _, field := range f.Fields {
		fmt.Fprintf(b, "      %s\n", field)
	}
	if f.Message != "" {
		fmt.Fprintf(b, "      %s\n", f.Message)
	}
}

// String says how the field stands and how it is rendered.
func (f Field) String() string {
	switch {
	case f.Manager != "":
		return fmt.Sprintf("%s is %s, set by %s, and not rendered", f.Path, value(f.Live), f.Manager)
	case f.Live == nil:
		return fmt.Sprintf("%s is missing, rendered %s", f.Path, value(f.Rendered))
	case f.Rendered == nil:
		return fmt.Sprintf("%s is %s, and no longer rendered", f.Path, value(f.Live))
	}
	return fmt.Sprintf("%s is %s, rendered %s", f.Path, value(f.Live), value(f.Rendered))
}

// value is a value on one line, cut where it is long.
func value(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return "?" // never: it came from JSON
	}
	const enough = 200
	if text := []rune(string(data)); len(text) > enough {
		return string(text[:enough]) + "…"
	}
	return string(data)
}
