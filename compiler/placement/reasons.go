package placement

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
)

// listed is how many physical clusters a refusal goes through.
const listed = 12

// unplaceable says of each physical cluster why it can't take the logical
// cluster, and what would help most.
func (p *placer) unplaceable(tn *tenant) diag.Diagnostic {
	at := tn.Pos
	demand := tn.Placement.Cluster
	if demand != "" {
		at = tn.At("placement", "cluster")
	}
	var reasons []string
	nearest, closest := -1, fits
	for i, c := range p.clusters {
		if demand != "" && c.Name != demand {
			continue
		}
		why, text := p.refusal(tn, i)
		reasons = append(reasons, c.Name+": "+text)
		if why > closest {
			nearest, closest = i, why
		}
	}
	var message string
	switch {
	case demand != "" && nearest < 0:
		message = fmt.Sprintf("it demands %s, and no document declares such a physical cluster", demand)
	case demand != "":
		message = fmt.Sprintf("it demands %s, which can't take it: %s", demand, strings.TrimPrefix(reasons[0], demand+": "))
	case len(p.clusters) == 0:
		message = "no document declares a physical cluster"
	default:
		message = "no physical cluster can take it: " + list(reasons, listed, "; ")
	}
	d := diag.New(diag.Unplaceable, at, "%s; it is not built until one can%s", message, owners(tn.Org))
	return d.Suggest("%s", p.help(tn, nearest, closest))
}

// owners names whom to talk to: the owners of the nearest organization that has
// any.
func owners(o *tenancy.Organization) string {
	for ; o != nil; o = o.Parent {
		if len(o.Spec.Owners) > 0 {
			return fmt.Sprintf(" (owners of %s: %s)", o.Path, list(o.Spec.Owners, 5, ", "))
		}
	}
	return ""
}

// help says what would let the logical cluster stand on the physical cluster
// that is the least far from taking it.
func (p *placer) help(tn *tenant, i int, why obstacle) string {
	if i < 0 {
		return "declare a physical cluster that fits"
	}
	c := p.clusters[i]
	switch why {
	case full:
		return fmt.Sprintf("ask for less than what %s has free, raise its capacity, or add a physical cluster", c.Name)
	case noBound:
		_, text := p.refusal(tn, i)
		return fmt.Sprintf("bound the quota for %s: %s", c.Name, text)
	case otherCRD:
		return fmt.Sprintf("bind the version that %s serves, or add a physical cluster", c.Name)
	case occupied:
		return fmt.Sprintf("add a physical cluster with backings: [%q]", string(tn.Backing))
	case noTaint:
		return fmt.Sprintf("tolerate the taints of %s, or add a physical cluster without them", c.Name)
	case noLabel:
		return fmt.Sprintf("widen clusterSelector, or label a physical cluster such as %s", c.Name)
	case noRegion:
		return fmt.Sprintf("accept the region %s, or add a physical cluster in one of %s", c.Region, strings.Join(tn.Regions, ", "))
	}
	return fmt.Sprintf("add a physical cluster that supports the backing %s", tn.Backing)
}

// survey says what is true of all that stands, once everything is placed: what
// was left and not released, what vanished and what is over capacity.
func (p *placer) survey() {
	for _, tn := range p.tenants {
		p.sayLeaving(tn)
	}
	p.sayVanished()
	for _, c := range p.clusters {
		for d, limit := range c.capacity {
			if limit < 0 {
				continue
			}
			name := dimensionOf(d).name
			if c.used[d] > limit {
				p.findings = append(p.findings, tenancy.Finding{Diagnostic: diag.New(diag.OverCapacity, c.At("capacity", name),
					"%s holds %s %s, and its capacity is %s; what stands there stays", c.Name, format(d, c.used[d]), name, format(d, limit)).
					About(c.String()).Suggest("raise the capacity, or move logical clusters with placement.cluster")})
			}
			if n := c.unbounded[d]; n > 0 {
				p.findings = append(p.findings, tenancy.Finding{Diagnostic: diag.New(diag.Unbounded, c.At("capacity", name),
					"%s on %s without a quota for %s, so its sum is no bound", printer.Plural(n, "logical cluster stands", "logical clusters stand"), c.Name, name).
					About(c.String()).Suggest("give them a quota, through their class for instance")})
			}
		}
	}
}
