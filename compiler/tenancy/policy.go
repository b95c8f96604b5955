package tenancy

import (
	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/load"
)

// notCompiled reports the documents and fields that this version of the compiler
// knows and does nothing about. What would limit somebody is an error: a rule
// that is written down and not enforced is worse than none.
func (r *resolver) notCompiled() {
	refuse := func(m *load.Meta, what, would string) {
		r.found.fault(m, diag.New(diag.NotCompiled, m.Pos, "%s are not compiled yet by this version: %s would not be %s", what, m.Key, would).
			Suggest("take it out until a version that compiles it is in use"), "nothing comes of it")
	}
	for _, d := range r.docs.Implicit {
		refuse(&d.Meta, "implicit resources", "rendered")
	}
}
