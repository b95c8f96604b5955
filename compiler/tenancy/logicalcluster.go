package tenancy

import (
	"maps"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

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
	Labels  map[string]string
	Backing schema.Backing
	// State is what it is today: while a logical cluster that is declared deleted is to stay,
	// it is frozen.
	State       schema.State
	Network     schema.Network
	PodSecurity schema.PodSecurity
	Containers  *schema.Containers
	Quota       quota.Quota
	// Weights are what of the quota is divided from the budget, by name; see
	// resolve.Divided. Caps are what kept divided amounts lower than the budget would.
	Weights    []Weight
	Caps       []Cap
	Namespaces []Namespace // by name
	APIs       []Binding   // by set name
	Access     []Grant     // by subject, the highest role first
	// Revoked is what revocations take away, sorted; Access has none of it.
	Revoked []Revoked
	// Regions are acceptable; nil means any.
	Regions     []string
	Selector    labels.Selector // nil means any
	Tolerations []schema.Toleration
	Placement   schema.Placement
	Source      *schema.Source // defaults filled in
	// Suspended: the document can't be had under today's rules, and there is none
	// that could stand in for it. Its tenants lose their access while its workloads and data stay.
	Suspended bool
	// Leaving: it is declared deleted, and stays for now.
	Leaving bool
	// Own is what the document contributes, and InheritedFrom where the rest came from;
	// see Origins.
	Own           Layer
	InheritedFrom map[string]Origin
}

// Declared returns the state that the document declares.
func (lc *LogicalCluster) Declared() schema.State {
	if lc.Leaving {
		return schema.Deleted
	}
	return lc.State
}

// Namespace is one namespace of a logical cluster, with its part of the quota.
type Namespace struct {
	Name  string
	Quota quota.Quota
}

// Origins says for each inherited field where its value came from: "network",
// "quota.requests.cpu", "apis.database", "labels.env", "class".
func (lc *LogicalCluster) Origins() map[string]Origin {
	out := maps.Clone(lc.InheritedFrom)
	for field, pos := range lc.Own.Set() {
		out[field] = Origin{From: lc.Own.From, Pos: pos}
	}
	out["class"] = lc.ClassOrigin()
	for key := range lc.Spec.Labels {
		out["labels."+key] = Origin{From: "document", Pos: lc.At("labels", key)}
	}
	return out
}

func (lc *LogicalCluster) ClassOrigin() Origin {
	if o := lc.Org.DefaultClassFrom; lc.Spec.Class == "" && o != nil {
		return Origin{From: "organization " + o.Path, Pos: o.At("defaults", "class")}
	}
	return Origin{From: "document", Pos: lc.At("class")}
}

// FromDocument reports whether an API set is bound by the document itself.
func (lc *LogicalCluster) FromDocument(set string) bool {
	_, ok := lc.Spec.APIs[set]
	return ok
}

// Bound returns the resource of a kind among what a logical cluster binds, nil
// where it binds none; and the version of the API set that has it.
func (lc *LogicalCluster) Bound(group, kind string) (*Resource, *APIVersion) {
	for _, b := range lc.APIs {
		for _, r := range b.Version.Resources {
			if r.OfKind(group, kind) {
				return r, b.Version
			}
		}
	}
	return nil, nil
}

// Counts reports whether the quota of the logical cluster bounds the number of
// objects of a resource.
func (lc *LogicalCluster) Counts(group, plural string) bool {
	name := plural
	if group != "" {
		name += "." + group
	}
	if _, ok := lc.Quota.Of("count/" + name); ok {
		return true
	}
	_, ok := lc.Quota.Of(plural)
	return ok && group == ""
}

// IsDivided reports whether an amount of the quota is divided from the budget.
func (lc *LogicalCluster) IsDivided(name string) bool {
	return Weighted(lc.Weights, name)
}

// Charge is what the cost of a logical cluster follows from, beside where it
// stands.
type Charge struct {
	Class   string
	Backing schema.Backing
	Quota   quota.Quota
	APIs    []string // API sets declared outside orgs/, sorted
	// Own are the resources of sets that are declared inside orgs/, by their keys.
	Own []string
	// Weights are what of the quota is divided from Budget.
	Weights []Weight
	Budget  schema.Money
}

// Charge returns what the logical cluster's cost follows from.
func (lc *LogicalCluster) Charge() Charge {
	c := Charge{Class: lc.Class.Name, Backing: lc.Backing, Quota: lc.Quota, Weights: lc.Weights, Budget: lc.Spec.Budget}
	for _, b := range lc.APIs {
		if !document.InOrganizations(b.Version.Set.Dir) {
			c.APIs = append(c.APIs, b.Version.Set.Name)
		}
	}
	c.Own = lc.OwnResources(func(string) bool { return true })
	return c
}

// OwnResources returns the resources of those bound sets inside orgs/ that pass.
func (lc *LogicalCluster) OwnResources(set func(name string) bool) (out []string) {
	for _, b := range lc.APIs {
		if document.InOrganizations(b.Version.Set.Dir) && set(b.Version.Set.Name) {
			for _, r := range b.Version.Resources {
				out = append(out, r.Key)
			}
		}
	}
	return out
}
