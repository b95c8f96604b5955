// Package explain answers where the effective values of a logical cluster came
// from, and which of them made a field of a rendered object.
//
// What is inherited is answered by package tenancy, which applies the layers
// that resolving applied. Added here is what later passes decide: the physical
// cluster, the names and the cut, which the pins remember. Nothing is recorded
// while a repo is compiled; a question about one logical cluster costs what
// that one costs.
package explain

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Origins of what documents do not say.
const (
	// FromPins: an earlier build decided it.
	FromPins = "pins"
	// FromPlacement: this run decides it, and a build remembers it.
	FromPlacement = "placement"
)

// LogicalCluster returns all values of a logical cluster. The site is where it
// stands, nil where it is not placed, and former where it stood before this run.
func LogicalCluster(t *tenancy.Tenancy, lc *tenancy.LogicalCluster, site, former *pins.LogicalCluster) []tenancy.Value {
	if site == nil {
		return lc.Explain()
	}
	p := placed{lc: lc, site: site, former: former, values: lc.Explain()}
	p.cluster()
	if c := t.Cluster(site.Cluster); c != nil {
		p.add("placement.kubernetes", c.Kubernetes, tenancy.Step{Origin: tenancy.Origin{From: "physical cluster " + c.Name, Pos: c.At("kubernetes")}})
	}
	if site.Cut != "" {
		p.add("placement.cut", site.Cut, decided(p.stays() && former.Cut == site.Cut))
	}
	p.phase()
	for _, left := range site.Left {
		if left.Phase != pins.Gone {
			known := former != nil && slices.ContainsFunc(former.Left, func(s pins.Site) bool { return s.Cluster == left.Cluster })
			p.add("placement.left."+left.Cluster, string(left.Phase), decided(known))
		}
	}
	for _, n := range site.Namespaces {
		p.add("namespaces."+n.Name+".name", n.Physical, decided(p.stays() && slices.Contains(former.Namespaces, n)))
	}
	for _, n := range site.Retired {
		p.add("namespaces."+n.Name+".retired", n.Physical, decided(former != nil))
	}
	return p.values
}

// placed gathers the values of a logical cluster that has a site.
type placed struct {
	lc           *tenancy.LogicalCluster
	site, former *pins.LogicalCluster // former is nil for one that is new
	values       []tenancy.Value
}

// add adds a value. The first of the steps sets it; others are overridden by it,
// unless they say otherwise.
func (p *placed) add(field, text string, steps ...tenancy.Step) {
	for i := range steps {
		steps[i].Text = cmp.Or(steps[i].Text, text)
		steps[i].Effect = cmp.Or(steps[i].Effect, tenancy.Overridden)
	}
	steps[0].Effect = tenancy.Sets
	p.values = append(p.values, tenancy.Value{Field: field, Text: text, Steps: steps})
}

// decided returns the step by which the compiler decides a value: an earlier build, where
// it is known, or this run.
func decided(known bool) tenancy.Step {
	if known {
		return tenancy.Step{Origin: tenancy.Origin{From: FromPins}}
	}
	return tenancy.Step{Origin: tenancy.Origin{From: FromPlacement}}
}

// stays reports whether the logical cluster stood on its physical cluster before.
func (p *placed) stays() bool { return p.former != nil && p.former.Cluster == p.site.Cluster }

// cluster adds the physical cluster, and what the document says of it.
func (p *placed) cluster() {
	const field = "placement.cluster"
	step, demanded := decided(p.stays()), p.lc.Placement.Cluster
	asked := tenancy.Step{Origin: tenancy.Origin{From: "document", Pos: p.lc.At("placement", "cluster")}, Text: demanded}
	switch demanded {
	case "":
		p.add(field, p.site.Cluster, step)
	case p.site.Cluster:
		p.add(field, p.site.Cluster, asked)
	default:
		asked.Effect = tenancy.Refused
		p.add(field, p.site.Cluster, step, asked)
	}
}

// phase adds how far the removal has come.
func (p *placed) phase() {
	step := decided(p.stays() && p.former.Phase == p.site.Phase)
	if p.site.Phase != pins.Present && p.lc.State == schema.Deleted {
		step = tenancy.Step{Origin: tenancy.Origin{From: "document", Pos: p.lc.At("state")}}
	}
	p.add("placement.phase", cmp.Or(string(p.site.Phase), "present"), step)
}

// Policies returns the policies that reach a logical cluster as values, in the order
// in which they stand: what each is, where it was declared, its module and
// parameters, and the exemption that lifts it.
func Policies(effective []policy.Effective) []tenancy.Value {
	var out []tenancy.Value
	for _, e := range effective {
		text := strings.TrimSpace(string(e.Spec.Enforcement) + " at " + string(e.Stage))
		steps := []tenancy.Step{{Origin: tenancy.Origin{From: "policy " + e.ID(), Pos: e.Pos}, Text: text, Effect: tenancy.Sets}}
		refers := func(from string, pos diag.Position, text string) {
			steps = append(steps, tenancy.Step{Origin: tenancy.Origin{From: from, Pos: pos}, Text: text, Effect: tenancy.Refers})
		}
		if e.Module != nil {
			refers("module", e.Module.Pos, e.Module.Key)
		}
		for _, name := range slices.Sorted(maps.Keys(e.Parameters)) {
			value, err := json.Marshal(e.Parameters[name])
			if err != nil {
				continue // it was made from JSON
			}
			from, pos := "module's default", diag.Position{}
			if _, given := e.Spec.Parameters[name]; given {
				from, pos = "parameters", e.At("parameters", name)
			}
			refers(from, pos, name+": "+string(value))
		}
		if x := e.Exemption; x != nil {
			text = "exempt until " + x.Spec.Expires
			steps[0].Effect = tenancy.Overridden
			steps = append([]tenancy.Step{{Origin: tenancy.Origin{From: "exemption " + x.Key + " (" + x.Spec.Reason + ")", Pos: x.Pos}, Text: text, Effect: tenancy.Sets}}, steps...)
		}
		out = append(out, tenancy.Value{Field: "policies." + e.ID(), Text: text, Steps: steps})
	}
	return out
}

// Select returns the values that a field stands for: itself, and all below it.
// "quota" selects each amount. The names of a document's quota stand for those
// that a ResourceQuota uses.
func Select(values []tenancy.Value, field string) []tenancy.Value {
	if name, ok := strings.CutPrefix(field, "quota."); ok {
		field = "quota." + schema.ResourceName(name)
	}
	if name, ok := strings.CutPrefix(field, "access."); ok {
		if s, problem := tenancy.ParseSubject(name); problem == "" {
			field = "access." + s.String()
		}
	}
	return slices.DeleteFunc(slices.Clone(values), func(v tenancy.Value) bool {
		return v.Field != field && !strings.HasPrefix(v.Field, field+".")
	})
}
