package check

import (
	"slices"
	"strconv"
	"strings"

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
	c.formerOrganizations()
	c.formerLogicalClusters()
}

func (c *checker) formerOrganizations() {
	orgs := claims{c: c, stands: func(key string) *document.Meta {
		// A held one may well be the one that was renamed, and one that gives what it has
		// stands until that has moved.
		if o := c.t.Organization(key); o != nil && !o.Held && len(o.Spec.MovesTo) == 0 {
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
		}
	}
}

func (c *checker) formerLogicalClusters() {
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
			}
			// Who has a place of their own, or wants none, keeps nobody from theirs.
			if !lcs.stand(&lc.Meta, key, pos) && !deleted && !c.Standing[lc.Key] {
				lcs.claim(&lc.Meta, key, pos)
			}
		}
		if !c.Standing[lc.Key] {
			c.notGiven(lc)
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

// notGiven refuses what would take over a logical cluster of another organization that
// does not give it.
func (c *checker) notGiven(lc *tenancy.LogicalCluster) {
	given := c.t.FormerKeys(lc)
	for _, key := range c.t.ClaimedKeys(lc) {
		if !c.Standing[key] || slices.Contains(given, key) {
			continue
		}
		pos := lc.Pos
		if i := slices.Index(lc.Spec.Formerly, key); i >= 0 {
			pos = lc.At("formerly", strconv.Itoa(i))
		}
		d := diag.New(diag.FormerKeyElsewhere, pos, "%s can't take over %s: no organization above that is declared any more, so nobody can give it away", lc.Key, key)
		if giver := c.t.OrganizationOf(key); giver != "" {
			d = diag.New(diag.FormerKeyElsewhere, pos, "%s can't take over %s: it belongs to organization %s, which does not give it away", lc.Key, key, giver)
			for path := range schema.OrgPath(giver).Up() {
				if o := c.t.Organization(string(path)); o != nil && !o.Held {
					d = d.Suggest("have the owners of %s write movesTo: {%q: %q} in its document", path, strings.TrimPrefix(key, string(path)+"/"), lc.Key)
					break
				}
			}
		}
		c.found.Fault(&lc.Meta, d, "it is not taken over")
	}
}
