// Package check judges what spans the documents of a tenancy: offers, ceilings,
// lifecycles, label owners, names.
package check

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/history"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Input is what Tenancy judges by.
type Input struct {
	Tenancy *tenancy.Tenancy
	History *history.History
	// AsOf is the day with which sunsets are compared.
	AsOf string
	// Standing are the keys of logical clusters that stand in the pins.
	Standing map[string]bool
	// LabelsGiven answers the questions of GivenLabels: the labels that the patterns
	// of a directory, and of those above it, give a document by themselves. Where it
	// is nil, no pattern gives any.
	LabelsGiven func(document *document.Meta, dir string) map[string]string
}

// Tenancy judges what documents may say where they stand.
//
// A held document is not refused again. From it, what it may no longer have
// falls away if it gives something, and stays if taking it away would destroy
// something. The tenancy that it returns is narrowed accordingly, and amounts
// that are divided from budgets are held to the ceilings; warnings say so.
func Tenancy(in Input) (*tenancy.Tenancy, []tenancy.Finding) {
	t := in.Tenancy
	c := &checker{Input: in, t: t, refusedDefault: map[*tenancy.Organization]bool{}, ruledLabels: slices.Sorted(maps.Keys(t.Settings.Labels))}
	c.regions = t.Regions()
	for _, cluster := range t.Clusters {
		c.clusters = append(c.clusters, cluster.Name)
	}
	c.conflicts = conflicts(t.APISets)
	c.names()
	c.formerly()
	c.channels()
	c.revocations()
	for _, class := range t.Classes {
		c.class(class)
	}
	for _, o := range t.Organizations {
		c.organization(o)
	}
	c.subjects = make([]subject, len(t.LogicalClusters))
	c.found.Gather(len(t.LogicalClusters), func(i int, out *tenancy.Findings) {
		s := &c.subjects[i]
		s.LogicalCluster = t.LogicalClusters[i]
		if s.State != schema.Deleted {
			c.logicalCluster(s, out)
		} else {
			s.narrowAPIs()
		}
	})
	c.ceilings()
	return c.narrowed(), c.found.Sorted()
}

type checker struct {
	Input
	t     *tenancy.Tenancy
	found tenancy.Findings
	// subjects are the logical clusters, in their order.
	subjects []subject

	regions   []string
	clusters  []string
	conflicts map[*tenancy.APIVersion][]conflict
	// ruledLabels are the keys of settings.labels, sorted.
	ruledLabels []string

	expired []*tenancy.Exemption // from the ceilings of the organization that is being checked

	refusedDefault map[*tenancy.Organization]bool // its default class may not be used there
}

// narrowed returns the tenancy with what was narrowed.
func (c *checker) narrowed() *tenancy.Tenancy {
	var changed []*tenancy.LogicalCluster
	for i := range c.subjects {
		if c.subjects[i].narrowed {
			changed = append(changed, c.subjects[i].LogicalCluster)
		}
	}
	return c.t.With(changed)
}

func (c *checker) organizations() []string {
	var out []string
	for _, o := range c.t.Organizations {
		if o.Missing != o {
			out = append(out, o.Path)
		}
	}
	return out
}

func (c *checker) organization(o *tenancy.Organization) {
	c.labelOwners(&o.Meta, o.Spec.Labels, true, &c.found)
	c.labelValues(&o.Meta, o.Spec.Labels, &c.found)
	c.labelCount(&o.Meta, o.Spec.Labels, &c.found)
	if d := o.Spec.Defaults; d != nil {
		c.knownRegions(&o.Meta, d.Regions, o.Layer.At, &c.found)
		c.sunsets(&o.Meta, o.Layer.APIs)
		c.defaults(o, d.Class)
	}
}

func (c *checker) logicalCluster(lc *subject, out *tenancy.Findings) {
	lc.changed, lc.stood = c.History.Changed(&lc.Meta), c.stood(lc.LogicalCluster)
	c.bindings(lc, out)
	c.classAllowed(lc, out)
	c.regionsAllowed(lc, out)
	c.placement(lc, out)
	sourceNamespace(lc, out)
	c.ownLabels(lc, out)
	c.size(lc, out)
}

func (c *checker) knownRegions(m *document.Meta, regions []string, at tenancy.Positions, out *tenancy.Findings) {
	for i, region := range regions {
		if !slices.Contains(c.regions, region) {
			out.Fault(m, diag.New(diag.UnknownRegion, at("regions", strconv.Itoa(i)), "no physical cluster stands in region %s", region).SuggestName(region, c.regions), "it counts for nothing")
			out.Following(schema.KindPhysicalClusters, "")
		}
	}
}
