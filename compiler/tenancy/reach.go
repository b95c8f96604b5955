package tenancy

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
)

// Reach returns the path of the organization whose subtree a directory reaches:
// "acme/payments" for orgs/acme/payments, and "", which is everybody, outside
// orgs/.
func Reach(dir string) string {
	path, _ := strings.CutPrefix(dir, document.OrganizationsDir+"/")
	if path == dir {
		return ""
	}
	return path
}

// Below reports whether what stands in a directory stands in another one or
// below it, all that stands outside orgs/ being in one place: it reaches the same.
func Below(dir, above string) bool {
	a := Reach(above)
	return a == "" || schema.OrgPath(a).Contains(Reach(dir))
}
