// Package backing is the registry of backings. A backing is a package below this
// one and its row in the table here.
package backing

import (
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/backing/dedicated"
	"github.com/tenantry/tenantry/render/backing/namespace"
)

// Backing builds logical clusters on physical clusters.
type Backing interface {
	// Row returns what is known of the backing.
	Row() target.Backing
	// Check returns what a logical cluster asks for and the backing cannot do.
	Check(lc *tenancy.LogicalCluster) []tenancy.Finding
	// Lower returns the objects of a logical cluster on its physical cluster, for any
	// of some engines to apply. None may be changed.
	Lower(s *desired.State, engines target.Engines) []manifest.Map
	// Size returns how many objects Lower returns.
	Size(s *desired.State) int
}

// Registry lists backings, each with a name of its own.
type Registry []Backing

// BuiltIn returns the backings that come with Tenantry.
func BuiltIn() Registry { return Registry{namespace.Backing{}, dedicated.Backing{}} }

// Rows returns the rows of the backings.
func (r Registry) Rows() target.Backings {
	out := make(target.Backings, len(r))
	for i, b := range r {
		out[i] = b.Row()
	}
	return out
}
