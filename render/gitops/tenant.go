package gitops

import (
	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/render/manifest"
)

// ObjectOf begins an object of the management cluster that belongs to a logical
// cluster. It has the labels of everything that does.
func (c *Cluster) ObjectOf(s *expand.State, apiVersion, kind, name string, spec manifest.Map) manifest.Map {
	return c.Object(apiVersion, kind, name, spec).With("metadata", manifest.M(
		"name", name,
		"namespace", c.Settings.Namespace,
		"labels", tenantLabels(s),
	))
}

func tenantLabels(s *expand.State) manifest.Map {
	labels := append(Labels(),
		manifest.Field{Key: expand.LabelLogicalCluster, Value: expand.LabelValue(s.Key)},
		manifest.Field{Key: expand.LabelOrganization, Value: expand.LabelValue(s.Organization)},
	)
	for i := range len(s.Organization) + 1 {
		if i == len(s.Organization) || s.Organization[i] == '/' {
			labels = append(labels, manifest.Field{Key: expand.PrefixAncestor + expand.LabelValue(s.Organization[:i]), Value: "true"})
		}
	}
	return labels
}
