package policy

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/object"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Compile compiles modules and policies. What is wrong with one concerns its own
// document; a policy that can't be enforced is left out.
func Compile(t *tenancy.Tenancy, docs *document.Documents, sources rule.Sources) (*Policies, []tenancy.Finding) {
	schemas := object.NewSchemas(t)
	c := &compiler{
		tenancy: t, sources: sources,
		out:     &Policies{Tenancy: t, exemptions: map[*Policy][]*tenancy.Exemption{}, schemas: schemas},
		modules: map[string]*Module{}, types: object.NewTypes(t), environments: apiserver.NewEnvironments(schemas), judged: map[judgedKey]*rule.Environment{},
	}
	for _, d := range docs.Modules {
		c.module(d)
	}
	for _, d := range docs.Policies {
		c.policy(d)
	}
	c.demands()
	c.out.minor = c.minors()[0]
	slices.SortStableFunc(c.out.All, func(a, b *Policy) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.Dir, b.Dir), strings.Compare(a.Key, b.Key))
	})
	c.exemptions(docs.Policies)
	c.out.gather()
	for _, one := range c.out.chainWrites() {
		c.sameVersions(one.policies)
		if one.err != nil {
			c.notComposed(one.policies[0], one.err)
		}
	}
	c.out.chainPatches()
	return c.out, c.found
}

func (c *compiler) policy(d *document.Document[schema.Policy]) {
	p := &Policy{Meta: d.Meta, Spec: &d.Spec, Stage: d.Spec.Stage, Rules: d.Spec.RuleSet, path: tenancy.Reach(d.Dir)}
	p.RulesAt = &p.Meta
	var m *Module
	if p.Spec.Module == "" {
		if !c.ownRules(p) {
			return
		}
	} else if m = c.use(p); m == nil {
		return
	}
	ok := c.readReach(p)
	switch {
	case p.Stage == schema.Acquire || p.Stage == schema.Evolve:
		ok = c.compileRepo(p, m) && ok
	case patches(&p.Rules):
		ok = c.compilePatches(p, m) && ok
	default:
		ok = c.compileWrites(p, m) && ok
	}
	if !ok {
		return
	}
	c.out.admits = c.out.admits || p.Admission != nil
	c.selects(p)
	c.out.All = append(c.out.All, p)
}

// readReach reads which logical clusters of its subtree a policy is for.
func (c *compiler) readReach(p *Policy) bool {
	ok := true
	for i, name := range p.Spec.Classes {
		if !slices.ContainsFunc(c.tenancy.Classes, func(class *tenancy.Class) bool { return class.Name == name }) {
			c.fault(&p.Meta, diag.New(diag.UnknownClass, p.At("classes", strconv.Itoa(i)), "there is no class %s", name).
				Suggest("%s", diag.DidYouMean(name, c.classes())), "it reaches nobody by it")
			c.following(schema.KindClasses, name)
			ok = ok && p.Held
		}
	}
	if s := p.Spec.Selector; s != nil {
		selector, findings := resolve.Selector(s, &p.Meta, func(path ...string) diag.Position {
			return p.At(append([]string{"selector"}, path...)...)
		})
		c.found = append(c.found, findings...)
		p.selector, ok = selector, ok && len(findings) == 0
	}
	return ok
}

// ownRules checks a policy that uses no module.
func (c *compiler) ownRules(p *Policy) bool {
	problem := ""
	switch {
	case len(p.Rules.Rules) == 0 && p.Stage != schema.Transform:
		problem = "it names no module and has no rules of its own"
	case p.Stage == "":
		problem = "rules of its own need a stage"
	case p.Spec.Parameters != nil:
		problem = "rules of its own have no parameters: write the values into them"
	case patches(&p.Rules) && p.Stage != schema.Transform:
		problem = "only stage transform changes what is rendered: patches and transformers can't stand here"
	case p.Rules.Mutations != nil && p.Stage != schema.Transform:
		problem = "only stage transform changes writes: mutations can't stand here"
	default:
		return true
	}
	c.fault(&p.Meta, diag.New(diag.PolicyIncomplete, p.Pos, "policy %s: %s", p.Key, problem), notEnforced)
	return false
}

// use takes over what the policy's module says.
func (c *compiler) use(p *Policy) *Module {
	for _, f := range []struct {
		field string
		given bool
	}{
		{"stage", p.Stage != ""}, {"rules", p.Rules.Rules != nil}, {"variables", p.Rules.Variables != nil},
		{"mutations", p.Rules.Mutations != nil}, {"patches", p.Rules.Patches != nil}, {"transformers", p.Rules.Transformers != nil},
		{"matchConstraints", p.Rules.MatchConstraints != nil}, {"matchConditions", p.Rules.MatchConditions != nil},
	} {
		if f.given {
			c.fault(&p.Meta, diag.New(diag.PolicyIncomplete, p.At(f.field), "policy %s uses module %s, which brings its own %s", p.Key, p.Spec.Module, f.field).
				Suggest("leave %s out, or write the rules here and use no module", f.field), notEnforced)
			return nil
		}
	}
	m := c.modules[p.Spec.Module]
	if m == nil {
		d := diag.New(diag.UnknownModule, p.At("module"), "there is no module %s", p.Spec.Module)
		if near := diag.DidYouMean(p.Spec.Module, slices.Sorted(maps.Keys(c.modules))); near != "" {
			d = d.Suggest("%s", near)
		}
		c.fault(&p.Meta, d, notEnforced)
		c.following(schema.KindModules, p.Spec.Module)
		return nil
	}
	cases := p.Rules.Cases
	p.Module, p.Stage, p.Rules, p.RulesAt = m.Document, m.Spec.Stage, m.Spec.RuleSet, &m.Meta
	p.Rules.Cases = cases
	if m.broken {
		c.fault(&p.Meta, diag.New(diag.ModuleBroken, p.At("module"), "module %s is in error, so policy %s can't be enforced", m.Key, p.Key).
			See(m.Pos, "the module stands here"), notEnforced)
		return nil
	}
	if !c.parameters(p, m) {
		return nil
	}
	return m
}

func (c *compiler) classes() []string {
	var out []string
	for _, class := range c.tenancy.Classes {
		out = append(out, class.Name)
	}
	return out
}

// selects looks at whom a policy picks: nobody, or whoever wants to be.
func (c *compiler) selects(p *Policy) {
	if s := p.Spec.Selector; s != nil {
		var keys []string
		for key := range s.MatchLabels {
			keys = append(keys, key)
		}
		for _, e := range s.MatchExpressions {
			keys = append(keys, e.Key)
		}
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			if rule, ok := c.tenancy.Settings.Labels[key]; ok && rule.Owner != schema.OwnerTeam {
				continue
			}
			c.add(&p.Meta, diag.New(diag.SelectorTeamLabel, c.selectorAt(p, key), "policy %s selects by label %s, which any team can set or leave out", p.Key, key).
				Suggest("name its owner in settings: labels, or select by class"))
		}
	}
	for _, lc := range c.tenancy.LogicalClusters {
		if p.Reaches(lc) {
			return
		}
	}
	at := p.Pos
	switch {
	case p.Spec.Selector != nil:
		at = p.At("selector")
	case p.Spec.Classes != nil:
		at = p.At("classes")
	}
	c.add(&p.Meta, diag.New(diag.SelectorUnmatched, at, "policy %s reaches no logical cluster", p.Key))
}

// selectorAt returns where a selector names a label.
func (c *compiler) selectorAt(p *Policy, key string) diag.Position {
	if _, ok := p.Spec.Selector.MatchLabels[key]; ok {
		return p.At("selector", "matchLabels", key)
	}
	for i, e := range p.Spec.Selector.MatchExpressions {
		if e.Key == key {
			return p.At("selector", "matchExpressions", strconv.Itoa(i), "key")
		}
	}
	return p.At("selector")
}
