package resolve

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// layer reads the inheritable fields of a document.
func (r *resolver) layer(in *schema.Inheritable, m *document.Meta, at tenancy.Positions, from string, out *tenancy.Findings) tenancy.Layer {
	l := tenancy.Layer{From: from, Declared: in, Containers: in.Containers, At: at}
	if c := in.Containers; c != nil && !checkContainers(c, m, at, out) {
		l.Containers = nil
	}
	if in.ClusterSelector != nil {
		l.Selector = selector(in.ClusterSelector, m, func(path ...string) diag.Position {
			return at(append([]string{"clusterSelector"}, path...)...)
		}, out)
	}
	if len(in.Quota) > 0 {
		l.Quota = limits(in.Quota, m, func(path ...string) diag.Position {
			return at(append([]string{"quota"}, path...)...)
		}, out)
	}
	if len(in.QuotaFromBudget) > 0 {
		l.Weights = weights(in.QuotaFromBudget, l.Quota, m, at, out)
	}
	if len(in.APIs) > 0 {
		l.APIs = make([]tenancy.Binding, 0, len(in.APIs))
		for set, requested := range in.APIs {
			pos := at("apis", set)
			if v := r.bind(set, requested, m, pos, out); v != nil {
				l.APIs = append(l.APIs, tenancy.Binding{Requested: requested, Version: v, Pos: pos})
			}
		}
		slices.SortFunc(l.APIs, tenancy.CompareBindings)
	}
	return l
}
