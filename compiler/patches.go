package compiler

import (
	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/render"
)

// patch says what is wrong with the patches of policies, by what they do to what is
// rendered for each logical cluster.
func (c *compilation) patch(states []expand.State, platforms []expand.Platform) []tenancy.Finding {
	all := c.result.Policies.Patching(c.changed)
	traces := render.Traces(render.Input{Tenancy: c.result.Tenancy, States: states, Platforms: platforms, Pins: &pins.Pins{}})
	for i, t := range traces {
		if t != nil {
			all.Add(c.result.Tenancy.LogicalCluster(states[i].Key), t)
		}
	}
	return all.Findings()
}
