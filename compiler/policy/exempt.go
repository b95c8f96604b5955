package policy

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// exemptions finds what each exemption from a policy lifts. One lifts policies of
// its name that stand in its own directory or below, so that whoever owns the
// policy owns the exception.
func (c *compiler) exemptions(declared []*document.Document[schema.Policy]) {
	for _, x := range c.tenancy.Exemptions {
		name := x.Spec.Policy
		if name == "" {
			continue
		}
		if !c.names(x, declared) {
			continue
		}
		useful := false
		for _, p := range c.out.All {
			if p.Key != name || p.Demanded != nil || !tenancy.Below(p.Dir, x.Dir) {
				continue
			}
			c.out.exemptions[p] = append(c.out.exemptions[p], x)
			useful = useful || slices.ContainsFunc(c.tenancy.LogicalClusters, func(lc *tenancy.LogicalCluster) bool {
				return x.Covers(lc.Key) && p.Reaches(lc)
			})
		}
		if !useful && x.Holds() && c.tenancy.Known(x.Spec.Target) {
			c.add(&x.Meta, diag.New(diag.ExemptionUseless, x.At("target"), "exemption %s lifts nothing: policy %s does not reach %s", x.Key, name, x.Spec.Target))
		}
	}
}

// names reports whether the policy of an exemption is declared in its directory or below,
// and says so where it is not.
func (c *compiler) names(x *tenancy.Exemption, declared []*document.Document[schema.Policy]) bool {
	name := x.Spec.Policy
	var elsewhere *document.Document[schema.Policy]
	var names []string
	for _, d := range declared {
		switch below := tenancy.Below(d.Dir, x.Dir); {
		case below && d.Key == name:
			return true
		case below:
			names = append(names, d.Key)
		case d.Key == name && (elsewhere == nil || tenancy.Below(x.Dir, d.Dir)):
			elsewhere = d
		}
	}
	d := diag.New(diag.ExemptionUnknown, x.At("policy"), "exemption %s: there is no policy %s in its directory or below", x.Key, name)
	if near := diag.DidYouMean(name, names); near != "" {
		d = d.Suggest("%s", near)
	}
	if elsewhere != nil {
		d = diag.New(diag.ExemptionPlace, x.At("policy"), "exemption %s can't lift policy %s, which is not declared in its directory or below", x.Key, name).
			See(elsewhere.Pos, "the policy stands here").
			Suggest("an exemption stands where the policy's owners are: in %s", directory(elsewhere.Dir))
	}
	c.fault(&x.Meta, d, "it exempts nobody")
	c.following(schema.KindPolicies, name)
	return false
}

func directory(dir string) string {
	if tenancy.Reach(dir) == "" {
		return "a directory outside orgs/"
	}
	return dir + ", or above it"
}
