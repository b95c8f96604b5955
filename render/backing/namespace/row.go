package namespace

import (
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Backing is the backing "namespace".
type Backing struct{}

// Row returns what is known of the backing.
func (Backing) Row() target.Backing {
	const scope = "it belongs to the whole physical cluster and not to a namespace"
	kept := target.Support{Level: target.Kept}
	lost := target.Support{Level: target.Lost, Reason: scope}
	return target.Backing{
		Name: "namespace",
		Capabilities: map[target.Capability]target.Support{
			target.SeveralNamespaces:   kept,
			target.CreatingNamespaces:  lost,
			target.OwnDefinitions:      lost,
			target.ClusterRoles:        lost,
			target.OwnWebhooks:         lost,
			target.CustomResources:     kept,
			target.NetworkStance:       kept,
			target.AdmissionPolicies:   kept,
			target.ImplicitResources:   kept,
			target.SourceOfTheTeam:     kept,
			target.FreezingAndDeleting: kept,
		},
	}
}

// Check returns nothing: a document cannot ask for what the backing cannot do.
func (Backing) Check(*tenancy.LogicalCluster) []tenancy.Finding { return nil }
