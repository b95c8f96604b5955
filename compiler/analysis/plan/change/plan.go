// Package change is what a plan says, as values: each type is a part of the JSON
// tenantry.dev/plan/v1, which docs/plan.md documents. It is public and stable: a
// field may be added, none changes its meaning or goes.
package change

import (
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/report"
)

// Version is the apiVersion of a plan as JSON. A field may be added under the
// same version; none changes its meaning or goes.
const Version = "tenantry.dev/plan/v1"

// Plan is what a change would do.
type Plan struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"` // Plan
	Before     Side   `json:"before"`
	After      Side   `json:"after"`
	// Directory is where the tenancy repo lies in its git repository; empty for the root.
	Directory string `json:"directory,omitempty"`
	// AsOf is the date of both sides.
	AsOf string `json:"asOf"`
	// Provisional: no decisions are published, so placements and names are what
	// would be decided on an empty output.
	Provisional bool    `json:"provisional,omitempty"`
	Summary     Summary `json:"summary"`
	// LogicalClusters that differ, those of equal effect together.
	LogicalClusters []LogicalClusters `json:"logicalClusters"`
	// Access is who gains and loses what.
	Access []Access `json:"access"`
	// APIs are the versions and channels of API sets that differ.
	APIs []API `json:"apis"`
	// Implicit are the implicit documents that give something else, or to others.
	Implicit []Implicit `json:"implicit"`
	// Policy is how policies and all other limits differ; nil where none does.
	Policy *Policy `json:"policy,omitempty"`
	// Cost is how the worst case a month differs; nil where neither it nor a budget
	// does.
	Cost *Cost `json:"cost,omitempty"`
	// Capacity of the physical clusters on which the sum of quotas changes.
	Capacity []Capacity `json:"capacity"`
	// Objects that differ, by where they stand.
	Objects []Objects `json:"objects"`
	// Documents that differ: what all else follows from.
	Documents []Document `json:"documents"`
	// Findings are what the side after has to say and the side before has not, and
	// what is notable about the change itself.
	Findings []diag.Diagnostic `json:"findings"`
	// Standing counts the errors that both sides have.
	Standing int `json:"standingErrors"`
}

// Side is one side of a plan.
type Side struct {
	// Name names the revision for people: "main (4f1c2a7)", "working tree".
	Name string `json:"name"`
	// Commit is its full hash; empty for a directory.
	Commit string `json:"commit,omitempty"`
}

// Cause is a place in the source from which a difference follows.
type Cause struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"`
	// Document is what stands there: `organizations "acme"`; empty for a file of
	// which only the text is known to differ.
	Document string `json:"document,omitempty"`
	// Removed: the place is in the source before the change.
	Removed bool `json:"removed,omitempty"`
}

// String names the place: "orgs/acme/org.cue:3 (organizations "acme")".
func (c Cause) String() string { return report.Cause(c).String() }

// Empty reports whether the change does nothing at all.
func (p *Plan) Empty() bool {
	return len(p.Documents) == 0 && len(p.LogicalClusters) == 0 && len(p.Access) == 0 && len(p.Capacity) == 0 &&
		len(p.APIs) == 0 && len(p.Implicit) == 0 && p.Policy == nil && p.Cost == nil && len(p.Objects) == 0 && len(p.Findings) == 0
}
