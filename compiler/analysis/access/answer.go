package access

import (
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Answer says who has access to some logical clusters.
type Answer struct {
	// Pins are the decisions that say where logical clusters are.
	Pins    pins.Origin
	access  *Access
	entries []Entry
	closed  []closedCluster
}

// closedCluster is a logical cluster in which nobody has access, and why.
type closedCluster struct {
	LogicalCluster string `json:"logicalCluster"`
	Reason         string `json:"reason"`
	Grants         int    `json:"grantsInRepo"`
}

// Find returns who has access to logical clusters, which stand where sites say. With
// an identity it is only what that may do.
func (a *Access) Find(lcs []*tenancy.LogicalCluster, sites map[string]*pins.LogicalCluster, who *Identity) *Answer {
	out := &Answer{access: a}
	for _, lc := range lcs {
		switch {
		case lc.Suspended:
			out.closed = append(out.closed, closedCluster{lc.Key, "suspended", len(lc.Access)})
		case sites[lc.Key] == nil:
			out.closed = append(out.closed, closedCluster{lc.Key, "not placed", len(lc.Access)})
		case who != nil:
			out.entries = append(out.entries, a.As(lc.Key, *who)...)
		default:
			out.entries = append(out.entries, a.In(lc.Key)...)
		}
	}
	return out
}
