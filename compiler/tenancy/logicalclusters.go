package tenancy

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// shared is what all logical clusters of one class in one organization have in
// common before their own documents.
type shared struct {
	org    *Organization
	class  *Class
	values *effective
	labels map[string]string
}

// logicalClusters resolves all logical clusters in parallel.
func (r *resolver) logicalClusters() {
	docs := r.docs.LogicalClusters
	type pair struct {
		org   *Organization
		class *Class
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
		org := r.orgs[parentPath(d.Key)]
		if org == nil {
			// Held or not: there is no place for it in the tree.
			r.found.fault(&d.Meta, diag.New(diag.NoOrganization, d.Pos, "logical cluster %s stands in no organization", d.Key).
				Suggest("put the path of its organization in front: acme/%s", d.Key), "it is left out")
			continue
		}
		if other := r.orgs[d.Key]; other != nil && other.Missing != other {
			r.found.fault(&d.Meta, diag.New(diag.KeyTaken, d.Pos, "%s is an organization already", d.Key).
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
	each(len(all), &r.found, func(i int, _ *findings) { all[i].fill() })
	lcs := make([]*LogicalCluster, len(docs))
	each(len(docs), &r.found, func(i int, out *findings) {
		if work[i] != nil {
			lcs[i] = r.logicalCluster(docs[i], work[i], out)
		}
	})
	r.t.LogicalClusters = slices.DeleteFunc(lcs, func(lc *LogicalCluster) bool { return lc == nil })
	for _, lc := range r.t.LogicalClusters {
		lc.Org.LogicalClusters = append(lc.Org.LogicalClusters, lc)
	}
}

// class returns the class of a logical cluster, never nil.
func (r *resolver) class(d *document.Document[schema.LogicalCluster], org *Organization) *Class {
	name := d.Spec.Class
	if name == "" {
		name = org.class
	}
	if c := r.classes[name]; c != nil {
		return c
	}
	if d.Spec.State != schema.Deleted {
		if name == "" {
			r.found.fault(&d.Meta, diag.New(diag.NoClass, d.Pos, "%s has no class, and no organization above it has a default one", d.Key).
				Suggest("name one of %s", list(r.classNames())), "it is suspended")
		} else {
			r.found.fault(&d.Meta, meant(diag.New(diag.UnknownClass, d.At("class"), "there is no class %s", name), name, r.classNames()), "it is suspended")
		}
	}
	return r.gone(name)
}

// gone returns an empty class that stands in for one that does not exist.
func (r *resolver) gone(name string) *Class {
	c := r.goneClasses[name]
	if c == nil {
		c = &Class{Meta: document.Meta{Kind: schema.KindClasses, Key: name, Held: true}, Name: name}
		c.layer = layer{values: &c.Spec.Inheritable, at: c.At}
		if r.goneClasses == nil {
			r.goneClasses = map[string]*Class{}
		}
		r.goneClasses[name] = c
	}
	return c
}

// fill works out what follows from organization and class.
func (s *shared) fill() {
	org, class := s.org, s.class
	s.values = class.layer.over(org.values)
	s.labels = mergeLabels(org.Labels, class.Spec.Labels)
	from := "class " + class.Name
	e := s.values
	for key := range org.Labels {
		e.origins["labels."+key] = org.labelOrigins[key]
	}
	for key := range class.Spec.Labels {
		e.origins["labels."+key] = Origin{From: from, Pos: class.At("labels", key)}
	}
	// What is inherited can't be had beyond what is offered.
	for o, regions := range org.narrowed(e.regions) {
		e.regions = regions
		e.origins["regions"] = o.regionsOrigin()
	}
}

// narrowed yields each offer that takes regions away, with what it leaves.
func (o *Organization) narrowed(regions []string) iter.Seq2[*offer, []string] {
	return func(yield func(*offer, []string) bool) {
		for _, f := range o.offers {
			if f.regions == nil {
				continue
			}
			if left := narrow(regions, f.org.Spec.Offers.Regions); len(left) != len(regions) || regions == nil {
				regions = left
				if !yield(f, left) {
					return
				}
			}
		}
	}
}

func (o *offer) regionsOrigin() Origin {
	return Origin{From: "organization " + o.org.Path, Pos: o.org.At("offers", "regions")}
}

// narrow returns the regions that are offered; no regions mean all of them. The
// result is never nil, since that would mean all.
func narrow(regions, offered []string) []string {
	if regions == nil {
		return offered
	}
	out := []string{}
	for _, region := range regions {
		if slices.Contains(offered, region) {
			out = append(out, region)
		}
	}
	return out
}

func (r *resolver) logicalCluster(d *document.Document[schema.LogicalCluster], s *shared, out *findings) *LogicalCluster {
	spec := &d.Spec
	var ignored findings
	if spec.State == schema.Deleted {
		// It goes: whatever is wrong with it no longer matters.
		out = &ignored
	}
	lc := &LogicalCluster{Meta: d.Meta, Spec: spec, Org: s.org, Class: s.class, State: spec.State}
	lc.Name = lc.Key[strings.LastIndexByte(lc.Key, '/')+1:]
	if lc.State == "" {
		lc.State = schema.Active
	}
	own := r.layer(&spec.Inheritable, &lc.Meta, lc.At, "document", out)
	e := own.valuesOver(s.values)
	lc.Backing, lc.Network, lc.PodSecurity, lc.Containers = e.backing, e.network, e.podSecurity, e.containers
	lc.Regions, lc.Selector, lc.Tolerations = e.regions, e.selector, e.tolerations
	lc.Quota, lc.Weights, lc.APIs = e.quota, e.weights, e.apis
	lc.Labels = mergeLabels(s.labels, spec.Labels)
	lc.own, lc.inherited = own, s.values.origins
	lc.Access = addGrants(s.org.grants, grants(spec.Access, &lc.Meta, "", out))
	if len(lc.Weights) == 0 || lc.State == schema.Deleted {
		lc.Namespaces = namespaces(lc, out)
	} else {
		lc.Namespaces = namespaceNames(lc)
	}
	if spec.Placement != nil {
		lc.Placement = *spec.Placement
	}
	lc.Source = withDefaults(spec.Source)
	if lc.State == schema.Deleted {
		lc.leave(s.values)
	}
	if lc.Held && lc.State != schema.Deleted && (!s.class.known || s.org.Missing != nil || lc.Refused) {
		lc.Suspended = true
		why := "its class is gone"
		switch {
		case lc.Refused:
			why = "its last good document breaks a limit of the directories above"
		case s.org.Missing != nil:
			why = "organization " + s.org.Missing.Path + " is gone"
		}
		out.add(&lc.Meta, diag.New(diag.Suspended, lc.Pos, "%s is suspended, since %s: data and workloads stay, tenants have no access", lc.Key, why))
	}
	return lc
}

// leave takes from a logical cluster that is to be deleted whatever it could
// still use. Its document is not checked any more, so it gives nothing: no
// access, and no room for anything to start.
func (lc *LogicalCluster) leave(inherited *effective) {
	lc.Access, lc.Source = nil, nil
	lc.PodSecurity = "restricted"
	lc.Quota, lc.Weights = inherited.quota, nil
	for i := range lc.Namespaces {
		lc.Namespaces[i].Quota = Quota{{Resource: "pods"}}
	}
}

// Origins says for each inherited field where its value came from: "network",
// "quota.requests.cpu", "apis.database", "labels.env", "class".
func (lc *LogicalCluster) Origins() map[string]Origin {
	out := maps.Clone(lc.inherited)
	for field, pos := range lc.own.set() {
		out[field] = Origin{From: lc.own.from, Pos: pos}
	}
	out["class"] = lc.classOrigin()
	for key := range lc.Spec.Labels {
		out["labels."+key] = Origin{From: "document", Pos: lc.At("labels", key)}
	}
	return out
}

func (lc *LogicalCluster) classOrigin() Origin {
	if o := lc.Org.classAt; lc.Spec.Class == "" && o != nil {
		return Origin{From: "organization " + o.Path, Pos: o.At("defaults", "class")}
	}
	return Origin{From: "document", Pos: lc.At("class")}
}

// fromDocument reports whether an API set is bound by the document itself.
func (lc *LogicalCluster) fromDocument(set string) bool {
	_, ok := lc.Spec.APIs[set]
	return ok
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
