package policy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/digest"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/patch"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/render/manifest"
	"github.com/tenantry/tenantry/schema"
)

// patches reports whether a policy or module changes what is rendered.
func patches(set *schema.RuleSet) bool { return set.Patches != nil || set.Transformers != nil }

// checkPatches judges the shape of a document that changes what is rendered. m is the
// module; nil where a policy has patches of its own.
func (c *compiler) checkPatches(d *load.Meta, stage schema.Stage, set *schema.RuleSet, m *module, held string) bool {
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
	patch.Read(d.Key, false, set, nil, m.declares, d.At, func(x diag.Diagnostic) {
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
	p.Patches = patch.Read(p.ID(), tenancy.InsideOrgs(p.Dir), &p.Rules, parameters, m.declares, p.rulesAt.At, func(d diag.Diagnostic) {
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

// Patching gathers what patches came to, for one logical cluster after the other.
type Patching struct {
	policies *Policies
	changed  func(kind schema.Kind, key, dir string) bool
	reached  []*patch.Step // in the order in which they were met
	matched  map[*patch.Step]bool
	failures []*failing
	pairs    []*overriding
	out      []tenancy.Finding
}

// failing is a failure that is the same in several logical clusters.
type failing struct {
	patch.Failure
	lc   *tenancy.LogicalCluster // the first
	more int
}

// overriding is a step that sets what another set before it.
type overriding struct {
	lower, upper patch.Made
	lc           *tenancy.LogicalCluster // the first
	more         int
}

// Patching begins with nothing. changed reports whether a document is new or differs
// from its last good version.
func (p *Policies) Patching(changed func(kind schema.Kind, key, dir string) bool) *Patching {
	return &Patching{policies: p, changed: changed, matched: map[*patch.Step]bool{}}
}

// Add takes what came of the patches of a logical cluster, and reports whether that is
// nothing to speak of, whatever became of the steps that selected no object.
func (x *Patching) Add(lc *tenancy.LogicalCluster, t *patch.Trace) (fine bool) {
	for _, s := range x.policies.chains[lc].Steps() {
		if !slices.Contains(x.reached, s) {
			x.reached = append(x.reached, s)
		}
	}
	maps.Copy(x.matched, t.Matched)
	x.fail(lc, t)
	return !x.override(lc, t) && len(t.Failures) == 0
}

// fail notes failures: of a policy or a module that is new or changed it is the fault,
// and else of a logical cluster that is.
func (x *Patching) fail(lc *tenancy.LogicalCluster, t *patch.Trace) {
	seen := map[*patch.Link]bool{}
	for _, f := range t.Failures {
		if seen[f.Step.Link] {
			continue // one is enough for a logical cluster
		}
		seen[f.Step.Link] = true
		if x.blame(f.Step) == nil && !lc.Held && x.changed(lc.Kind, lc.Key, lc.Dir) {
			p, _ := x.policies.PatchedBy(f.Step)
			d := x.diagnostic(&failing{f, lc, 0})
			if p.Spec.Enforcement == schema.Deny {
				x.out = append(x.out, tenancy.Fault(&lc.Meta, d.See(lc.Pos, "%s stands here", lc.Key), ""))
			} else {
				x.out = append(x.out, tenancy.Finding{Diagnostic: d.About(lc.Meta.String())})
			}
			continue
		}
		same := func(o *failing) bool {
			return o.Step == f.Step && o.Object.Kind == f.Object.Kind && o.Message == f.Message
		}
		if i := slices.IndexFunc(x.failures, same); i >= 0 {
			x.failures[i].more++
		} else {
			x.failures = append(x.failures, &failing{f, lc, 0})
		}
	}
}

// blame returns the document whose change a failure is taken for; nil where neither the
// policy nor its module differ.
func (x *Patching) blame(s *patch.Step) *load.Meta {
	p, _ := x.policies.PatchedBy(s)
	for _, m := range []*load.Meta{p.rulesAt, &p.Meta} {
		if m.Held || x.changed(m.Kind, m.Key, m.Dir) {
			return m
		}
	}
	return nil
}

func (x *Patching) diagnostic(f *failing) diag.Diagnostic {
	p, at := x.policies.PatchedBy(f.Step)
	of := fmt.Sprintf("%s, of %s", f.Object, f.lc.Key)
	if f.more > 0 {
		of += fmt.Sprintf(" and %d more", f.more)
	}
	d := diag.New(diag.PatchFailed, at, "policy %s can't patch %s: %s", p.Key, of, f.Message)
	if f.Refused {
		d = diag.New(diag.PatchRefused, at, "policy %s may not change %s of %s: %s", p.Key, strings.Join(f.Path, "."), of, f.Message)
	}
	if p.Module != nil {
		d = d.See(p.Pos, "policy %s stands here", p.Key)
	}
	switch p.Spec.Enforcement {
	case schema.Warn:
		d.Severity = diag.Warning
	case schema.Audit:
		d.Severity = diag.Note
	}
	return d
}

// override notes what is overridden, and reports whether anything is.
func (x *Patching) override(lc *tenancy.LogicalCluster, t *patch.Trace) (found bool) {
	for i, upper := range t.Made {
		for _, lower := range t.Made[:i] {
			if !upper.Overrides(&lower) {
				continue
			}
			found = true
			same := func(o *overriding) bool {
				return o.lower.Step.Link == lower.Step.Link && o.upper.Step.Link == upper.Step.Link
			}
			if i := slices.IndexFunc(x.pairs, same); i < 0 {
				x.pairs = append(x.pairs, &overriding{lower, upper, lc, 0})
			} else if x.pairs[i].lc != lc {
				x.pairs[i].more++
			}
		}
	}
	return found
}

// Findings returns what is to be said of all of them.
func (x *Patching) Findings() []tenancy.Finding {
	out := x.out
	for _, f := range x.failures {
		p, _ := x.policies.PatchedBy(f.Step)
		d := x.diagnostic(f)
		m := x.blame(f.Step)
		switch {
		case m != nil && p.Spec.Enforcement == schema.Deny:
			out = append(out, tenancy.Fault(m, d, "the object stays as it is without the policy"))
		default:
			d.Message += " (the object stays as it is without the policy)"
			out = append(out, tenancy.Finding{Diagnostic: d.About(p.Meta.String())})
		}
	}
	for _, o := range x.pairs {
		lower, at := x.policies.PatchedBy(o.lower.Step)
		upper, above := x.policies.PatchedBy(o.upper.Step)
		of := fmt.Sprintf("%s of %s, of %s", strings.Join(o.upper.Change.Path, "."), o.upper.Object, o.lc.Key)
		if o.more > 0 {
			of += fmt.Sprintf(" and %d more", o.more)
		}
		out = append(out, tenancy.Finding{Diagnostic: diag.New(diag.PatchOverridden, at, "policies %s and %s set %s, to different values: that of %s holds", lower.Key, upper.Key, of, upper.Key).
			See(above, "policy %s sets it here", upper.Key).About(lower.Meta.String())})
	}
	for _, s := range x.reached {
		if p, at := x.policies.PatchedBy(s); !x.matched[s] {
			out = append(out, tenancy.Finding{Diagnostic: diag.New(diag.PatchUnmatched, at, "policy %s changes no object by %s: none that is rendered for those whom it reaches fits the target",
				p.Key, s.Name()).About(p.Meta.String())})
		}
	}
	return out
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
	chain := patch.NewChain([]*patch.Link{policy.Patches}, func(o manifest.Map) string { return implicit.Problem(p.tenancy, o) }, [32]byte{})
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
