package tenancy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/labels"
)

// Check judges what documents may say where they stand.
//
// former are the keys of logical clusters that stand in the pins, and changed
// reports whether a document differs from its last good version or has none.
// asOf is the day with which sunsets are compared.
//
// A held document is not refused again. From it, what it may no longer have
// falls away if it gives something, and stays if taking it away would destroy
// something; Check changes the Tenancy accordingly and says so in warnings.
func Check(t *Tenancy, asOf string, former map[string]bool, changed func(kind schema.Kind, key, dir string) bool) []Finding {
	c := &checker{t: t, asOf: asOf, former: former, changedDocument: changed, refusedDefault: map[*Organization]bool{},
		ruledLabels: slices.Sorted(maps.Keys(t.Settings.Labels))}
	c.regions = (&resolver{t: t}).regions()
	for _, cluster := range t.Clusters {
		c.clusters = append(c.clusters, cluster.Name)
	}
	c.conflicts = conflicts(t.APISets)
	c.names()
	c.formerly()
	for _, class := range t.Classes {
		c.class(class)
	}
	for _, o := range t.Organizations {
		c.organization(o)
	}
	each(len(t.LogicalClusters), &c.found, func(i int, out *findings) {
		if lc := t.LogicalClusters[i]; lc.State != schema.Deleted {
			c.logicalCluster(lc, out)
		} else {
			lc.APIs = offered(lc)
		}
	})
	c.ceilings()
	return c.found.sorted()
}

type checker struct {
	t               *Tenancy
	asOf            string
	former          map[string]bool
	changedDocument func(kind schema.Kind, key, dir string) bool
	found           findings

	regions   []string
	clusters  []string
	conflicts map[*APIVersion][]conflict
	// ruledLabels are the keys of settings.labels, sorted.
	ruledLabels []string
	renamed     map[*Organization]bool // by itself or with an organization above it

	expired []*Exemption // from the ceilings of the organization that is being checked

	refusedDefault       map[*Organization]bool // its default class may not be used there
	changedOrganizations map[*Organization]bool // itself or one above it, as far as asked
	defaultsBefore       map[*Organization]*formerDefaults
}

// changed reports whether the document is new or differs from its last good
// version. A held document is its last good version.
func (c *checker) changed(m *document.Meta) bool {
	return !m.Held && c.changedDocument(m.Kind, m.Key, m.Dir)
}

func (c *checker) class(class *Class) {
	c.labelValues(&class.Meta, class.Spec.Labels, &c.found)
	c.knownRegions(&class.Meta, class.Spec.Regions, class.At, &c.found)
	c.sunsets(&class.Meta, class.layer.apis)
	if p := class.Spec.Parents; p != nil {
		for i, path := range p.Organizations {
			if o := c.t.Organization(path); o == nil || o.Missing == o {
				c.found.fault(&class.Meta, meant(diag.New(diag.UnknownOffer, class.At("parents", "organizations", itoa(i)),
					"class %s may be used in organization %s, which does not exist", class.Name, path), path, c.organizations()), "it stays as it is")
			}
		}
	}
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

func (c *checker) organization(o *Organization) {
	c.labelOwners(&o.Meta, o.Spec.Labels, true, &c.found)
	c.labelValues(&o.Meta, o.Spec.Labels, &c.found)
	c.labelCount(&o.Meta, o.Spec.Labels, &c.found)
	if d := o.Spec.Defaults; d != nil {
		c.knownRegions(&o.Meta, d.Regions, o.layer.at, &c.found)
		c.sunsets(&o.Meta, o.layer.apis)
		c.defaults(o, d.Class)
	}
}

// defaults checks that an organization gives to those below only what it has
// itself. A logical cluster that says nothing could not be held back from what
// it inherits: its last good document says nothing either.
func (c *checker) defaults(o *Organization, class string) {
	if !c.changed(&o.Meta) {
		return
	}
	for _, b := range o.layer.apis {
		if above := refusing(o.offers, func(f *offer) bool { return f.api(b.Version) }); above != nil {
			c.found.fault(&o.Meta, apiNotOffered(o.Path, b, above), "the bindings fall away")
		}
	}
	if o.classAt != o {
		return // it names none, or none that exists
	}
	known := findBy(c.t.Classes, class, func(c *Class) string { return c.Name })
	for _, d := range classRefusals(o.Path, known, o, func() diag.Position { return o.At("defaults", "class") }) {
		c.found.fault(&o.Meta, d, "the class stays")
		c.refusedDefault[o] = true
	}
}

func (c *checker) knownRegions(m *document.Meta, regions []string, at positions, out *findings) {
	for i, region := range regions {
		if !slices.Contains(c.regions, region) {
			out.fault(m, meant(diag.New(diag.UnknownRegion, at("regions", itoa(i)), "no physical cluster stands in region %s", region), region, c.regions), "it counts for nothing")
		}
	}
}

func (c *checker) logicalCluster(lc *LogicalCluster, out *findings) {
	lc.changed, lc.stood = c.changed(&lc.Meta), c.stood(lc)
	c.bindings(lc, out)
	c.classAllowed(lc, out)
	c.regionsAllowed(lc, out)
	c.placement(lc, out)
	sourceNamespace(lc, out)
	c.ownLabels(lc, out)
	c.size(lc, out)
}

// bindings checks that what is bound is offered, alive and of one mind.
func (c *checker) bindings(lc *LogicalCluster, out *findings) {
	for _, b := range lc.APIs {
		above := refusing(lc.Org.offers, func(f *offer) bool { return f.api(b.Version) })
		if above == nil {
			continue
		}
		d := apiNotOffered(lc.Key, b, above)
		if !lc.fromDocument(b.Version.Set.Name) {
			d.Message += " (bound by " + lc.Origins()["apis."+b.Version.Set.Name].From + ")"
		}
		out.fault(&lc.Meta, d, "the binding falls away")
	}
	if lc.Held {
		lc.APIs = offered(lc)
	}
	for _, b := range lc.APIs {
		if !sunset(b.Version, c.asOf) {
			continue
		}
		// A binding that it inherits and that stood before is its class's or
		// organization's concern.
		own := lc.fromDocument(b.Version.Set.Name)
		if own || !lc.stood {
			c.sunset(&lc.Meta, b, lc.changed, out)
		}
	}
	for i, b := range lc.APIs {
		for _, x := range c.conflicts[b.Version] {
			for _, other := range lc.APIs[:i] {
				if other.Version == x.with {
					out.fault(&lc.Meta, diag.New(diag.CRDConflict, b.Pos, "%s and %s define %s differently", other.Version, b.Version, x.crd).
						See(other.Pos, "%s is bound here", other.Version).
						See(diag.Position{File: x.file}, "%s has it here", b.Version).
						See(diag.Position{File: x.withFile}, "%s has it here", x.with).
						Suggest("bind versions that define it alike"), "it can't be placed anew")
				}
			}
		}
	}
}

// offered returns the bindings that all offers allow.
func offered(lc *LogicalCluster) []Binding {
	return slices.DeleteFunc(slices.Clone(lc.APIs), func(b Binding) bool {
		return refusing(lc.Org.offers, func(f *offer) bool { return f.api(b.Version) }) != nil
	})
}

// conflict says that another version defines a managed custom resource
// differently.
type conflict struct {
	with           *APIVersion
	crd            string
	file, withFile string
}

// conflicts finds the pairs of versions which no physical cluster can serve
// both. It is empty as a rule.
func conflicts(sets []*APISet) map[*APIVersion][]conflict {
	type place struct {
		version *APIVersion
		crd     *CRD
	}
	managed := map[string][]place{}
	out := map[*APIVersion][]conflict{}
	for _, set := range sets {
		for _, v := range set.Versions {
			for _, res := range v.Resources {
				if res.CRD == nil || !res.CRD.Managed {
					continue
				}
				for _, p := range managed[res.CRD.Name] {
					if p.version.Set != set && p.crd.Digest != res.CRD.Digest {
						out[v] = append(out[v], conflict{p.version, res.CRD.Name, res.CRD.File, p.crd.File})
						out[p.version] = append(out[p.version], conflict{v, res.CRD.Name, p.crd.File, res.CRD.File})
					}
				}
				managed[res.CRD.Name] = append(managed[res.CRD.Name], place{v, res.CRD})
			}
		}
	}
	return out
}

func apiNotOffered(who string, b Binding, above *offer) diag.Diagnostic {
	return diag.New(diag.APINotOffered, b.Pos, "%s binds %s, which %s does not offer", who, b.Version, above.org.Path).
		See(above.org.At("offers", "apis"), "the offer of %s stands here", above.org.Path).
		Suggest("bind what is offered, or ask the owners of %s to offer it", above.org.Path)
}

// classAllowed checks the class against offers and against the class's own say.
func (c *checker) classAllowed(lc *LogicalCluster, out *findings) {
	if !lc.Class.known || lc.Spec.Class == "" && c.refusedDefault[lc.Org.classAt] {
		return // or said of the organization already
	}
	for _, d := range classRefusals(lc.Key, lc.Class, lc.Org, func() diag.Position { return lc.classOrigin().Pos }) {
		out.fault(&lc.Meta, d, "the class stays")
	}
}

// classRefusals says why a class may not be used in an organization.
func classRefusals(who string, class *Class, org *Organization, pos func() diag.Position) (out []diag.Diagnostic) {
	if above := refusing(org.offers, func(f *offer) bool { return f.class(class.Name) }); above != nil {
		out = append(out, diag.New(diag.ClassNotOffered, pos(), "%s has class %s, which %s does not offer", who, class.Name, above.org.Path).
			See(above.org.At("offers", "classes"), "%s offers %s", above.org.Path, list(above.classes)).
			Suggest("use one that is offered, or ask the owners of %s to offer it", above.org.Path))
	}
	p := class.Spec.Parents
	if p == nil {
		return out
	}
	if p.Organizations != nil && !slices.ContainsFunc(p.Organizations, func(path string) bool { return inside(org.Path, path) }) {
		out = append(out, diag.New(diag.ClassParent, pos(), "class %s may not be used in %s, only in %s", class.Name, org.Path, list(p.Organizations)).
			See(class.At("parents", "organizations"), "the class says so here"))
	}
	if class.parents != nil && !class.parents.Matches(labels.Set(org.Labels)) {
		out = append(out, diag.New(diag.ClassParent, pos(), "class %s may not be used in %s, only in organizations with the labels %s", class.Name, org.Path, class.parents).
			See(class.At("parents", "selector"), "the class says so here").
			See(org.At("labels"), "the labels of %s: %s", org.Path, cmp.Or(labels.Set(org.Labels).String(), "none")))
	}
	return out
}

// inside reports whether a path is another one or below it.
func inside(path, above string) bool {
	return path == above || len(path) > len(above) && path[len(above)] == '/' && path[:len(above)] == above
}

func (c *checker) regionsAllowed(lc *LogicalCluster, out *findings) {
	if lc.Spec.Regions == nil {
		origin := lc.inherited["regions"]
		if lc.Regions != nil && len(lc.Regions) == 0 {
			out.fault(&lc.Meta, diag.New(diag.RegionNotOffered, lc.Pos, "%s can stand in no region: none that it inherits is offered", lc.Key).
				See(origin.Pos, "the offer of %s stands here", origin.From), "it stays where it is")
		}
		return
	}
	c.knownRegions(&lc.Meta, lc.Spec.Regions, lc.At, out)
	for i, region := range lc.Spec.Regions {
		if above := refusing(lc.Org.offers, func(f *offer) bool { return f.region(region) }); above != nil {
			out.fault(&lc.Meta, diag.New(diag.RegionNotOffered, lc.At("regions", itoa(i)), "%s accepts region %s, which %s does not offer", lc.Key, region, above.org.Path).
				See(above.org.At("offers", "regions"), "%s offers %s", above.org.Path, list(above.regions)).
				Suggest("leave it out, or ask the owners of %s to offer it", above.org.Path), "the region falls away")
		}
	}
	if lc.Held {
		for _, f := range lc.Org.offers {
			if f.regions != nil {
				lc.Regions = narrow(lc.Regions, f.regions)
			}
		}
	}
}

func (c *checker) placement(lc *LogicalCluster, out *findings) {
	for i, name := range lc.Placement.Release {
		if !slices.Contains(c.clusters, name) {
			out.add(&lc.Meta, meant(diag.New(diag.UnknownRelease, lc.At("placement", "release", itoa(i)), "there is no physical cluster %s to release", name), name, c.clusters))
		}
	}
	name := lc.Placement.Cluster
	if name == "" {
		return
	}
	pos := lc.At("placement", "cluster")
	cluster := c.t.Cluster(name)
	if cluster == nil {
		out.fault(&lc.Meta, meant(diag.New(diag.UnknownCluster, pos, "there is no physical cluster %s", name), name, c.clusters), "it stays where it is")
		lc.Placement.Cluster = ""
		return
	}
	if lc.Regions != nil && !slices.Contains(lc.Regions, cluster.Region) {
		out.fault(&lc.Meta, diag.New(diag.PlacementRegion, pos, "%s stands in region %s, and %s may only stand in %s", name, cluster.Region, lc.Key, list(lc.Regions)).
			See(lc.Origins()["regions"].Pos, "the regions stand here").
			See(cluster.At("region"), "the region of %s stands here", name), "it stays where it is")
	}
}

// sourceNamespace checks where a team's objects without a namespace go, and fills it in
// where there is one namespace only.
func sourceNamespace(lc *LogicalCluster, out *findings) {
	if lc.Source == nil {
		return
	}
	names := make([]string, len(lc.Namespaces))
	for i, n := range lc.Namespaces {
		names[i] = n.Name
	}
	switch name := lc.Source.Namespace; {
	case name == "" && len(names) == 1:
		lc.Source.Namespace = names[0]
		return
	case name == "":
		out.fault(&lc.Meta, diag.New(diag.SourceNamespace, lc.At("source"), "source names no namespace, and %s has %s", lc.Key, list(names)).
			See(lc.At("namespaces"), "the namespaces stand here").Suggest("name one of them: source: namespace"), "the source falls away")
	case !slices.Contains(names, name):
		out.fault(&lc.Meta, meant(diag.New(diag.SourceNamespace, lc.At("source", "namespace"), "%s has no namespace %s", lc.Key, name).
			See(lc.At("namespaces"), "the namespaces stand here"), name, names), "the source falls away")
	default:
		return
	}
	if lc.Held {
		lc.Source = nil
	}
}
