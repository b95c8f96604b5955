package check

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// revocations reports those that name what does not exist, and logical clusters whose new
// names would leave them.
func (c *checker) revocations() {
	for _, x := range c.t.Revocations {
		if x.Spec.From != "" && !c.t.Known(x.From) {
			c.unknownTarget(x)
		}
		if !x.Pending {
			c.grantedAbove(x)
			c.left(x)
		}
	}
}

// unknownTarget reports a revocation that names what does not exist. What one in force names
// may go without making an error of it.
func (c *checker) unknownTarget(x *tenancy.Revocation) {
	const missing = "revocation %s: there is no organization or logical cluster %s"
	if !c.History.Changed(&x.Meta) {
		c.found.Add(&x.Meta, diag.New(diag.RevocationUseless, x.At("from"), missing, x.Key, x.From).Suggest("remove the revocation"))
		return
	}
	known := c.organizations()
	for _, lc := range c.t.LogicalClusters {
		known = append(known, lc.Key)
	}
	slices.Sort(known)
	c.found.Fault(&x.Meta, diag.New(diag.RevocationInvalid, x.At("from"), missing, x.Key, x.From).SuggestName(x.From, known), "it takes nothing away")
	c.found.Following(schema.KindOrganizations, x.From)
}

// grantedAbove reports what a revocation does not take away, since a directory above its own
// grants it.
func (c *checker) grantedAbove(x *tenancy.Revocation) {
	for path := range schema.OrgPath(x.From).Up() {
		o := c.t.Organization(string(path))
		if o == nil || tenancy.Below(o.Dir, x.Dir) {
			continue
		}
		for text := range o.Spec.Access {
			if s, problem := tenancy.ParseSubject(text); problem == "" && s == x.Subject {
				c.found.Add(&x.Meta, diag.New(diag.RevocationBelow, x.At("subject"), "revocation %s does not take away what organization %s grants %s: it is in a directory below", x.Key, o.Path, x.Subject).
					See(o.At("access", text), "granted here").Suggest("have the owners of %s revoke it, in %s or above", o.Path, o.Dir))
			}
		}
	}
}

// left refuses new names of logical clusters to which a revocation no longer applies.
func (c *checker) left(x *tenancy.Revocation) {
	for _, lc := range c.t.LogicalClusters {
		if c.Standing[lc.Key] || lc.State == schema.Deleted || tenancy.IsRevoked(lc.Revoked, x.Subject, x.Dir) {
			continue
		}
		former := c.t.FormerKeys(lc)
		if i := slices.IndexFunc(former, func(key string) bool { return c.Standing[key] && x.Covers(key) }); i >= 0 {
			c.found.Fault(&lc.Meta, diag.New(diag.RevocationLeft, lc.Pos, "%s, formerly %s, would leave the revocation of %s, which does not apply to the new name", lc.Key, former[i], x.Subject).
				See(x.At("from"), "revoked here").Suggest("have the owners of the revocation add one from %s, or remove it", lc.Key), "it is not renamed")
		}
	}
}
