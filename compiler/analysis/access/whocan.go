package access

import (
	"fmt"
	"io"
	"strings"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/printer"
)

// Allowed says who may do something.
type Allowed struct {
	pins   pins.Origin
	action Action
	rows   []allowedRow
}

// allowedRow is a subject that may do it, as JSON.
type allowedRow struct {
	entryJSON
	// UnknownRole: it depends on a role whose content is not known here.
	UnknownRole bool `json:"unknownRole,omitempty"`
	// Denied by admission, though a role grants it.
	Denied   Refusal  `json:"deniedBy,omitempty"`
	Versions []string `json:"inVersions,omitempty"`

	place, from string
}

// WhoCan returns those of the answer who may do something. It lists who is granted it
// and refused by admission, too.
func (out *Answer) WhoCan(a Action) *Allowed {
	list := &Allowed{pins: out.Pins, action: a, rows: []allowedRow{}}
	for i := range out.entries {
		e := &out.entries[i]
		d := e.Rights.Decide(a.Verb, a.Group, a.Resource)
		if !d.Granted && !d.Unknown {
			continue
		}
		list.rows = append(list.rows, allowedRow{
			entryJSON: out.access.entryJSON(e), UnknownRole: d.Unknown, Denied: d.Refused, Versions: d.Versions, place: e.place(), from: e.from(),
		})
	}
	return list
}

// WriteJSON writes one object with the action and who may do it.
func (l *Allowed) WriteJSON(w io.Writer) error {
	return printer.JSON(w, struct {
		Pins     pins.Origin  `json:"pins"`
		Verb     string       `json:"verb"`
		Group    string       `json:"group"`
		Resource string       `json:"resource"`
		WhoCan   []allowedRow `json:"whoCan"`
	}{l.pins, l.action.Verb, l.action.Group, l.action.Resource, l.rows})
}

// WriteTable writes a row for each subject and logical cluster.
func (l *Allowed) WriteTable(w io.Writer) error {
	if len(l.rows) == 0 {
		_, err := fmt.Fprintln(w, "nobody")
		return err
	}
	t := printer.NewTable(w, "SUBJECT", "LOGICAL CLUSTER", "DENIED", "FROM")
	for _, r := range l.rows {
		denied := string(r.Denied)
		if r.UnknownRole {
			denied = "not known: depends on its role"
		}
		if len(r.Versions) > 0 {
			denied = "outside " + strings.Join(r.Versions, ", ")
		}
		t.Row(r.Subject, r.place, printer.OrDash(denied), r.from)
	}
	return t.End()
}
