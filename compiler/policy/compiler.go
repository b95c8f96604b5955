package policy

import (
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

type compiler struct {
	tenancy *tenancy.Tenancy
	sources rule.Sources
	out     *Policies
	modules map[string]*Module
	found   []tenancy.Finding

	types        *object.Types
	environments *apiserver.Environments
	judged       map[judgedKey]*rule.Environment
	releases     []int // see minors
}

// fault reports an error of a document; held says what becomes of one that is
// its last good version.
func (c *compiler) fault(m *document.Meta, d diag.Diagnostic, held string) {
	c.found = append(c.found, tenancy.Fault(m, d, held))
}

// following says what the last finding refers to; see tenancy.Finding.
func (c *compiler) following(kind schema.Kind, key string) {
	tenancy.Findings(c.found).Following(kind, key)
}

// add reports a diagnostic that holds nobody.
func (c *compiler) add(m *document.Meta, d diag.Diagnostic) {
	c.found = append(c.found, tenancy.Finding{Diagnostic: d.About(m.String())})
}

const notEnforced = "it is not enforced"
