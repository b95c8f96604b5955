package syntax

import (
	"bytes"
	"slices"

	"github.com/tenantry/tenantry/schema"
)

// text returns the file as a directory below sees it: documents of kinds that
// are not kept are overwritten by spaces, so that all positions hold, and with
// them the imports and lets that only they use.
func (a *Analysis) text(data []byte, kept Users) []byte {
	kept |= rest
	var blank []span
	for _, s := range a.Spans {
		if kept&(1<<s.Kind) == 0 {
			blank = append(blank, s.span)
		}
	}
	blank = append(blank, a.Embeds...)
	for _, l := range a.Lets {
		if l.Users != 0 && l.Users&kept == 0 {
			blank = append(blank, l.span)
		}
	}
	for _, i := range a.Imports {
		// The schema's own import is used by the embedding that is taken out.
		if i.Users&kept == 0 && (i.Users != 0 || i.Path == schema.ImportPath && len(a.Embeds) > 0) {
			blank = append(blank, i.span)
		}
	}
	if len(blank) == 0 {
		return data
	}
	return overwrite(data, blank)
}

// overwrite replaces spans by spaces, and leaves out those at the end of a line
// or of the file: what is left must not depend on how long the spans were.
func overwrite(data []byte, blank []span) []byte {
	slices.SortFunc(blank, func(a, b span) int { return a.Start - b.Start })
	out := make([]byte, 0, len(data))
	at := 0
	for _, s := range blank {
		if s.Start < at {
			continue
		}
		out = append(out, data[at:s.Start]...)
		for _, c := range data[s.Start:s.End] {
			if c == '\n' {
				out = append(bytes.TrimRight(out, " \t\r"), c)
			} else {
				out = append(out, ' ')
			}
		}
		at = s.End
		if rest := bytes.TrimLeft(data[at:], " \t\r"); len(rest) == 0 || rest[0] == '\n' {
			out = bytes.TrimRight(out, " \t\r")
			at = len(data) - len(rest)
		}
	}
	out = append(out, data[at:]...)
	return append(bytes.TrimRight(out, " \t\r\n"), '\n')
}
