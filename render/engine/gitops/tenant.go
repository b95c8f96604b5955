package gitops

import (
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
)

// ObjectOf begins an object of the management cluster that belongs to a logical
// cluster. It has the labels of everything that does.
func (c *Cluster) ObjectOf(s *desired.State, apiVersion, kind, name string, spec manifest.Map) manifest.Map {
	return c.Object(apiVersion, kind, name, spec).With("metadata", manifest.M(
		"name", name,
		"namespace", c.Settings.Namespace,
		"labels", s.ObjectLabels(),
	))
}
