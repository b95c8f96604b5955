package change

import (
	"fmt"
)

// What happens to a document.
const (
	Added   = "added"
	Changed = "changed"
	Removed = "removed"
)

// Document is a document that differs.
type Document struct {
	Change string `json:"change"` // added, changed or removed
	Kind   string `json:"kind"`
	Key    string `json:"key,omitempty"`
	// Dir is the directory that declares it, MovedFrom the one that did before.
	Dir       string `json:"dir"`
	MovedFrom string `json:"movedFrom,omitempty"`
	File      string `json:"file"`
	Line      int    `json:"line,omitempty"`
	// Fields that differ, of a document that stands on both sides.
	Fields []Field `json:"fields,omitempty"`
	// Reach is the number of logical clusters that differ because of it.
	Reach int `json:"reach"`
}

// Title names the document: `organizations "acme"`.
func (d *Document) Title() string {
	if d.Key == "" {
		return d.Kind
	}
	return fmt.Sprintf("%s %q", d.Kind, d.Key)
}

// AllCauses are the places of all that differs in the document.
func (d *Document) Causes() []Cause {
	if len(d.Fields) == 0 {
		return []Cause{{File: d.File, Line: d.Line, Document: d.Title(), Removed: d.Change == Removed}}
	}
	out := make([]Cause, len(d.Fields))
	for i := range d.Fields {
		out[i] = d.Fields[i].Cause(d)
	}
	return out
}

// Cause is the place of a field of a document.
func (f *Field) Cause(d *Document) Cause {
	return Cause{File: f.File, Line: f.Line, Document: d.Title(), Removed: f.Removed}
}
