package target

import "github.com/tenantry/tenantry/schema"

// Backing is the row of a backing.
type Backing struct {
	Name schema.Backing
	// Exclusive: a logical cluster is the only one of its physical cluster.
	Exclusive bool
	// Capabilities say of each capability how far a logical cluster has it.
	Capabilities map[Capability]Support
}

// Capability is something that a team may ask of a logical cluster.
type Capability string

// The capabilities.
const (
	SeveralNamespaces   Capability = "several namespaces"
	CreatingNamespaces  Capability = "creating namespaces oneself"
	OwnDefinitions      Capability = "own CustomResourceDefinitions"
	ClusterRoles        Capability = "cluster roles"
	OwnWebhooks         Capability = "own webhooks"
	CustomResources     Capability = "custom resources of bound API sets"
	NetworkStance       Capability = "network stance"
	AdmissionPolicies   Capability = "admission policies"
	ImplicitResources   Capability = "implicit resources"
	SourceOfTheTeam     Capability = "source"
	FreezingAndDeleting Capability = "freezing and confirmed deletion"
)

// Level is how far a backing keeps a capability of Kubernetes.
type Level string

// The levels.
const (
	Kept     Level = "kept"
	Emulated Level = "emulated"
	Lost     Level = "lost"
)

// Support is how far a logical cluster has a capability.
type Support struct {
	Level Level
	// Reason says how it is emulated, or why it is lost.
	Reason string
}

// Backings are the rows of all backings.
type Backings []Backing

// Named returns the row of a backing, nil if there is none.
func (l Backings) Named(name schema.Backing) *Backing {
	for i := range l {
		if l[i].Name == name {
			return &l[i]
		}
	}
	return nil
}

// Exclusive reports whether a logical cluster of a backing is the only one of its
// physical cluster.
func (l Backings) Exclusive(name schema.Backing) bool {
	b := l.Named(name)
	return b != nil && b.Exclusive
}
