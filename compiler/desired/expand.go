// Package desired turns a placed logical cluster into its full desired state,
// whatever its backing: plain data that a backing lowers into objects, and of
// which equal content means equal output.
//
// What many logical clusters have in common is named by its content: the
// ClusterRoles of view, edit and admin, and the gate on unbound APIs, follow
// from the API versions that are bound and from nothing else. So thousands of
// logical clusters share a handful of them, and a change of content is a change
// of name.
package desired

import (
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/schema"
)

// State is the full desired state of one logical cluster on one physical
// cluster. It holds everything that is rendered of it, and nothing else: its
// digest stands for the objects that come of it.
type State struct {
	Key          string         // "acme/payments/prod"
	Organization schema.OrgPath // "acme/payments"
	Class        string
	// Declared is the state that the document declares.
	Declared schema.State
	// Held and Suspended say that errors stand in its way.
	Held, Suspended bool
	// APIs are the bindings by the name of the API set.
	APIs    []API
	Cluster string
	Cut     string
	Backing schema.Backing
	// Labels as the repo has them, without prefixes.
	Labels map[string]string
	Frozen bool
	// Phase is any but Gone.
	Phase pins.Phase
	// Network is the stance.
	Network     schema.Network
	DNS         *DNS // never nil
	PodSecurity schema.PodSecurity
	// Minor of the physical cluster's Kubernetes version.
	Minor      int
	Containers *Containers // never nil
	// Namespaces of the document by name, then the retired ones by name.
	Namespaces []Namespace
	// Grants by kind and subject; each subject has one role.
	Grants []Grant
	// Roles are the names of the ClusterRoles of view, edit and admin.
	Roles Roles
	// Gate is the name of the admission policy that refuses unbound APIs.
	Gate string
	// Policies are the IDs of the rules on writes that hold for it, sorted.
	Policies []string
	// Transforms are the IDs of what changes writes there, sorted; none where the
	// physical cluster can't.
	Transforms []string
	Source     *Source
	// Deployers is the namespace that holds the teams' deployers and the engine's objects.
	Deployers string
	Engine    schema.Engine
	// Implicit is what implicit documents give; nil if nothing.
	Implicit *Implicit
	// Patches change what it is lowered to; nil if nothing does.
	Patches *Patches
}

// Patches change objects.
type Patches struct {
	*patch.Chain
	// Region of the physical cluster, for placeholders.
	Region string
}

// Implicit are objects that implicit documents give.
type Implicit struct {
	Objects []*implicit.Object
	// Revoked is the access that the objects do not give; nil where no object gives any.
	Revoked []tenancy.Revoked
	// Region of the physical cluster, for placeholders.
	Region string
}

// API is a binding.
type API struct {
	Set string
	// Requested as the document has it: a channel or a version.
	Requested string
	Version   string
}

// DNS is where the physical cluster's DNS runs.
type DNS struct {
	Namespace string
	Labels    []Label // by key
}

// Label is a label with its value.
type Label struct{ Key, Value string }

// Containers are amounts of a LimitRange, each list by resource ("cpu", "memory").
type Containers struct {
	DefaultRequest, Default, Max, Min quota.Quota
}

// Namespace is one physical namespace.
type Namespace struct {
	Name     string // as the document has it
	Physical string
	// Hard is the ResourceQuota, by resource.
	Hard quota.Quota
	// Retired: the document no longer has it. It keeps its data, closed.
	Retired bool
}

// Grant gives a role in all namespaces to a subject.
type Grant struct {
	Kind, SubjectNamespace, Subject string
	Role                            schema.Role
}

// Roles are names of ClusterRoles.
type Roles struct{ View, Edit, Admin string }

// Source is the team's own repository.
type Source struct {
	Repo, Path, Branch string
	// Role of the deployer.
	Role schema.Role
	// Namespace is the physical namespace that objects without one go to.
	Namespace        string
	Secret, Interval string
}

// Role is a ClusterRole that bindings of tenants refer to: one for each
// distinct content on a physical cluster.
type Role struct {
	Name  string
	Level schema.Role
	Rules []Rule
}

// Rule is a rule of a ClusterRole.
type Rule struct {
	Groups, Resources, Verbs []string
}

// Gate is the set of APIs that the namespaces which carry its name may write:
// one for each distinct content on a physical cluster.
type Gate struct {
	Name string
	// Allowed are the resources that may be written, sorted.
	Allowed []Allowed
	// Withheld are fields that the physical cluster serves for others.
	Withheld []Withheld
}

// Withheld are fields of a version of a resource that must not be written.
type Withheld struct {
	Group, Resource, Version string
	// Fields are paths: ".spec.ports[*].name".
	Fields []string
}

// Allowed is a resource, and the versions in which it may be written; empty
// means all.
type Allowed struct {
	Group, Resource string
	Versions        []string
}

// Platform is what a physical cluster needs once, deduplicated by content.
type Platform struct {
	Cluster string
	Minor   int
	Engine  schema.Engine
	Roles   []Role
	Gates   []Gate
	// Policies are the rules on writes that hold for one logical cluster at least, by ID.
	Policies []*apiserver.Admission
	// Transforms change the writes of one logical cluster at least, by ID.
	Transforms []*apiserver.Transform
	CRDs       []CRD
	// Implicit are the kinds of objects that implicit documents give, by group and
	// kind.
	Implicit []GroupKind
	// Controllers are exempt from gates.
	Controllers []string
	// Engines are all those whose marks on objects are the platform's to set.
	Engines   target.Engines
	Deployers string
	// Remote: the engine reaches the cluster through a kubeconfig.
	Remote bool
}

// GroupKind is a kind of object.
type GroupKind struct{ Group, Kind string }

// CRD is a CustomResourceDefinition to install.
type CRD struct {
	Name string
	Data []byte
}
