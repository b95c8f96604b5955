package tenancy

import (
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

// Exemption is an exception from a policy or from an organization's ceilings.
type Exemption struct {
	document.Meta
	Spec schema.Exemption
	// Expired: its last day has passed.
	Expired bool
}

// Holds reports whether it lifts something still.
func (x *Exemption) Holds() bool { return !x.Expired }

// Covers reports whether a logical cluster, by its key, is its target or lies
// below it.
func (x *Exemption) Covers(key string) bool { return schema.OrgPath(x.Spec.Target).Contains(key) }
