package tenancy

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// parentPath returns the path above, "" at the top.
func parentPath(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return ""
}

// organizations builds the tree. An organization that nobody declares but that
// something stands in is part of it too, empty and marked Missing: what is held
// below needs a place.
func (r *resolver) organizations() {
	r.orgs = make(map[string]*Organization, len(r.docs.Organizations))
	for _, d := range r.docs.Organizations {
		if other := r.orgs[d.Key]; other != nil {
			r.twice(&d.Meta, &other.Meta)
			continue
		}
		r.orgs[d.Key] = &Organization{Meta: d.Meta, Path: d.Key, Spec: d.Spec}
	}
	declared := slices.Sorted(maps.Keys(r.orgs))
	for _, p := range declared {
		r.ensure(parentPath(p))
	}
	for _, d := range r.docs.LogicalClusters {
		r.ensure(parentPath(d.Key))
	}
	missing := map[*Organization][]*document.Meta{} // what stands in them
	for _, p := range slices.Sorted(maps.Keys(r.orgs)) {
		o := r.orgs[p]
		if o.Parent = r.orgs[parentPath(p)]; o.Parent != nil {
			o.Parent.Children = append(o.Parent.Children, o)
			if o.Missing == nil {
				o.Missing = o.Parent.Missing
			}
		}
		if o.Missing != nil && o.Missing != o {
			missing[o.Missing] = append(missing[o.Missing], &o.Meta)
		}
		r.organization(o)
		r.t.Organizations = append(r.t.Organizations, o)
	}
	for _, d := range r.docs.LogicalClusters {
		if o := r.orgs[parentPath(d.Key)]; o != nil && o.Missing != nil {
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
	for ; p != "" && r.orgs[p] == nil; p = parentPath(p) {
		o := &Organization{Path: p, Meta: document.Meta{Kind: schema.KindOrganizations, Key: p, Dir: path.Join("orgs", p), Held: true}}
		o.Missing = o
		r.orgs[p] = o
	}
}

// missing reports one organization that is not declared, for all that stands in
// it.
func (r *resolver) missing(o *Organization, below []*document.Meta, declared []string) {
	below = slices.DeleteFunc(below, func(m *document.Meta) bool { return m.Held || m.Key == o.Path })
	if len(below) == 0 {
		return
	}
	d := diag.New(diag.MissingOrganization, below[0].Pos, "organization %s is not declared, and %s stands in it", o.Path, below[0]).About(below[0].String())
	ids := []pins.DocumentID{ID(below[0])}
	for i, m := range below[1:] {
		if i < 8 {
			d = d.See(m.Pos, "%s stands in it too", m)
		}
		ids = append(ids, ID(m))
	}
	if near := diag.Nearest(o.Path, declared); near != "" {
		d = d.Suggest("did you mean %q? If not, declare it: organizations: %q: {}", near, o.Path)
	} else {
		d = d.Suggest("declare it: organizations: %q: {}", o.Path)
	}
	r.found = append(r.found, Finding{Diagnostic: d, Concerns: ids})
}

// organization resolves what flows down from an organization whose parent is
// resolved already.
func (r *resolver) organization(o *Organization) {
	above := r.defaults
	if o.Parent != nil {
		above = o.Parent.values
		o.Labels, o.grants, o.class, o.classAt = o.Parent.Labels, o.Parent.grants, o.Parent.class, o.Parent.classAt
		o.labelOrigins = o.Parent.labelOrigins
	}
	from := "organization " + o.Path
	o.Labels = mergeLabels(o.Labels, o.Spec.Labels)
	if len(o.Spec.Labels) > 0 {
		o.labelOrigins = maps.Clone(o.labelOrigins)
		if o.labelOrigins == nil {
			o.labelOrigins = map[string]Origin{}
		}
		for key := range o.Spec.Labels {
			o.labelOrigins[key] = Origin{From: from, Pos: o.At("labels", key)}
		}
	}
	o.grants = addGrants(o.grants, grants(o.Spec.Access, &o.Meta, o.Path, &r.found))
	o.values = above
	if d := o.Spec.Defaults; d != nil {
		at := func(path ...string) diag.Position { return o.At(append([]string{"defaults"}, path...)...) }
		o.layer = r.layer(&d.Inheritable, &o.Meta, at, from, &r.found)
		o.values = o.layer.over(above)
		if d.Class != "" {
			if r.classes[d.Class] == nil {
				r.found.fault(&o.Meta, meant(diag.New(diag.UnknownClass, at("class"), "there is no class %s", d.Class), d.Class, r.classNames()), "the default does not count")
			} else {
				o.class, o.classAt = d.Class, o
			}
		}
	}
	if c := o.Spec.Ceilings; c != nil {
		o.ceilings = amounts(c.Quota, &o.Meta, func(path ...string) diag.Position {
			return o.At(append([]string{"ceilings", "quota"}, path...)...)
		}, &r.found)
	}
}
