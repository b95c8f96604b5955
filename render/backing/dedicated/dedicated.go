// Package dedicated gives a logical cluster a physical cluster of its own. On it
// the logical cluster is made of namespaces, as package namespace makes them.
package dedicated

import (
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/render/backing/namespace"
)

// Backing is the backing "dedicated".
type Backing struct{ namespace.Backing }

// Row returns what is known of the backing. It differs from that of namespaces in
// who else is on the physical cluster, and in nothing that a team may do.
func (b Backing) Row() target.Backing {
	row := b.Backing.Row()
	row.Name, row.Exclusive = "dedicated", true
	return row
}
