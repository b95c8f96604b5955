package policy

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/digest"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
)

// patches reports whether a policy or module changes what is rendered.
func patches(set *schema.RuleSet) bool { return set.Patches != nil || set.Transformers != nil }

// checkPatches judges the shape of a document that changes what is rendered. m is the
// module; nil where a policy has patches of its own.
func (c *compiler) checkPatches(d *document.Meta, stage schema.Stage, set *schema.RuleSet, m *module, held string) bool {
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
func (m *module) declares(name string) bool {
	if m == nil || m.params == nil {
		return false
	}
	_, ok := m.params.FindField(name)
	return ok
}

// compilePatches compiles a policy that changes what is rendered.
func (c *compiler) compilePatches(p *Policy, m *module) bool {
	if m == nil && tenancy.InsideOrgs(p.Dir) {
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
func (p *Policy) readPatches(m *module, report func(diag.Diagnostic)) bool {
	parameters := p.Parameters
	if parameters == nil {
		parameters = map[string]any{}
	}
	ok := true
	p.Patches = patch.Read(tenancy.InsideOrgs(p.Dir), &p.Rules, parameters, m.declares, p.rulesAt.At, func(d diag.Diagnostic) {
		ok = false
		if m != nil {
			d.Message = "policy " + p.Key + ": " + d.Message
			d = d.See(p.Pos, "policy %s stands here", p.Key)
		}
		report(d)
	})
	return ok
}

// patchChains works out what changes the rendered objects of each logical cluster.
func (c *compiler) patchChains() {
	if !slices.ContainsFunc(c.out.All, func(p *Policy) bool { return p.Patches != nil }) {
		return
	}
	kinds := digest.Of(func(e *digest.Encoder) {
		for _, set := range c.tenancy.APISets {
			for _, v := range set.Versions {
				for _, r := range v.Resources {
					if r.CRD != nil && !tenancy.InsideOrgs(set.Dir) {
						e.Bytes(r.CRD.Digest[:])
					}
				}
			}
		}
	})
	invalid := func(o manifest.Map) string { return implicit.Problem(c.tenancy, o) }
	c.out.chains = map[*tenancy.LogicalCluster]*patch.Chain{}
	known := map[string]*patch.Chain{}
	for _, lc := range c.tenancy.LogicalClusters {
		var list []*Policy
		key := ""
		for _, e := range c.out.Of(lc) {
			if e.Patches != nil && e.Exemption == nil {
				list, key = append(list, e.Policy), key+e.ID()+"\n"
			}
		}
		if list == nil {
			continue
		}
		chain, ok := known[key]
		if !ok {
			upwards(list)
			links := make([]*patch.Link, len(list))
			for i, p := range list {
				links[i] = p.Patches
			}
			chain = patch.NewChain(links, invalid, kinds)
			known[key] = chain
		}
		c.out.chains[lc] = chain
	}
}

// upwards orders policies that change something: those of the nearest organization
// first and the uppermost last, so that no policy undoes what one above it does.
func upwards(list []*Policy) {
	slices.SortStableFunc(list, func(a, b *Policy) int { return -cmp.Compare(len(a.path), len(b.path)) })
}

// Patches returns what changes the rendered objects of a logical cluster; nil where
// nothing does.
func (p *Policies) Patches(lc *tenancy.LogicalCluster) *patch.Chain {
	if p == nil {
		return nil
	}
	return p.chains[lc]
}

// Patch reports whether anything that is rendered is changed.
func (p *Policies) Patch() bool { return p.chains != nil }

// PatchedBy returns the policy that a step belongs to, and where the step stands.
func (p *Policies) PatchedBy(s *patch.Step) (*Policy, diag.Position) {
	i := slices.IndexFunc(p.All, func(one *Policy) bool { return one.Patches == s.Link })
	return p.All[i], p.All[i].rulesAt.At(s.Path...)
}

// tryPatches returns why a policy would not be let patch the object of a case, and what
// is not as it should be in the result.
func (p *Policies) tryPatches(policy *Policy, c schema.Case) (messages []string, problem string) {
	if c.Object == nil || c.OldObject != nil {
		return nil, "patches change what is rendered: a case has an object, and no oldObject"
	}
	values, err := implicit.ValuesOf(c.Given)
	if err != nil {
		return nil, "given: " + err.Error()
	}
	text, err := json.Marshal(c.Object)
	if err != nil {
		return nil, err.Error()
	}
	objects, err := manifest.FromYAML(text) // JSON is YAML
	if err != nil {
		return nil, err.Error()
	}
	trace := patch.NewTrace()
	chain := patch.NewChain([]*patch.Link{policy.Patches}, func(o manifest.Map) string { return implicit.Problem(p.Tenancy, o) }, [32]byte{})
	objects = chain.Apply(objects, func(string) *implicit.Values { return values }, trace)
	for _, f := range trace.Failures {
		messages = append(messages, strings.TrimPrefix(strings.Join(f.Path, ".")+": "+f.Message, ": "))
	}
	if len(messages) > 0 || c.Result == nil {
		return messages, ""
	}
	var got any
	if err := json.Unmarshal(manifest.AppendJSON(nil, objects[0]), &got); err != nil {
		return nil, err.Error()
	}
	if d := difference("", got, c.Result); d != "" {
		return nil, "the result differs: " + d
	}
	return nil, ""
}
