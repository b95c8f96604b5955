package desired

import (
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// ObjectLabels returns the labels that every object of a logical cluster carries,
// wherever it stands. The map may not be changed.
func (s *State) ObjectLabels() manifest.Map {
	out := manifest.Map{
		pair(LabelManagedBy, ManagedBy),
		pair(LabelLogicalCluster, LabelValue(s.Key)),
		pair(LabelOrganization, LabelValue(string(s.Organization))),
	}
	for _, path := range slices.Backward(slices.Collect(s.Organization.Up())) {
		out = append(out, pair(PrefixAncestor+LabelValue(string(path)), "true"))
	}
	return out
}

// PodSecurityLabels returns the labels that hold a namespace to a Pod Security level,
// as the physical cluster's own version of Kubernetes defines it.
func PodSecurityLabels(level schema.PodSecurity, minor int) manifest.Map {
	const prefix = "pod-security.kubernetes.io/"
	version := "v1." + strconv.Itoa(minor)
	out := make(manifest.Map, 0, 6)
	for _, mode := range [...]string{"enforce", "warn", "audit"} {
		out = append(out, pair(prefix+mode, string(level)), pair(prefix+mode+"-version", version))
	}
	return out
}

func pair(key string, value manifest.Value) manifest.Field {
	return manifest.Field{Key: key, Value: value}
}
