package policy

import (
	"github.com/tenantry/tenantry/compiler/policy/facts"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Violation says what becomes of a logical cluster that breaks a rule.
func (p *Policies) Violation(policy *Policy, rule int, message string, lc *tenancy.LogicalCluster, changed bool) tenancy.Finding {
	code := map[schema.Enforcement]diag.Code{schema.Deny: diag.PolicyDenies, schema.Warn: diag.PolicyWarns, schema.Audit: diag.PolicyNotes}[policy.Spec.Enforcement]
	d := diag.New(code, lc.Pos, "%s: %s", lc.Key, message).
		See(policy.Pos, "policy %s stands here", policy.Key).
		See(policy.RuleAt(rule), "it demands this").About(lc.Meta.String())
	if policy.Spec.Enforcement != schema.Deny {
		return tenancy.Finding{Diagnostic: d}
	}
	if changed {
		return tenancy.Fault(&lc.Meta, d.Suggest("ask for what the policy allows, or ask its owners for an exemption"), "")
	}
	switch lapsed := p.lapsed(policy, lc); {
	case policy.Stage != schema.Acquire || facts.Sums(policy.Judged.Program):
		d.Message += " (it stands as it was, and stays)"
	default:
		lc.Suspended = true
		d.Message += " (it is suspended: data and workloads stay, tenants have no access)"
		if lapsed != nil {
			// That a day passes is no reason for somebody else's merge to fail.
			d.Severity = diag.Warning
			d = d.See(lapsed.At("expires"), "exemption %s ended on %s", lapsed.Key, lapsed.Spec.Expires)
		}
	}
	if lc.Held {
		d.Severity = diag.Warning
	}
	return tenancy.Finding{Diagnostic: d}
}
