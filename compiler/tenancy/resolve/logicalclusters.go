package resolve

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/quota"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// shared is what all logical clusters of one class in one organization have in
// common before their own documents.
type shared struct {
	org    *organization
	class  *tenancy.Class
	values *tenancy.Inherited
	labels map[string]string
}

// logicalClusters resolves all logical clusters in parallel.
func (r *resolver) logicalClusters() {
	docs := r.docs.LogicalClusters
	type pair struct {
		org   *organization
		class *tenancy.Class
	}
	common := map[pair]*shared{}
	var all []*shared
	work := make([]*shared, len(docs))
	last := (*document.Meta)(nil)
	for i, d := range docs {
		if last != nil && last.Key == d.Key {
			r.twice(&d.Meta, last)
			continue
		}
		last = &d.Meta
		org := r.orgs[parentOf(d.Key)]
		if org == nil {
			// Held or not: there is no place for it in the tree.
			r.found.Fault(&d.Meta, diag.New(diag.NoOrganization, d.Pos, "logical cluster %s stands in no organization", d.Key).
				Suggest("put the path of its organization in front: acme/%s", d.Key), "it is left out")
			continue
		}
		if other := r.orgs[d.Key]; other != nil && other.Missing != other.Organization {
			r.found.Fault(&d.Meta, diag.New(diag.KeyTaken, d.Pos, "%s is an organization already", d.Key).
				See(other.Pos, "the organization stands here").Suggest("give the logical cluster another name"), "both are kept")
		}
		key := pair{org, r.class(d, org)}
		s := common[key]
		if s == nil {
			s = &shared{org: key.org, class: key.class}
			common[key] = s
			all = append(all, s)
		}
		work[i] = s
	}
	r.found.Gather(len(all), func(i int, _ *tenancy.Findings) { all[i].fill() })
	lcs := make([]*tenancy.LogicalCluster, len(docs))
	r.found.Gather(len(docs), func(i int, out *tenancy.Findings) {
		if work[i] != nil {
			lcs[i] = r.logicalCluster(docs[i], work[i], out)
		}
	})
	r.t.LogicalClusters = slices.DeleteFunc(lcs, func(lc *tenancy.LogicalCluster) bool { return lc == nil })
}

// goes reports whether a logical cluster is declared deleted, and does not stay for now.
func (r *resolver) goes(d *document.Document[schema.LogicalCluster]) bool {
	return d.Spec.State == schema.Deleted && (r.leaves == nil || !r.leaves(&r.t.Settings.Settings, d))
}

// class returns the class of a logical cluster, never nil.
func (r *resolver) class(d *document.Document[schema.LogicalCluster], org *organization) *tenancy.Class {
	name := d.Spec.Class
	if name == "" {
		name = org.DefaultClass
	}
	if c := r.classes[name]; c != nil {
		return c
	}
	if !r.goes(d) {
		if name == "" {
			r.found.Fault(&d.Meta, diag.New(diag.NoClass, d.Pos, "%s has no class, and no organization above it has a default one", d.Key).
				Suggest("name one of %s", diag.Join(r.classNames())), "it is suspended")
		} else {
			r.found.Fault(&d.Meta, diag.New(diag.UnknownClass, d.At("class"), "there is no class %s", name).SuggestName(name, r.classNames()), "it is suspended")
			r.found.Following(schema.KindClasses, name)
		}
	}
	return r.gone(name)
}

// gone returns an empty class that stands in for one that does not exist.
func (r *resolver) gone(name string) *tenancy.Class {
	c := r.goneClasses[name]
	if c == nil {
		c = &tenancy.Class{Meta: document.Meta{Kind: schema.KindClasses, Key: name, Held: true}, Name: name, Missing: true}
		c.Layer = tenancy.Layer{Declared: &c.Spec.Inheritable, At: c.At}
		if r.goneClasses == nil {
			r.goneClasses = map[string]*tenancy.Class{}
		}
		r.goneClasses[name] = c
	}
	return c
}

// fill works out what follows from organization and class.
func (s *shared) fill() {
	org, class := s.org, s.class
	s.values = class.Layer.Over(org.values)
	s.labels = tenancy.MergeLabels(org.Labels, class.Spec.Labels)
	from := "class " + class.Name
	e := s.values
	for key := range org.Labels {
		e.Origins["labels."+key] = org.labelOrigins[key]
	}
	for key := range class.Spec.Labels {
		e.Origins["labels."+key] = tenancy.Origin{From: from, Pos: class.At("labels", key)}
	}
	// What is inherited can't be had beyond what is offered.
	for o, regions := range org.Offers.Narrowed(e.Regions) {
		e.Regions = regions
		e.Origins["regions"] = o.RegionsOrigin()
	}
}

func (r *resolver) logicalCluster(d *document.Document[schema.LogicalCluster], s *shared, out *tenancy.Findings) *tenancy.LogicalCluster {
	spec := &d.Spec
	goes := r.goes(d)
	var ignored tenancy.Findings
	if goes {
		// It goes: whatever is wrong with it no longer matters.
		out = &ignored
	}
	lc := &tenancy.LogicalCluster{Meta: d.Meta, Spec: spec, Org: s.org.Organization, Class: s.class, State: spec.State}
	lc.Name = schema.Key(lc.Key).Name()
	switch {
	case lc.State == "":
		lc.State = schema.Active
	case lc.State == schema.Deleted && !goes:
		lc.State, lc.Leaving = schema.Frozen, true
	}
	own := r.layer(&spec.Inheritable, &lc.Meta, lc.At, "document", out)
	e := own.ValuesOver(s.values)
	lc.Backing, lc.Network, lc.PodSecurity, lc.Containers = e.Backing, e.Network, e.PodSecurity, e.Containers
	lc.Regions, lc.Selector, lc.Tolerations = e.Regions, e.Selector, e.Tolerations
	lc.Quota, lc.Weights, lc.APIs = e.Quota, e.Weights, r.stay(lc, e.APIs)
	lc.Labels = tenancy.MergeLabels(s.labels, spec.Labels)
	lc.Own, lc.InheritedFrom = own, s.values.Origins
	lc.Revoked = r.revokedFrom(lc.Key, s.org.revoked)
	lc.Access = tenancy.MergeGrants(s.org.grants, r.granted(spec.Access, &lc.Meta, "", lc.Revoked, out))
	lc.Access = tenancy.WithoutRevoked(lc.Access, lc.Revoked)
	if len(lc.Weights) == 0 || goes {
		lc.Namespaces = namespaces(lc, out)
	} else {
		lc.Namespaces = namespaceNames(lc)
	}
	if spec.Placement != nil {
		lc.Placement = *spec.Placement
	}
	lc.Source = withDefaults(spec.Source)
	if lc.Source != nil && lc.Source.Namespace == "" && len(lc.Namespaces) == 1 {
		lc.Source.Namespace = lc.Namespaces[0].Name
	}
	if goes {
		leave(lc, s.values)
	}
	if lc.Held && !goes {
		if why := suspension(lc, s); why != "" {
			lc.Suspended = true
			out.Add(&lc.Meta, diag.New(diag.Suspended, lc.Pos, "%s is suspended, since %s: data and workloads stay, tenants have no access", lc.Key, why))
		}
	}
	return lc
}

// suspension says why a held logical cluster can't go on as it was; "" where it can.
func suspension(lc *tenancy.LogicalCluster, s *shared) string {
	switch {
	case lc.Refused:
		return "its last good document breaks a limit of the directories above"
	case s.org.Missing != nil:
		return "organization " + s.org.Missing.Path + " is gone"
	case s.class.Missing:
		return "its class is gone"
	}
	return ""
}

// leave takes from a logical cluster that is to be deleted whatever it could
// still use. Its document is not checked any more, so it gives nothing: no
// access, and no room for anything to start.
func leave(lc *tenancy.LogicalCluster, inherited *tenancy.Inherited) {
	lc.Access, lc.Source = nil, nil
	lc.PodSecurity = "restricted"
	lc.Quota, lc.Weights = inherited.Quota, nil
	for i := range lc.Namespaces {
		lc.Namespaces[i].Quota = quota.Quota{{Resource: "pods"}}
	}
}

func withDefaults(s *schema.Source) *schema.Source {
	if s == nil {
		return nil
	}
	out, usual := *s, schema.DefaultSource()
	for _, f := range []struct{ value, usual *string }{
		{&out.Path, &usual.Path}, {&out.Branch, &usual.Branch}, {&out.Interval, &usual.Interval},
	} {
		if *f.value == "" {
			*f.value = *f.usual
		}
	}
	if out.Role == "" {
		out.Role = usual.Role
	}
	return &out
}

// stay returns the bindings of a logical cluster with those left at the version that they
// had whose channel has moved to one that is not offered: nobody asked to lose the API.
func (r *resolver) stay(lc *tenancy.LogicalCluster, bindings []tenancy.Binding) []tenancy.Binding {
	offered := func(v *tenancy.APIVersion) bool {
		return lc.Org.Offers.Refusing(func(o *tenancy.Offer) bool { return o.API(v) }) == nil
	}
	out := bindings
	for i, b := range bindings {
		if r.bound == nil || b.Requested == b.Version.Name || offered(b.Version) {
			continue
		}
		old := b.Version.Set.Version(r.bound(append([]string{lc.Key}, lc.Spec.Formerly...), &b.Version.Set.Meta, b.Requested))
		if old == nil || old == b.Version || old.Spec.Lifecycle == schema.Removed || !offered(old) {
			continue
		}
		if &out[0] == &bindings[0] { // others share them
			out = slices.Clone(bindings)
		}
		out[i].Version, out[i].Refused = old, b.Version
	}
	return out
}
