package change

import (
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/schema"
)

// API is a version or a channel of an API set that differs, and for whom.
type API struct {
	// Change is removed, edited (a version gives something else under its name), moved
	// (a channel names another version), rebound (logical clusters ask for another
	// version) or added.
	Change string `json:"change"`
	Set    string `json:"set"`
	// Dir is the directory of a set that is declared inside orgs/.
	Dir     string `json:"dir,omitempty"`
	Channel string `json:"channel,omitempty"`
	// From and To are versions; one of them is empty where there was or is none.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Verdict under the promise: compatible, conditional or breaking. It is the
	// stricter promise of the two sides.
	Verdict evolution.Class `json:"verdict"`
	Promise schema.Promise  `json:"promise"`
	// Changes of the API, as `tenantry api diff` tells them.
	Changes []evolution.Change `json:"changes"`
	// LogicalClusters that meet the change, by key, of all Bound that bound the API set
	// before.
	LogicalClusters []string `json:"logicalClusters"`
	Bound           int      `json:"bound"`
	Causes          []Cause  `json:"causes,omitempty"`
}

// Breaks reports whether somebody meets a change that breaks.
func (a *API) Breaks() bool { return a.Verdict == evolution.Breaking && len(a.LogicalClusters) > 0 }
