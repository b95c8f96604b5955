package limits

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// inheritance remembers what logical clusters of one organization and one class inherit of
// what patterns look at.
type inheritance map[inheritors][]string

type inheritors struct {
	reads load.Reads
	org   *tenancy.Organization
	class *tenancy.Class
}

// inherits reports whether a logical cluster has anything that patterns look at from
// elsewhere than its own document.
func (i inheritance) inherits(lc *tenancy.LogicalCluster, reads load.Reads) bool {
	id := inheritors{reads, lc.Org, lc.Class}
	inherited, ok := i[id]
	if !ok {
		nothing := *lc
		nothing.Spec, nothing.Revoked = &schema.LogicalCluster{}, nil
		for name := range gather(&nothing, reads).origins {
			inherited = append(inherited, name)
		}
		i[id] = inherited
	}
	for _, name := range inherited {
		field, key, _ := strings.Cut(name, ".")
		if !says(lc.Spec, field, key) {
			return true
		}
	}
	return false
}

// says reports whether a document says a field that could be inherited.
func says(d *schema.LogicalCluster, field, key string) bool {
	var ok bool
	switch field {
	case "backing":
		return d.Backing != ""
	case "network":
		return d.Network != ""
	case "podSecurity":
		return d.PodSecurity != ""
	case "containers":
		return d.Containers != nil
	case "regions":
		return d.Regions != nil
	case "clusterSelector":
		return d.ClusterSelector != nil
	case "tolerations":
		return d.Tolerations != nil
	case "class":
		return d.Class != ""
	case "labels":
		_, ok = d.Labels[key]
	case "apis":
		_, ok = d.APIs[key]
	case "quota", "quotaFromBudget":
		if _, ok = d.Quota[key]; !ok {
			_, ok = d.QuotaFromBudget[key]
		}
	}
	return ok
}
