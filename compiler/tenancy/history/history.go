// Package history is what logical clusters came to when their documents were last good.
package history

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Former tells how documents differ from their last good versions. Where a function
// is nil, there are no last good versions.
type Former struct {
	// Changed reports whether a document is new or differs from its last good version.
	Changed func(kind schema.Kind, key, dir string) bool
	// LogicalCluster and Organization return the last good version of a document, nil
	// where there is none.
	LogicalCluster func(key string) *schema.LogicalCluster
	Organization   func(path string) *schema.Organization
}

// History is what logical clusters came to when their documents, and those of the
// organizations above them, were last good. Checks judge by it what a change adds.
type History struct {
	former Former
	t      *tenancy.Tenancy
	// changed are the organizations that have changed, or one above them.
	changed map[*tenancy.Organization]bool
	// defaults are the former defaults of organizations that have changed.
	defaults map[*tenancy.Organization]*formerDefaults
}

// formerDefaults are the defaults of an organization in its last good version, and
// what ceilings depend on of them. The document is nil where it gave nothing.
type formerDefaults struct {
	document *schema.Defaults
	class    string
	quota    tenancy.Limits
}

// New returns the history of a tenancy. It serves as well for one that is made
// of it.
func New(t *tenancy.Tenancy, former Former) *History {
	h := &History{former: former, t: t, changed: map[*tenancy.Organization]bool{}, defaults: map[*tenancy.Organization]*formerDefaults{}}
	for _, o := range t.Organizations {
		if o.Missing == nil && h.Changed(&o.Meta) {
			h.changed[o] = true
			h.defaults[o] = h.formerDefaults(o)
		} else if h.changed[o.Parent] {
			h.changed[o] = true
		}
	}
	return h
}

func (h *History) formerDefaults(o *tenancy.Organization) *formerDefaults {
	out := &formerDefaults{}
	if h.former.Organization == nil {
		return out
	}
	if spec := h.former.Organization(o.Path); spec != nil && spec.Defaults != nil {
		out.document, out.class = spec.Defaults, spec.Defaults.Class
		out.quota = resolve.QuotaLayer(&spec.Defaults.Inheritable).Quota
	}
	return out
}

// Changed reports whether a document is new or differs from its last good version. A
// held document is its last good version.
func (h *History) Changed(m *document.Meta) bool {
	return !m.Held && h.former.Changed(m.Kind, m.Key, m.Dir)
}

// ChangedAbove reports whether an organization or one above it has changed.
func (h *History) ChangedAbove(o *tenancy.Organization) bool { return h.changed[o] }

// LastGood returns the last good version of a logical cluster's document, which may
// have another key; nil where there is none.
func (h *History) LastGood(lc *tenancy.LogicalCluster) *schema.LogicalCluster {
	if h.former.LogicalCluster == nil {
		return nil
	}
	for _, key := range append([]string{lc.Key}, h.t.FormerKeys(lc)...) {
		if spec := h.former.LogicalCluster(key); spec != nil {
			return spec
		}
	}
	return nil
}

// Charge returns what a logical cluster's cost followed from before its document
// and the organizations above it changed, under today's classes; by is the nearest
// organization above that changed, nil where none did. It is false where there
// was no such logical cluster. What was divided from the budget is not in its quota.
func (h *History) Charge(lc *tenancy.LogicalCluster) (was tenancy.Charge, by *tenancy.Organization, ok bool) {
	spec := lc.Spec
	if h.Changed(&lc.Meta) {
		if spec = h.LastGood(lc); spec == nil || spec.State == schema.Deleted {
			return tenancy.Charge{}, nil, false
		}
	}
	class := spec.Class
	layers := []*schema.Inheritable{&spec.Inheritable, nil}
	for _, o := range lc.Org.Ancestors() {
		d := o.Spec.Defaults
		if former := h.defaults[o]; former != nil {
			by, d = cmp.Or(by, o), former.document
		}
		if d != nil {
			class = cmp.Or(class, d.Class)
			layers = append(layers, &d.Inheritable)
		}
	}
	if by == nil && spec == lc.Spec {
		return lc.Charge(), nil, true
	}
	if known := h.t.Class(class); known != nil {
		layers[1] = &known.Spec.Inheritable
	}
	was = tenancy.Charge{Class: class, Budget: spec.Budget}
	apis := map[string]bool{}
	for _, l := range slices.Backward(layers) {
		if l == nil {
			continue
		}
		was.Backing = cmp.Or(l.Backing, was.Backing)
		own := resolve.QuotaLayer(l)
		was.Quota = tenancy.MergeQuota(was.Quota, own)
		was.Weights = tenancy.MergeWeights(was.Weights, own)
		for set := range l.APIs {
			apis[set] = true
		}
	}
	was.Backing = cmp.Or(was.Backing, schema.DefaultLogicalCluster().Backing)
	was.APIs = slices.Sorted(maps.Keys(apis))
	was.Own = lc.OwnResources(func(name string) bool { return apis[name] })
	return was, by, true
}

// Amount returns how much of a resource a document had in an organization before
// organizations changed, under today's classes. by is the nearest organization above
// whose change makes a difference, nil where none does.
func (h *History) Amount(spec *schema.LogicalCluster, org *tenancy.Organization, name string) (was resource.Quantity, by *tenancy.Organization) {
	if a, ok := resolve.QuotaLayer(&spec.Inheritable).Quota.Of(name); ok {
		return a.Quantity, nil
	}
	class, by := h.class(spec, org)
	if known := h.t.Class(class); known != nil {
		if a, ok := known.Layer.Quota.Of(name); ok {
			return a.Quantity, by
		}
	}
	for o := org; o != nil; o = o.Parent {
		now, has := o.Layer.Quota.Of(name)
		a, had := now, has
		if former := h.defaults[o]; former != nil {
			a, had = former.quota.Of(name)
		}
		if had != has || had && a.Quantity.Cmp(now.Quantity) != 0 {
			by = cmp.Or(by, o)
		}
		if had {
			return a.Quantity, by
		}
	}
	return was, by
}

// class returns the class that a document had in an organization before organizations
// changed, and the nearest of them whose change makes a difference.
func (h *History) class(spec *schema.LogicalCluster, org *tenancy.Organization) (name string, by *tenancy.Organization) {
	if spec.Class != "" {
		return spec.Class, nil
	}
	for o := org; o != nil; o = o.Parent {
		now := o.OwnDefaultClass()
		was := now
		if former := h.defaults[o]; former != nil {
			was = former.class
		}
		if now != was {
			by = cmp.Or(by, o)
		}
		if was != "" {
			return was, by
		}
	}
	return "", by
}
