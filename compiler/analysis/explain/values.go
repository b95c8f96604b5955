package explain

import (
	"io"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

// writeValues writes a line for each value, and below it one for each further step.
func writeValues(w io.Writer, values []tenancy.Value, indent string) error {
	t := printer.NewTable(w)
	for _, v := range values {
		for i, s := range v.Steps {
			name, text := "", "  "+s.Text
			if i == 0 {
				name, text = v.Field, v.Text
			}
			from := origin(s.Origin)
			switch {
			case s.Effect == tenancy.Refers, s.Effect == tenancy.Sets && s.Text == v.Text:
			case s.Effect == tenancy.Sets:
				from += ": " + s.Text
			case i == 0 && s.Effect == tenancy.Refused:
				text, from = "none", from+": "+s.Text+" is refused"
			default:
				from += ", " + string(s.Effect)
			}
			t.Row(indent+name, printer.OrDash(strings.TrimRight(text, " ")), from)
		}
	}
	return t.End()
}

func origin(o tenancy.Origin) string {
	from := o.From
	switch o.From {
	case "default":
		from = "the schema's default"
	case FromPins:
		from = "decided by an earlier build"
	case FromPlacement:
		from = "decided by this run"
	}
	if o.Pos.IsZero() {
		return from
	}
	return from + ", " + o.Pos.String()
}

// valueJSON is a value as JSON.
type valueJSON struct {
	Field string     `json:"field"`
	Value string     `json:"value"`
	Steps []stepJSON `json:"steps"`
}

type stepJSON struct {
	From   string         `json:"from"`
	Value  string         `json:"value"`
	Effect tenancy.Effect `json:"effect"`
	At     *diag.Position `json:"at,omitempty"`
}

func valuesJSON(values []tenancy.Value) []valueJSON {
	out := []valueJSON{}
	for _, v := range values {
		value := valueJSON{v.Field, v.Text, []stepJSON{}}
		for _, s := range v.Steps {
			step := stepJSON{From: s.From, Value: s.Text, Effect: s.Effect}
			if !s.Pos.IsZero() {
				step.At = &s.Pos
			}
			value.Steps = append(value.Steps, step)
		}
		out = append(out, value)
	}
	return out
}
