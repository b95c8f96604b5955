package namespace

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/render/manifest"
)

// PodSecurity returns the labels that hold a namespace to a Pod Security level,
// as the physical cluster's own version of Kubernetes defines it.
func PodSecurity(level string, minor int) manifest.Map {
	const prefix = "pod-security.kubernetes.io/"
	version := "v1." + strconv.Itoa(minor)
	out := make(manifest.Map, 0, 6)
	for _, mode := range [...]string{"enforce", "warn", "audit"} {
		out = append(out, field(prefix+mode, level), field(prefix+mode+"-version", version))
	}
	return out
}

// amounts writes quantities in the order of their names.
func amounts(m map[string]string) manifest.Map {
	out := make(manifest.Map, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, field(name, m[name]))
	}
	return out
}

func hasLimits(c *expand.Containers) bool {
	return len(c.DefaultRequest)+len(c.Default)+len(c.Max)+len(c.Min) > 0
}

// limits returns the body of a LimitRange, nil where nothing is limited.
func limits(c *expand.Containers) manifest.Map {
	if !hasLimits(c) {
		return nil
	}
	item := manifest.Map{field("type", "Container")}
	for _, part := range [...]struct {
		name   string
		values map[string]string
	}{{"defaultRequest", c.DefaultRequest}, {"default", c.Default}, {"max", c.Max}, {"min", c.Min}} {
		if len(part.values) > 0 {
			item = append(item, field(part.name, amounts(part.values)))
		}
	}
	return manifest.Map{field("spec", manifest.Map{field("limits", manifest.List{item})})}
}
