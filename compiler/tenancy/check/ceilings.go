package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// ceilings checks the sums below each organization that bounds one.
func (c *checker) ceilings() {
	for _, o := range c.t.Organizations {
		if o.Spec.Ceilings == nil {
			continue
		}
		holding, expired := exempt(c.t, o)
		below := slices.DeleteFunc(c.below(o), func(s *subject) bool { return covered(holding, s.LogicalCluster) })
		c.expired = expired
		if limit := o.Spec.Ceilings.LogicalClusters; limit != nil {
			c.count(o, below, *limit)
		}
		for _, ceiling := range o.Ceilings {
			c.sum(o, below, ceiling)
		}
	}
}

// below returns the subjects below an organization.
func (c *checker) below(o *tenancy.Organization) []*subject {
	prefix := o.Path + "/"
	from, _ := slices.BinarySearchFunc(c.subjects, prefix, func(s subject, p string) int { return strings.Compare(s.Key, p) })
	var out []*subject
	for i := from; i < len(c.subjects) && strings.HasPrefix(c.subjects[i].Key, prefix); i++ {
		out = append(out, &c.subjects[i])
	}
	return out
}

// count checks the number of logical clusters. Those that stand already are
// counted first: holding them would change nothing.
func (c *checker) count(o *tenancy.Organization, below []*subject, limit int) {
	standing, back := 0, 0
	var more []*subject
	for _, lc := range below {
		switch {
		case lc.State == schema.Deleted:
		case !c.counted(lc):
			more = append(more, lc)
		default:
			standing++
			if covered(c.expired, lc.LogicalCluster) {
				back++
			}
		}
	}
	pos := o.At("ceilings", "logicalClusters")
	if standing > limit {
		c.found.Add(&o.Meta, afterExpiry(standing-back <= limit, diag.New(diag.CeilingLowered, pos, "%s has %d logical clusters, above its ceiling of %d", o.Path, standing, limit).
			Suggest("raise the ceiling, or have some of them deleted")))
	}
	n := standing
	for _, lc := range more {
		if n++; n > limit {
			c.found.Fault(&lc.Meta, diag.New(diag.CeilingExceeded, lc.Pos, "%s would be logical cluster number %d of %s, above its ceiling of %d", lc.Key, n, o.Path, limit).
				See(pos, "the ceiling stands here").Suggest("ask the owners of %s for a higher ceiling", o.Path), "it stays")
		}
	}
}

// afterExpiry turns an error into a warning where it comes of nothing but an
// exemption that has expired: that a day passes fails nobody's merge.
func afterExpiry(only bool, d diag.Diagnostic) diag.Diagnostic {
	if only {
		d.Severity = diag.Warning
	}
	return d
}

// counted reports whether the logical cluster counted before: it stands in the
// pins, and its last good document does not give its place up.
func (c *checker) counted(lc *subject) bool {
	if !lc.stood {
		return false
	}
	if !lc.changed {
		return true
	}
	spec := c.History.LastGood(lc.LogicalCluster)
	return spec == nil || spec.State != schema.Deleted
}

// unbounded reports what stood before a ceiling came. It is not the logical
// clusters' fault, so nobody is held.
func (c *checker) unbounded(o *tenancy.Organization, lcs []*tenancy.LogicalCluster, ceiling tenancy.Limit) {
	if len(lcs) == 0 {
		return
	}
	d := diag.New(diag.CeilingUnbounded, ceiling.Pos(), "%d logical clusters below %s have no quota of %s, so no sum can be bounded", len(lcs), o.Path, ceiling.Key)
	if len(lcs) == 1 {
		d.Message = lcs[0].Key + " has no quota of " + ceiling.Key + ", so no sum can be bounded"
	}
	for _, lc := range lcs[:min(len(lcs), 8)] {
		d = d.See(lc.Pos, "%s has none", lc.Key)
	}
	c.found.Add(&o.Meta, d.Suggest("give them one through a class or through the defaults of %s", o.Path))
}

// exempt returns the exemptions from an organization's ceilings that hold, and
// those that have expired.
func exempt(t *tenancy.Tenancy, o *tenancy.Organization) (holding, expired []*tenancy.Exemption) {
	for _, x := range t.Exemptions {
		switch {
		case x.Spec.Ceiling != o.Path:
		case x.Holds():
			holding = append(holding, x)
		default:
			expired = append(expired, x)
		}
	}
	return holding, expired
}

// covered reports whether one of the exemptions covers a logical cluster.
func covered(exemptions []*tenancy.Exemption, lc *tenancy.LogicalCluster) bool {
	return slices.ContainsFunc(exemptions, func(x *tenancy.Exemption) bool { return x.Covers(lc.Key) })
}

// listKeys names at most three logical clusters.
func listKeys(lcs []*tenancy.LogicalCluster) string {
	keys := make([]string, 0, 3)
	for _, lc := range lcs[:min(len(lcs), 3)] {
		keys = append(keys, lc.Key)
	}
	if more := len(lcs) - len(keys); more > 0 {
		keys = append(keys, strconv.Itoa(more)+" more")
	}
	return diag.Join(keys)
}
