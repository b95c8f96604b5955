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
	values := lc.Explain()
	if site == nil {
		return values
	}
	add := func(field, text string, steps ...tenancy.Step) {
		for i := range steps {
			if steps[i].Text == "" {
				steps[i].Text = text
			}
			if steps[i].Effect == "" {
				steps[i].Effect = tenancy.Overridden
			}
		}
		steps[0].Effect = tenancy.Sets
		values = append(values, tenancy.Value{Field: field, Text: text, Steps: steps})
	}
	decided := func(known bool) tenancy.Step {
		if known {
			return tenancy.Step{Origin: tenancy.Origin{From: FromPins}}
		}
		return tenancy.Step{Origin: tenancy.Origin{From: FromPlacement}}
	}
	step := decided(former != nil && former.Cluster == site.Cluster)
	if demanded := lc.Placement.Cluster; demanded != "" {
		asked := tenancy.Step{Origin: tenancy.Origin{From: "document", Pos: lc.At("placement", "cluster")}, Text: demanded}
		if demanded == site.Cluster {
			add("placement.cluster", site.Cluster, asked)
		} else {
			asked.Effect = tenancy.Refused
			add("placement.cluster", site.Cluster, step, asked)
		}
	} else {
		add("placement.cluster", site.Cluster, step)
	}
	if c := t.Cluster(site.Cluster); c != nil {
		add("placement.kubernetes", c.Kubernetes, tenancy.Step{Origin: tenancy.Origin{From: "physical cluster " + c.Name, Pos: c.At("kubernetes")}})
	}
	if site.Cut != "" {
		add("placement.cut", site.Cut, decided(former != nil && former.Cluster == site.Cluster && former.Cut == site.Cut))
	}
	step = decided(former != nil && former.Cluster == site.Cluster && former.Phase == site.Phase)
	if site.Phase != pins.Present && lc.State == schema.Deleted {
		step = tenancy.Step{Origin: tenancy.Origin{From: "document", Pos: lc.At("state")}}
	}
	add("placement.phase", cmp.Or(string(site.Phase), "present"), step)
	for _, left := range site.Left {
		if left.Phase != pins.Gone {
			add("placement.left."+left.Cluster, string(left.Phase), decided(former != nil && slices.ContainsFunc(former.Left, func(s pins.Site) bool { return s.Cluster == left.Cluster })))
		}
	}
	for _, n := range site.Namespaces {
		known := former != nil && former.Cluster == site.Cluster && slices.Contains(former.Namespaces, n)
		add("namespaces."+n.Name+".name", n.Physical, decided(known))
	}
	for _, n := range site.Retired {
		add("namespaces."+n.Name+".retired", n.Physical, decided(former != nil))
	}
	return values
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
