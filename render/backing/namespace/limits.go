package namespace

import (
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
)

func amounts(list []desired.Amount) manifest.Map {
	out := make(manifest.Map, 0, len(list))
	for _, a := range list {
		out = append(out, field(a.Resource, a.Value))
	}
	return out
}

// quota returns the body of a ResourceQuota. Without amounts it bounds nothing.
func quota(hard []desired.Amount) manifest.Map {
	return manifest.Map{field("spec", manifest.Map{field("hard", amounts(hard))})}
}

// limits returns the body of a LimitRange. Without amounts it bounds nothing.
func limits(c *desired.Containers) manifest.Map {
	item := manifest.Map{field("type", "Container")}
	for _, part := range [...]struct {
		name   string
		values []desired.Amount
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
