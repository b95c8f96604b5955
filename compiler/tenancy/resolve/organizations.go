package resolve

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// organization is an organization with what flows down from it while the tenancy is
// resolved.
type organization struct {
	*tenancy.Organization
	values       *tenancy.Inherited        // what its defaults and those above come to
	labelOrigins map[string]tenancy.Origin // of Labels
	grants       []tenancy.Grant           // access, by subject
	revoked      []tenancy.Revoked         // what is taken away of it
}

// parentOf returns the path of the organization that an organization or a logical
// cluster belongs to, "" at the top.
func parentOf(path string) string { return string(schema.OrgPath(path).Parent()) }

// organizations builds the tree. An organization that nobody declares but that
// something stands in is part of it too, empty and marked Missing: what is held
// below needs a place.
func (r *resolver) organizations() {
	r.orgs = make(map[string]*organization, len(r.docs.Organizations))
	for _, d := range r.docs.Organizations {
		if other := r.orgs[d.Key]; other != nil {
			r.twice(&d.Meta, &other.Meta)
			continue
		}
		r.orgs[d.Key] = &organization{Organization: &tenancy.Organization{Meta: d.Meta, Path: d.Key, Spec: d.Spec}}
	}
	declared := slices.Sorted(maps.Keys(r.orgs))
	for _, p := range declared {
		r.ensure(parentOf(p))
	}
	for _, d := range r.docs.LogicalClusters {
		r.ensure(parentOf(d.Key))
	}
	missing := map[*tenancy.Organization][]*document.Meta{} // what stands in them
	for _, p := range slices.Sorted(maps.Keys(r.orgs)) {
		o := r.orgs[p]
		parent := r.orgs[parentOf(p)]
		if parent != nil {
			o.Parent = parent.Organization
			o.Missing = cmp.Or(o.Missing, parent.Missing)
		}
		if o.Missing != nil && o.Missing != o.Organization {
			missing[o.Missing] = append(missing[o.Missing], &o.Meta)
		}
		r.organization(o, parent)
		r.t.Organizations = append(r.t.Organizations, o.Organization)
	}
	for _, d := range r.docs.LogicalClusters {
		if o := r.orgs[parentOf(d.Key)]; o != nil && o.Missing != nil {
			missing[o.Missing] = append(missing[o.Missing], &d.Meta)
		}
	}
	for _, o := range r.t.Organizations {
		if o.Missing == o {
			r.missing(o, missing[o], declared)
		}
	}
}

func (r *resolver) ensure(p string) {
	for ; p != "" && r.orgs[p] == nil; p = parentOf(p) {
		o := &tenancy.Organization{Path: p, Meta: document.Meta{Kind: schema.KindOrganizations, Key: p, Dir: path.Join("orgs", p), Held: true}}
		o.Missing = o
		r.orgs[p] = &organization{Organization: o}
	}
}

// missing reports one organization that is not declared, for all that stands in
// it.
func (r *resolver) missing(o *tenancy.Organization, below []*document.Meta, declared []string) {
	below = slices.DeleteFunc(below, func(m *document.Meta) bool { return m.Held || m.Key == o.Path })
	if len(below) == 0 {
		return
	}
	d := diag.New(diag.MissingOrganization, below[0].Pos, "organization %s is not declared, and %s stands in it", o.Path, below[0]).About(below[0].String())
	ids := []document.ID{below[0].ID()}
	for i, m := range below[1:] {
		if i < 8 {
			d = d.See(m.Pos, "%s stands in it too", m)
		}
		ids = append(ids, m.ID())
	}
	if near := diag.Nearest(o.Path, declared); near != "" {
		d = d.Suggest("did you mean %q? If not, declare it: organizations: %q: {}", near, o.Path)
	} else {
		d = d.Suggest("declare it: organizations: %q: {}", o.Path)
	}
	r.found = append(r.found, tenancy.Finding{Diagnostic: d, Concerns: ids, Follows: document.ID{Kind: schema.KindOrganizations, Key: o.Path}})
}

// organization resolves what flows down from an organization whose parent is
// resolved already.
func (r *resolver) organization(o, parent *organization) {
	above, revoked := r.defaults, r.revokedFrom("", nil)
	if parent != nil {
		revoked = parent.revoked
		above = parent.values
		o.Labels, o.DefaultClass, o.DefaultClassFrom = parent.Labels, parent.DefaultClass, parent.DefaultClassFrom
		o.labelOrigins, o.grants = parent.labelOrigins, parent.grants
	}
	from := "organization " + o.Path
	o.Labels = tenancy.MergeLabels(o.Labels, o.Spec.Labels)
	if len(o.Spec.Labels) > 0 {
		o.labelOrigins = maps.Clone(o.labelOrigins)
		if o.labelOrigins == nil {
			o.labelOrigins = map[string]tenancy.Origin{}
		}
		for key := range o.Spec.Labels {
			o.labelOrigins[key] = tenancy.Origin{From: from, Pos: o.At("labels", key)}
		}
	}
	o.revoked = r.revokedFrom(o.Path, revoked)
	own := r.granted(o.Spec.Access, &o.Meta, o.Path, o.revoked, &r.found)
	o.grants = tenancy.WithoutRevoked(tenancy.MergeGrants(o.grants, own), o.revoked)
	o.values = above
	if d := o.Spec.Defaults; d != nil {
		at := func(path ...string) diag.Position { return o.At(append([]string{"defaults"}, path...)...) }
		o.Layer = r.layer(&d.Inheritable, &o.Meta, at, from, &r.found)
		o.values = o.Layer.Over(above)
		if d.Class != "" {
			if r.classes[d.Class] == nil {
				r.found.Fault(&o.Meta, diag.New(diag.UnknownClass, at("class"), "there is no class %s", d.Class).SuggestName(d.Class, r.classNames()), "the default does not count")
				r.found.Following(schema.KindClasses, d.Class)
			} else {
				o.DefaultClass, o.DefaultClassFrom = d.Class, o.Organization
			}
		}
	}
	if c := o.Spec.Ceilings; c != nil {
		o.Ceilings = limits(c.Quota, &o.Meta, func(path ...string) diag.Position {
			return o.At(append([]string{"ceilings", "quota"}, path...)...)
		}, &r.found)
	}
}
