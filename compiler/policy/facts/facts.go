package facts

import (
	"iter"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// Facts are what is known of organizations and logical clusters, as rules see it.
type Facts struct {
	tenancy       *tenancy.Tenancy
	organizations map[*tenancy.Organization]map[string]any
	chains        map[*tenancy.Organization][]any
	clusters      map[*tenancy.LogicalCluster]map[string]any
	boundless     map[*tenancy.LogicalCluster]bool                    // those of clusters that are not bounded
	members       map[*tenancy.Organization][]*tenancy.LogicalCluster // the keys of clusters that belong to it directly
	classes       map[*tenancy.Class]map[string]any
}

// New gathers what logical clusters share; sums only where one of the rules looks at
// them.
func New(t *tenancy.Tenancy, rules []*Rules) *Facts {
	sums := slices.ContainsFunc(rules, func(r *Rules) bool { return Sums(r.Program) })
	f := &Facts{tenancy: t, organizations: map[*tenancy.Organization]map[string]any{}, chains: map[*tenancy.Organization][]any{},
		clusters: map[*tenancy.LogicalCluster]map[string]any{}, boundless: map[*tenancy.LogicalCluster]bool{}, members: map[*tenancy.Organization][]*tenancy.LogicalCluster{}, classes: map[*tenancy.Class]map[string]any{}}
	for _, o := range t.Organizations {
		var below []*tenancy.LogicalCluster
		if sums {
			below = t.Below(o)
		}
		f.organizations[o] = organizationFacts(o, below)
	}
	for _, o := range t.Organizations {
		chain := []any{}
		for _, above := range o.Ancestors()[1:] {
			chain = append(chain, f.organizations[above])
		}
		f.chains[o] = chain
	}
	for _, lc := range t.LogicalClusters {
		if f.classes[lc.Class] == nil {
			f.classes[lc.Class] = map[string]any{"name": lc.Class.Name, "description": lc.Class.Spec.Description, "labels": lc.Class.Spec.Labels}
		}
		if sums && lc.State != schema.Deleted {
			f.clusters[lc] = logicalClusterFacts(lc)
			f.members[lc.Org] = append(f.members[lc.Org], lc)
			if !rule.Bounded(f.clusters[lc]) {
				f.boundless[lc] = true
			}
		}
	}
	return f
}

// organizationFacts returns what rules see of an organization, with the sums of what is
// below it.
func organizationFacts(o *tenancy.Organization, below []*tenancy.LogicalCluster) map[string]any {
	count, total := 0, map[string]resource.Quantity{}
	for _, lc := range below {
		if lc.State == schema.Deleted {
			continue
		}
		count++
		for _, a := range lc.Quota {
			sum := total[a.Resource]
			sum.Add(a.Quantity)
			total[a.Resource] = sum
		}
	}
	return map[string]any{
		"path": o.Path, "name": schema.OrgPath(o.Path).Name(), "displayName": o.Spec.DisplayName,
		"labels": o.Labels, "owners": o.Spec.Owners, "logicalClusters": count, "quota": quantityMap(maps.All(total)),
	}
}

// Of returns what rules see of one logical cluster.
func (f *Facts) Of(lc *tenancy.LogicalCluster) *Seen {
	self := f.clusters[lc]
	if self == nil {
		self = logicalClusterFacts(lc)
	}
	given := map[string]any{"logicalCluster": self, "organization": f.organizations[lc.Org], "ancestors": f.chains[lc.Org], "class": f.classes[lc.Class]}
	out := &Seen{Values: given, bounded: rule.Bounded(given)}
	siblings := []any{}
	if f.clusters[lc] != nil {
		for _, other := range f.members[lc.Org] {
			if other != lc {
				siblings = append(siblings, f.clusters[other])
				out.bounded = out.bounded && !f.boundless[other]
			}
		}
	}
	given["siblings"] = siblings
	out.bounded = out.bounded && len(siblings) <= rule.BoundedElements
	return out
}

func logicalClusterFacts(lc *tenancy.LogicalCluster) map[string]any {
	apis := make(map[string]string, len(lc.APIs))
	for _, b := range lc.APIs {
		apis[b.Version.Set.Name] = b.Version.Name
	}
	namespaces := make([]string, len(lc.Namespaces))
	for i, n := range lc.Namespaces {
		namespaces[i] = n.Name
	}
	access := make([]any, len(lc.Access))
	for i, g := range lc.Access {
		access[i] = map[string]any{"kind": g.Subject.Kind, "namespace": g.Subject.Namespace, "name": g.Subject.Name,
			"role": string(g.Role), "organization": g.Organization}
	}
	source := schema.Source{}
	if lc.Source != nil {
		source = *lc.Source
	}
	return map[string]any{
		"key": lc.Key, "name": lc.Name, "organization": lc.Org.Path, "class": lc.Class.Name, "labels": lc.Labels,
		"state": string(lc.State), "backing": string(lc.Backing), "network": string(lc.Network), "podSecurity": string(lc.PodSecurity),
		"regions": lc.Regions, "apis": apis, "quota": quantityMap(lc.Quota.All()), "namespaces": namespaces, "access": access,
		"source": map[string]any{"repo": source.Repo, "path": source.Path, "branch": source.Branch, "role": string(source.Role),
			"namespace": source.Namespace, "private": source.Private},
	}
}

func quantityMap(amounts iter.Seq2[string, resource.Quantity]) map[string]any {
	out := map[string]any{}
	for name, q := range amounts {
		out[name] = apiservercel.Quantity{Quantity: &q}
	}
	return out
}
