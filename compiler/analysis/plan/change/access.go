package change

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/access"
)

// What happens to a subject's access.
const (
	Gains  = "gains"
	Loses  = "loses"
	Alters = "gains and loses"
)

// Access is what a subject gains and loses, the same in all places.
type Access struct {
	Change string `json:"change"` // gains, loses, or gains and loses
	// Subject as `tenantry access` writes it: group:payments-devs.
	Subject string `json:"subject"`
	// Roles that the subject has after the change, or had where it has none any more.
	Roles  []string            `json:"roles,omitempty"`
	Gained []access.Permission `json:"gained,omitempty"`
	Lost   []access.Permission `json:"lost,omitempty"`
	// Sensitive tells why what is gained deserves a second look.
	Sensitive []access.Mark `json:"sensitive,omitempty"`
	In        []Place       `json:"in"`
	Causes    []Cause       `json:"causes,omitempty"`
}

// Place is where access differs.
type Place struct {
	LogicalCluster string `json:"logicalCluster"`
	// Namespaces are those in which it does, where it is not all of them.
	Namespaces []string `json:"namespaces,omitempty"`
}

// String names the place: "acme/payments/prod (api, jobs)".
func (p Place) String() string {
	if len(p.Namespaces) == 0 {
		return p.LogicalCluster
	}
	return fmt.Sprintf("%s (%s)", p.LogicalCluster, strings.Join(p.Namespaces, ", "))
}
