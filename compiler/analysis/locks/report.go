package locks

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/internal/printer"
)

// Report says how implicit resources differ from what was accepted of them.
type Report struct {
	changes []*implicit.Change
	rows    []row
}

// row is an implicit resource as JSON.
type row struct {
	Name    string          `json:"name"`
	Status  implicit.Status `json:"status"`
	Content bool            `json:"contentChanged,omitempty"`
	Select  bool            `json:"selectorChanged,omitempty"`
	Invalid bool            `json:"invalid,omitempty"`
	// Accepted is how many logical clusters it reached at acceptance, Reaches how
	// many it reaches as it stands.
	Accepted int               `json:"reachedAtAcceptance"`
	Reaches  int               `json:"reaches"`
	Touch    map[string]effect `json:"byOrganization,omitempty"`
}

type effect struct {
	Touch []string `json:"touch,omitempty"`
	Lose  []string `json:"lose,omitempty"`
	Alter []string `json:"alter,omitempty"`
}

// Of returns the report of all implicit resources.
func Of(r *compiler.Result) *Report {
	out := &Report{changes: r.Changes, rows: make([]row, 0, len(r.Changes))}
	for _, change := range r.Changes {
		if !change.Pending() {
			change.Compare(r.Tenancy, r.Implicit)
		}
		out.rows = append(out.rows, rowOf(change))
	}
	return out
}

func rowOf(change *implicit.Change) row {
	out := row{Name: change.Ref(), Status: change.Status, Content: change.Content, Select: change.Selector, Invalid: change.Invalid, Reaches: len(change.Reach)}
	if change.Lock != nil {
		out.Accepted = len(change.Lock.Reach)
	}
	for _, o := range change.ByOrganization() {
		if out.Touch == nil {
			out.Touch = map[string]effect{}
		}
		out.Touch[o.Organization] = effect{o.Touch, o.Lose, o.Alter}
	}
	return out
}

// Pending reports whether anything waits to be accepted.
func (r *Report) Pending() bool { return slices.ContainsFunc(r.changes, (*implicit.Change).Pending) }

// WriteJSON writes an array of all implicit resources.
func (r *Report) WriteJSON(w io.Writer) error {
	data, err := json.MarshalIndent(r.rows, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", data)
	return err
}

// WriteText writes a row for each implicit resource, and below it what accepting those
// that wait would do.
func (r *Report) WriteText(w io.Writer) error {
	t := printer.NewTable(w, "IMPLICIT RESOURCE", "STATUS", "REACHES", "AT ACCEPTANCE")
	for _, row := range r.rows {
		status, at := string(row.Status), "-"
		if row.Invalid {
			status += ", in error"
		}
		if row.Accepted > 0 || row.Status == implicit.Accepted {
			at = fmt.Sprint(row.Accepted)
		}
		t.Row(row.Name, status, row.Reaches, at)
	}
	if err := t.End(); err != nil {
		return err
	}
	for _, change := range r.changes {
		if change.Pending() {
			fmt.Fprintln(w)
			describe(w, change)
		}
	}
	return nil
}

// describe lists what accepting a change would do, by organization.
func describe(w io.Writer, change *implicit.Change) {
	fmt.Fprintf(w, "accepting %s %s\n", change.Ref(), change.Summary())
	for _, o := range change.ByOrganization() {
		fmt.Fprintf(w, "  %s\n", o)
		for _, p := range []struct {
			sign string
			keys []string
		}{{"+", o.Touch}, {"-", o.Lose}, {"~", o.Alter}} {
			for _, key := range p.keys {
				fmt.Fprintf(w, "    %s %s\n", p.sign, key)
			}
		}
	}
}
