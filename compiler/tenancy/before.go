package tenancy

import (
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/api/resource"
)

// lastGood returns the last good version of a logical cluster's document; nil
// where there is none.
func (c *checker) lastGood(lc *LogicalCluster) *schema.LogicalCluster { return c.t.lastGood(lc) }

// before returns how much of a resource a document had before organizations
// changed, under today's classes. by is the nearest organization above whose
// change makes a difference, nil where none does.
func (c *checker) before(spec *schema.LogicalCluster, org *Organization, name string) (was resource.Quantity, by *Organization) {
	var ignored findings
	if a, ok := find(amounts(spec.Quota, &document.Meta{}, nowhere, &ignored), name); ok {
		return a.value, nil
	}
	blame := func(o *Organization) {
		if by == nil {
			by = o
		}
	}
	class := spec.Class
	for o := org; o != nil && spec.Class == ""; o = o.Parent {
		former := c.formerDefaults(o)
		if now := o.ownClass(); now != former.class {
			blame(o)
		}
		if former.class != "" {
			class = former.class
			break
		}
	}
	if known := findBy(c.t.Classes, class, func(c *Class) string { return c.Name }); known != nil {
		if a, ok := find(known.layer.quota, name); ok {
			return a.value, by
		}
	}
	for o := org; o != nil; o = o.Parent {
		former := c.formerDefaults(o)
		a, had := find(former.quota, name)
		now, has := find(o.layer.quota, name)
		if had != has || had && a.value.Cmp(now.value) != 0 {
			blame(o)
		}
		if had {
			return a.value, by
		}
	}
	return was, by
}

// formerDefaults are the defaults of an organization in its last good version
// that ceilings depend on.
type formerDefaults struct {
	class string
	quota []amount
}

// ownClass returns the default class that the organization itself names, if it
// exists.
func (o *Organization) ownClass() string {
	if o.classAt == o {
		return o.class
	}
	return ""
}

// changedAbove reports whether the organization or one above it has changed.
func (c *checker) changedAbove(o *Organization) bool {
	if o == nil {
		return false
	}
	changed, known := c.changedOrganizations[o]
	if !known {
		changed = o.Missing == nil && c.changed(&o.Meta) || c.changedAbove(o.Parent)
		if c.changedOrganizations == nil {
			c.changedOrganizations = map[*Organization]bool{}
		}
		c.changedOrganizations[o] = changed
	}
	return changed
}

// formerDefaults returns those of an organization that has not changed as they
// stand. One that has no last good version gave nothing.
func (c *checker) formerDefaults(o *Organization) *formerDefaults {
	if former := c.defaultsBefore[o]; former != nil {
		return former
	}
	former := &formerDefaults{class: o.ownClass(), quota: o.layer.quota}
	if o.Missing == nil && c.changed(&o.Meta) {
		former = &formerDefaults{}
		if c.t.LastGoodOrganization != nil {
			if spec := c.t.LastGoodOrganization(o.Path); spec != nil && spec.Defaults != nil {
				var ignored findings
				former.class = spec.Defaults.Class
				former.quota = amounts(spec.Defaults.Quota, &document.Meta{}, nowhere, &ignored)
			}
		}
	}
	if c.defaultsBefore == nil {
		c.defaultsBefore = map[*Organization]*formerDefaults{}
	}
	c.defaultsBefore[o] = former
	return former
}
