package check

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/diag"
)

// names refuses names that would collide with others' on a physical cluster.
func (c *checker) names() {
	for _, o := range c.t.Organizations {
		if o.Parent == nil && o.Missing == nil && c.reserved(o.Path) {
			c.found.Fault(&o.Meta, diag.New(diag.ReservedName, o.Pos, "an organization at the top can't be named %s", o.Path).
				Suggest("choose a name that begins otherwise"), "it stays")
		}
	}
}

func (c *checker) reserved(name string) bool {
	if slices.Contains([]string{"kube", "openshift", "default", "tenantry"}, name) || slices.Contains(c.t.Targets.Engines.Installed(), name) {
		return true
	}
	for _, prefix := range []string{"kube-", "openshift-", "tenantry-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
