package policy

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/policy/demand"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Demanded is what a version of an API set demands of a resource's fields. For those
// that bind the version, its constraints are a policy at stage admit, and its defaults
// one at stage transform.
type Demanded struct {
	Version  *tenancy.APIVersion
	Resource *tenancy.Resource

	// positions are where each rule, or each mutation, stands.
	positions []diag.Position
}

// demands makes policies of what API sets demand. It is held against the resources
// where API sets are resolved.
func (c *compiler) demands() {
	for _, set := range c.tenancy.APISets {
		for _, v := range set.Versions {
			if v.Spec.Lifecycle == schema.Removed {
				continue
			}
			for _, r := range v.Resources {
				if !r.Demands.Empty() {
					c.demanded(v, r)
				}
			}
		}
	}
}

func (c *compiler) demanded(v *tenancy.APIVersion, r *tenancy.Resource) {
	at := func(path ...string) diag.Position {
		return v.Set.At(append([]string{"versions", v.Name, "resources", r.Key}, path...)...)
	}
	add := func(stage schema.Stage, rules schema.RuleSet, positions []diag.Position, resources ...string) {
		p := &Policy{Meta: v.Set.Meta, Spec: &schema.Policy{Enforcement: schema.Deny}, Stage: stage, Rules: rules, Demanded: &Demanded{v, r, positions}}
		p.Key, p.Pos, p.RulesAt = v.String()+"/"+r.Key, positions[0], &p.Meta
		p.Rules.MatchConstraints = &schema.MatchConstraints{ResourceRules: []schema.ResourceRule{
			{APIGroups: []string{r.Group}, APIVersions: r.Versions, Resources: append([]string{r.Plural}, resources...)}}}
		err := p.compose()
		if err == nil {
			err = c.accepted(p)
		}
		if err != nil {
			c.notComposed(p, err)
			return
		}
		c.out.admits = c.out.admits || p.Admission != nil
		c.out.All = append(c.out.All, p)
	}
	root := r.Schema(r.Writable()[0])
	if r.Lost || root == nil {
		add(schema.Admit, schema.RuleSet{Rules: []schema.Rule{{Expression: "false", Message: "nothing can be written until the definition of " + r.Key + " is found again"}}}, []diag.Position{at()})
		return
	}
	var parts []string // of an object that are written by themselves, as the whole of it
	if r.Group == "" && r.Plural == "pods" {
		parts = []string{"pods/ephemeralcontainers", "pods/resize"}
	}
	constraints, scaled := r.Demands.Constraints, demand.ReplicasPath(r)
	if _, ok := constraints[scaled]; !ok {
		scaled = ""
	}
	positions := func(field string, paths [][]string) []diag.Position {
		out := make([]diag.Position, len(paths))
		for i, path := range paths {
			out[i] = at(append([]string{field}, path...)...)
		}
		return out
	}
	if rules, paths := demand.Rules(root, constraints, scaled); rules != nil {
		judged := parts
		if scaled != "" {
			judged = append(judged, r.Plural+"/scale")
		}
		add(schema.Admit, schema.RuleSet{Rules: rules}, positions("constraints", paths), judged...)
	}
	if mutations, paths := demand.Mutations(root, r.Demands.Defaults); mutations != nil {
		add(schema.Transform, schema.RuleSet{Mutations: mutations}, positions("defaults", paths), parts...)
	}
}

// binds reports whether a logical cluster binds the version.
func (d *Demanded) binds(lc *tenancy.LogicalCluster) bool {
	return slices.ContainsFunc(lc.APIs, func(b tenancy.Binding) bool { return b.Version == d.Version })
}

// contentKey names the policy in a cluster. What different API sets demand of one
// resource is one where it is the same.
func (p *Policy) contentKey() string {
	if p.Demanded == nil {
		return p.Key
	}
	const most = 40 // the name is a part of a label's key
	plural := p.Demanded.Resource.Plural
	return "api-" + strings.TrimRight(plural[:min(len(plural), most-len("api-"))], "-")
}
