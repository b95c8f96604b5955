package policy

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// patches reports whether a policy or module changes what is rendered.
func patches(set *schema.RuleSet) bool { return set.Patches != nil || set.Transformers != nil }

// checkPatches judges the shape of a document that changes what is rendered. m is the
// module; nil where a policy has patches of its own.
func (c *compiler) checkPatches(d *document.Meta, stage schema.Stage, set *schema.RuleSet, m *Module, held string) bool {
	wrong := func(field, format string, args ...any) bool {
		c.fault(d, diag.New(diag.PolicyIncomplete, d.At(field), format, args...), held)
		return false
	}
	field := "patches"
	if set.Patches == nil {
		field = "transformers"
	}
	if stage != schema.Transform {
		return wrong(field, "%s: only stage transform changes what is rendered, so stage %s has no %s", d.Key, stage, field)
	}
	if len(set.Patches)+len(set.Transformers) == 0 {
		return wrong(field, "%s has no patches and no transformers: what does it change?", d.Key)
	}
	for _, f := range []struct {
		field string
		given bool
	}{
		{"mutations", set.Mutations != nil}, {"rules", set.Rules != nil}, {"variables", set.Variables != nil},
		{"matchConstraints", set.MatchConstraints != nil}, {"matchConditions", set.MatchConditions != nil},
	} {
		if f.given {
			return wrong(f.field, "%s changes what is rendered by %s, and %s are about what is written: make two of it", d.Key, field, f.field)
		}
	}
	if m == nil {
		return true
	}
	ok := true
	patch.Read(false, set, nil, m.declares, d.At, func(x diag.Diagnostic) {
		ok = false
		c.fault(d, x, held)
	})
	return ok
}

// declares reports whether the module has a parameter.
func (m *Module) declares(name string) bool {
	if m == nil || m.params == nil {
		return false
	}
	_, ok := m.params.FindField(name)
	return ok
}

// compilePatches compiles a policy that changes what is rendered.
func (c *compiler) compilePatches(p *Policy, m *Module) bool {
	if m == nil && document.InOrganizations(p.Dir) {
		c.fault(&p.Meta, diag.New(diag.PatchPlace, p.Pos, "policy %s stands inside orgs/ and has patches of its own", p.Key).
			Suggest("use a module, which stands outside orgs/"), notEnforced)
		return false
	}
	if m == nil && !c.checkPatches(&p.Meta, p.Stage, &p.Rules, nil, notEnforced) {
		return false
	}
	ok := p.readPatches(m, func(d diag.Diagnostic) { c.fault(&p.Meta, d, notEnforced) })
	for _, key := range slices.Sorted(maps.Keys(p.Patches.Labels())) {
		if !implicit.Demanded(p.Spec.Selector, key) {
			ok = false
			c.fault(&p.Meta, diag.New(diag.ImplicitPlaceholder, p.Pos, "policy %s takes the label %s of logical clusters, and reaches some that might not have it", p.Key, key).
				See(p.Patches.Labels()[key], "it is taken here").
				Suggest("say selector: matchExpressions: [{key: %q, operator: \"Exists\"}]", key), notEnforced)
		}
	}
	return ok
}

// readPatches reads the patches of a policy with its parameters in them.
func (p *Policy) readPatches(m *Module, report func(diag.Diagnostic)) bool {
	parameters := p.Parameters
	if parameters == nil {
		parameters = map[string]any{}
	}
	ok := true
	p.Patches = patch.Read(document.InOrganizations(p.Dir), &p.Rules, parameters, m.declares, p.RulesAt.At, func(d diag.Diagnostic) {
		ok = false
		if m != nil {
			d.Message = "policy " + p.Key + ": " + d.Message
			d = d.See(p.Pos, "policy %s stands here", p.Key)
		}
		report(d)
	})
	return ok
}
