package check

import (
	"slices"
	"strconv"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// stood reports whether the logical cluster stands in the pins, under this key
// or an earlier one.
func (c *checker) stood(lc *tenancy.LogicalCluster) bool {
	return c.Standing[lc.Key] || slices.ContainsFunc(c.t.FormerKeys(lc), func(key string) bool { return c.Standing[key] })
}

// formerly checks that nobody takes over what somebody else has or claims.
func (c *checker) formerly() {
	orgs := claims{c: c, stands: func(key string) *document.Meta {
		if o := c.t.Organization(key); o != nil && !o.Held { // a held one may well be the one that was renamed
			return &o.Meta
		}
		return nil
	}}
	for _, o := range c.t.Organizations {
		for i, key := range o.Spec.Formerly {
			pos := o.At("formerly", strconv.Itoa(i))
			if !orgs.stand(&o.Meta, key, pos) {
				orgs.claim(&o.Meta, key, pos)
			}
			// One at the top has no other way to be renamed.
			if o.Parent != nil && schema.OrgPath(key).Top() != schema.OrgPath(o.Path).Top() && c.stoodBelow(key) {
				c.found.Add(&o.Meta, diag.New(diag.FormerKeyElsewhere, pos, "%s takes over the namespaces and data of all that stood below %s, which is another organization", o.Path, key))
			}
		}
	}
	lcs := claims{c: c, stands: func(key string) *document.Meta {
		if lc := c.t.LogicalCluster(key); lc != nil {
			return &lc.Meta
		}
		return nil
	}}
	for _, lc := range c.t.LogicalClusters {
		own := lc.Spec.Formerly
		deleted := lc.State == schema.Deleted && !c.Standing[lc.Key]
		if deleted {
			c.takesToDelete(lc)
		}
		for _, key := range c.t.FormerKeys(lc) {
			pos := lc.Pos
			if i := slices.Index(own, key); i >= 0 {
				pos = lc.At("formerly", strconv.Itoa(i))
				if !deleted {
					c.elsewhere(lc, key, pos)
				}
			}
			// Who has a place of their own, or wants none, keeps nobody from theirs.
			if !lcs.stand(&lc.Meta, key, pos) && !deleted && !c.Standing[lc.Key] {
				lcs.claim(&lc.Meta, key, pos)
			}
		}
		if i := slices.Index(own, lc.Key); i >= 0 {
			lcs.stand(&lc.Meta, lc.Key, lc.At("formerly", strconv.Itoa(i)))
		}
	}
}

// takesToDelete refuses a document that would take over what somebody has only
// to delete it: what is deleted is deleted under its own key.
func (c *checker) takesToDelete(lc *tenancy.LogicalCluster) {
	for _, key := range c.t.FormerKeys(lc) {
		if c.Standing[key] {
			c.found.Fault(&lc.Meta, diag.New(diag.FormerKeyDeleted, lc.At("formerly"), "%s would take over %s to delete it", lc.Key, key).
				Suggest("say state: \"deleted\" in the document of %s", key), "it is not taken over")
		}
	}
}

// elsewhere warns where a logical cluster takes over from an organization that
// is not an earlier name of its own.
func (c *checker) elsewhere(lc *tenancy.LogicalCluster, key string, pos diag.Position) {
	if !c.Standing[key] || schema.OrgPath(key).Top() == schema.OrgPath(lc.Key).Top() {
		return
	}
	renamed := tenancy.FormerKeys(lc.Key, nil, func(path string) []string { return c.t.Organization(path).Spec.Formerly })
	if slices.ContainsFunc(renamed, func(k string) bool { return schema.OrgPath(k).Top() == schema.OrgPath(key).Top() }) {
		return
	}
	c.found.Add(&lc.Meta, diag.New(diag.FormerKeyElsewhere, pos, "%s takes over the namespaces and data of %s, which belongs to another organization", lc.Key, key))
}

// stoodBelow reports whether a logical cluster below the path stands in the pins.
func (c *checker) stoodBelow(path string) bool {
	for key, stands := range c.Standing {
		if stands && schema.OrgPath(path).Above(key) {
			return true
		}
	}
	return false
}
