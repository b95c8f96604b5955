package desired

import (
	"strconv"

	"github.com/tenantry/tenantry/internal/manifest"
)

// ObjectLabels returns the labels that every object of a logical cluster carries,
// wherever it stands. The map may not be changed.
func (s *State) ObjectLabels() manifest.Map {
	out := manifest.Map{
		pair(LabelManagedBy, ManagedBy),
		pair(LabelLogicalCluster, LabelValue(s.Key)),
		pair(LabelOrganization, LabelValue(s.Organization)),
	}
	for i := range len(s.Organization) + 1 {
		if i == len(s.Organization) || s.Organization[i] == '/' {
			out = append(out, pair(PrefixAncestor+LabelValue(s.Organization[:i]), "true"))
		}
	}
	return out
}

// PodSecurityLabels returns the labels that hold a namespace to a Pod Security level,
// as the physical cluster's own version of Kubernetes defines it.
func PodSecurityLabels(level string, minor int) manifest.Map {
	const prefix = "pod-security.kubernetes.io/"
	version := "v1." + strconv.Itoa(minor)
	out := make(manifest.Map, 0, 6)
	for _, mode := range [...]string{"enforce", "warn", "audit"} {
		out = append(out, pair(prefix+mode, level), pair(prefix+mode+"-version", version))
	}
	return out
}

func pair(key string, value manifest.Value) manifest.Field {
	return manifest.Field{Key: key, Value: value}
}
