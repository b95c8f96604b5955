package change

import (
	"github.com/tenantry/tenantry/internal/fields"
)

// Field is a field that differs. Before or After is absent where it does not
// stand.
type Field struct {
	// Path as CUE writes it: `quota.cpu`, `metadata.labels."a.b/c"`. An item of a
	// list whose items have names is called by its name: `rules[name=read].verbs`.
	Path   string `json:"path"`
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
	// File and Line are where the field of a document stands.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`

	// Elements of the path. They are no part of the JSON.
	Elements []string `json:"-"`
	// Removed: File is not in the source after the change. It is no part of the JSON.
	Removed bool `json:"-"`
}

// String tells the field's change in a line: "~ quota.cpu: 8 → 16".
func (f Field) String() string {
	sign, text := fields.Line(f.Path, f.Before, f.After)
	return sign + " " + text
}
