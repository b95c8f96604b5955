package check

import (
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

func (c *checker) regionsAllowed(lc *subject, out *tenancy.Findings) {
	if lc.Spec.Regions == nil {
		origin := lc.InheritedFrom["regions"]
		if lc.Regions != nil && len(lc.Regions) == 0 {
			d := diag.New(diag.RegionNotOffered, lc.Pos, "%s can stand in no region: none that it inherits is offered", lc.Key).
				See(origin.Pos, "the offer of %s stands here", origin.From)
			const held = "it stays where it is"
			if wrong := lc.Org.Offers.Refusing(func(f *tenancy.Offer) bool { return f.Regions == nil || !f.Wrong }); wrong != nil {
				wrong.Fault(out, &lc.Meta, d, held)
			} else {
				out.Fault(&lc.Meta, d, held)
			}
		}
		return
	}
	c.knownRegions(&lc.Meta, lc.Spec.Regions, lc.At, out)
	for i, region := range lc.Spec.Regions {
		if above := lc.Org.Offers.Refusing(func(f *tenancy.Offer) bool { return f.Region(region) }); above != nil {
			above.Fault(out, &lc.Meta, diag.New(diag.RegionNotOffered, lc.At("regions", strconv.Itoa(i)), "%s accepts region %s, which %s does not offer", lc.Key, region, above.Organization.Path).
				See(above.Organization.At("offers", "regions"), "%s offers %s", above.Organization.Path, diag.Join(above.Regions)).
				Suggest("leave it out, or ask the owners of %s to offer it", above.Organization.Path), "the region falls away")
		}
	}
	if lc.Held {
		for _, f := range lc.Org.Offers {
			if f.Regions != nil {
				lc.narrow().Regions = f.Narrow(lc.Regions)
			}
		}
	}
}

func (c *checker) placement(lc *subject, out *tenancy.Findings) {
	for i, name := range lc.Placement.Release {
		if !slices.Contains(c.clusters, name) {
			out.Add(&lc.Meta, diag.New(diag.UnknownRelease, lc.At("placement", "release", strconv.Itoa(i)), "there is no physical cluster %s to release", name).SuggestName(name, c.clusters))
		}
	}
	name := lc.Placement.Cluster
	if name == "" {
		return
	}
	pos := lc.At("placement", "cluster")
	cluster := c.t.Cluster(name)
	if cluster == nil {
		out.Fault(&lc.Meta, diag.New(diag.UnknownCluster, pos, "there is no physical cluster %s", name).SuggestName(name, c.clusters), "it stays where it is")
		out.Following(schema.KindPhysicalClusters, name)
		lc.narrow().Placement.Cluster = ""
		return
	}
	if lc.Regions != nil && !slices.Contains(lc.Regions, cluster.Region) {
		out.Fault(&lc.Meta, diag.New(diag.PlacementRegion, pos, "%s stands in region %s, and %s may only stand in %s", name, cluster.Region, lc.Key, diag.Join(lc.Regions)).
			See(lc.Origins()["regions"].Pos, "the regions stand here").
			See(cluster.At("region"), "the region of %s stands here", name), "it stays where it is")
	}
}

// sourceNamespace checks where a team's objects without a namespace go.
func sourceNamespace(lc *subject, out *tenancy.Findings) {
	if lc.Source == nil {
		return
	}
	names := make([]string, len(lc.Namespaces))
	for i, n := range lc.Namespaces {
		names[i] = n.Name
	}
	switch name := lc.Source.Namespace; {
	case name == "":
		out.Fault(&lc.Meta, diag.New(diag.SourceNamespace, lc.At("source"), "source names no namespace, and %s has %s", lc.Key, diag.Join(names)).
			See(lc.At("namespaces"), "the namespaces stand here").Suggest("name one of them: source: namespace"), "the source falls away")
	case !slices.Contains(names, name):
		out.Fault(&lc.Meta, diag.New(diag.SourceNamespace, lc.At("source", "namespace"), "%s has no namespace %s", lc.Key, name).
			See(lc.At("namespaces"), "the namespaces stand here").SuggestName(name, names), "the source falls away")
	default:
		return
	}
	if lc.Held {
		lc.narrow().Source = nil
	}
}
