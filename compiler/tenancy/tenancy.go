// Package tenancy is what a tenancy repo means: its organizations as a tree,
// and each logical cluster with everything that it inherits.
//
// Resolve turns documents into a Tenancy: it follows references, composes what
// is inherited (the document, then its class, then its organizations upwards,
// then the schema's own defaults) and turns channels into versions. Check
// judges what spans documents: offers, ceilings, lifecycles, label owners.
// Placing comes later: nothing here knows of a physical cluster's load.
package tenancy

import (
	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Tenancy is a resolved tenancy repo. Every list is sorted by key. Logical
// clusters share what they inherit: maps and slices are for reading only.
type Tenancy struct {
	Settings        Settings
	Clusters        []*PhysicalCluster
	APISets         []*APISet
	Classes         []*Class
	Organizations   []*Organization // a parent stands before its children
	LogicalClusters []*LogicalCluster
	Exemptions      []*Exemption
	PriceBooks      []*PriceBook
	// Prices is the price book that holds at the date, nil where none does.
	Prices *PriceBook
	// Targets are the backings and GitOps engines that there are.
	Targets target.Table

	// LastGood returns a logical cluster's last good document, nil where there is
	// none. Check judges by it what a changed document adds to a ceiling's sum;
	// where LastGood is nil, all of a changed document counts as added.
	LastGood func(key string) *schema.LogicalCluster
	// LastGoodOrganization is the same for organizations, whose defaults add to
	// the sums of all that inherit them.
	LastGoodOrganization func(path string) *schema.Organization
	// LabelsGiven answers the questions of GivenLabels: the labels that the patterns
	// of a directory, and of those above it, give a document by themselves. Where it
	// is nil, no pattern gives any.
	LabelsGiven func(document *document.Meta, dir string) map[string]string
}

// Settings are the repo's settings with defaults filled in.
type Settings struct {
	schema.Settings
	// Pos is where the settings stand; zero where the repo has none.
	Pos diag.Position

	meta *document.Meta // nil where the repo has none
}

// PhysicalCluster is a physical cluster with defaults filled in.
type PhysicalCluster struct {
	document.Meta
	Name string
	schema.PhysicalCluster
	// Minor is the minor number of its Kubernetes version: 36 for 1.36.
	Minor int
}

// APISet is an API set with its versions.
type APISet struct {
	document.Meta
	Name     string
	Spec     schema.APISet
	Versions []*APIVersion // by name

	names map[string]*APIVersion // by version and channel
}

// APIVersion is one version of an API set.
type APIVersion struct {
	Set       *APISet
	Name      string
	Spec      schema.APIVersion // defaults filled in
	Resources []*Resource       // by group and plural
}

// String returns "database@v3".
func (v *APIVersion) String() string { return v.Set.Name + "@" + v.Name }

// Resource is one resource of an API set version.
type Resource struct {
	// Key as the document has it: "deployments.apps".
	Key   string
	Group string
	// Plural is the name in URLs: "deployments".
	Plural string
	Kind   string
	// Versions may be written; empty means all that are served.
	Versions []string
	// Served are all versions that the API server serves, as far as is known.
	Served []string
	// Subresources that roles may reach besides the resource itself, and for
	// which of them a role is needed that the built-in table names.
	Subresources []Subresource
	// Verbs by role, usual ones filled in. A nil list gives nothing.
	View, Edit, Admin []string
	// CRD is the definition, where the resource is not built in.
	CRD *CRD
	// Demands are what the version demands of the resource's fields.
	Demands constraint.Demands
	// Lost: it is not built in, and its definition can't be read. What stands in the
	// physical clusters stays.
	Lost bool
}

// Subresource is a part of a resource with verbs of its own.
type Subresource struct {
	Name              string // "scale", "exec"
	View, Edit, Admin []string
}

// CRD is a CustomResourceDefinition as a file of the repo has it.
type CRD struct {
	Name string // "databases.db.acme.example"
	File string // path in the repo
	Line int    // where the document begins in the file
	// Data is the document's text.
	Data []byte
	// Digest is of the definition's content; equal content means equal digest,
	// whatever the layout of the file.
	Digest [32]byte
	// Managed: the compiler renders it.
	Managed bool
	// Definition is the decoded definition, with the API server's defaults. It must
	// not be changed.
	Definition *apiextensionsv1.CustomResourceDefinition
}

// Class is a class with its document.
type Class struct {
	document.Meta
	Name string
	Spec schema.Class

	layer   layer
	parents labels.Selector // nil: any organization
	known   bool            // false for one that stands in for a class that is gone
}

// Organization is a node of the organization tree.
type Organization struct {
	document.Meta
	Path     string
	Spec     schema.Organization
	Parent   *Organization // nil at the top
	Children []*Organization
	// Labels are its own and those of all organizations above.
	Labels map[string]string
	// LogicalClusters that stand directly in it.
	LogicalClusters []*LogicalCluster

	// Missing is the nearest organization, itself included, that nobody declares;
	// it stands in the tree only for what is held below it. Nil as a rule.
	Missing *Organization

	layer        layer
	class        string            // the nearest default class
	classAt      *Organization     // which names it
	values       *effective        // what its defaults and those above come to
	labelOrigins map[string]Origin // of Labels
	grants       []Grant           // access that flows down, by subject
	ceilings     []amount          // ceilings.quota, by name
	offers       []*offer          // those that reach it, from the top down
}

// Ancestors returns the organization and all above it, the nearest first.
func (o *Organization) Ancestors() []*Organization {
	var out []*Organization
	for ; o != nil; o = o.Parent {
		out = append(out, o)
	}
	return out
}

// LogicalCluster is a logical cluster with everything that it inherits.
type LogicalCluster struct {
	document.Meta
	// Spec is the document as it stands, nothing filled in.
	Spec *schema.LogicalCluster
	Name string // the last element of its key
	Org  *Organization
	// Class is never nil. Where a held document names a class that is gone, an
	// empty one stands in for it.
	Class *Class
	// Labels are those of its organizations, its class and its own.
	Labels      map[string]string
	Backing     schema.Backing
	State       schema.State
	Network     schema.Network
	PodSecurity schema.PodSecurity
	Containers  *schema.Containers
	Quota       Quota
	// Weights are what of the quota is divided from the budget, by name; see
	// SetDivided. Caps are what kept divided amounts lower than the budget would.
	Weights    []Weight
	Caps       []Cap
	Namespaces []Namespace // by name
	APIs       []Binding   // by set name
	Access     []Grant     // by subject, the highest role first
	// Regions are acceptable; nil means any.
	Regions     []string
	Selector    labels.Selector // nil means any
	Tolerations []schema.Toleration
	Placement   schema.Placement
	Source      *schema.Source // defaults filled in
	// Suspended: the document can't be had under today's rules, and there is none
	// that could stand in for it. Its tenants lose their access while its workloads and data stay.
	Suspended bool
	// own is what the document contributes, and inherited where the rest came from;
	// see Origins.
	own       layer
	inherited map[string]Origin
	// Check knows: the document is new or differs from its last good version, and the
	// logical cluster stands in the pins, under this key or an earlier one.
	changed, stood bool
}

// Release lets go of what documents say of logical clusters and nothing renders: they
// have no Spec and no Access any more, and no places and origins of their fields.
func (t *Tenancy) Release() {
	for _, lc := range t.LogicalClusters {
		lc.Spec, lc.Access, lc.Places, lc.Text = nil, nil, document.Places{}, nil
		lc.own, lc.inherited = layer{}, nil
	}
}

// Origin is where an effective value came from.
type Origin struct {
	// From is "document", "class standard", "organization acme" or "default". Explain
	// also tells "pattern", of a directory above, from the rest of the document.
	From string
	Pos  diag.Position
}

// Namespace is one namespace of a logical cluster, with its part of the quota.
type Namespace struct {
	Name  string
	Quota Quota
}

// Binding is an API set version that a logical cluster binds.
type Binding struct {
	// Requested as the document has it: a channel or a version.
	Requested string
	Version   *APIVersion
	Pos       diag.Position
}

// Grant is a subject's access to a logical cluster.
type Grant struct {
	Subject Subject
	Role    schema.Role
	// Organization that grants it, empty where the logical cluster itself does.
	Organization string
	Pos          diag.Position
}

// Subject is who access is given to.
type Subject struct {
	Kind      string // Group, User or ServiceAccount, as RBAC has it
	Namespace string // of a service account
	Name      string
}
