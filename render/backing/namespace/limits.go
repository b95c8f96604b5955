package namespace

import (
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/manifest"
)

func amounts(list quota.Quota) manifest.Map {
	out := make(manifest.Map, 0, len(list))
	for name, q := range list.All() {
		out = append(out, field(name, q.String()))
	}
	return out
}

// hard returns the body of a ResourceQuota. Without amounts it bounds nothing.
func hard(bounds quota.Quota) manifest.Map {
	return manifest.Map{field("spec", manifest.Map{field("hard", amounts(bounds))})}
}

// limits returns the body of a LimitRange. Without amounts it bounds nothing.
func limits(c *desired.Containers) manifest.Map {
	item := manifest.Map{field("type", "Container")}
	for _, part := range [...]struct {
		name   string
		values quota.Quota
	}{{"defaultRequest", c.DefaultRequest}, {"default", c.Default}, {"max", c.Max}, {"min", c.Min}} {
		if len(part.values) > 0 {
			item = append(item, field(part.name, amounts(part.values)))
		}
	}
	list := manifest.List{}
	if len(item) > 1 {
		list = append(list, item)
	}
	return manifest.Map{field("spec", manifest.Map{field("limits", list)})}
}
