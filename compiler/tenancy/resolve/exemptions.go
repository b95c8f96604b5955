package resolve

import (
	"slices"
	"time"

	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// noticeDays is how many days before its end an exemption is warned of.
const noticeDays = 14

// exemptions reads the exemptions and says what is wrong with their targets and
// ends. What policies they lift is for those who know policies.
func (r *resolver) exemptions() {
	for _, d := range r.docs.Exemptions {
		x := &tenancy.Exemption{Meta: d.Meta, Spec: d.Spec, Expired: d.Spec.Expires < r.asOf}
		if (x.Spec.Policy == "") == (x.Spec.Ceiling == "") {
			r.found.Fault(&x.Meta, diag.New(diag.ExemptionUnknown, x.Pos, "exemption %s names %s", x.Key,
				map[bool]string{true: "neither a policy nor a ceiling", false: "both a policy and a ceiling"}[x.Spec.Policy == ""]), "it exempts nobody")
			continue
		}
		if x.Spec.Ceiling != "" && !r.ceilingExemption(x) {
			continue
		}
		if !r.t.Known(x.Spec.Target) {
			r.found.Add(&x.Meta, diag.New(diag.ExemptionUseless, x.At("target"), "exemption %s: there is no organization or logical cluster %s", x.Key, x.Spec.Target).SuggestName(x.Spec.Target, r.targets()))
		}
		r.ends(x)
		r.t.Exemptions = append(r.t.Exemptions, x)
	}
}

// ends warns of an exemption that has expired or is about to.
func (r *resolver) ends(x *tenancy.Exemption) {
	what := "policy " + x.Spec.Policy
	if x.Spec.Policy == "" {
		what = "the ceilings of " + x.Spec.Ceiling
	}
	end, err := time.Parse(time.DateOnly, x.Spec.Expires)
	today, err2 := time.Parse(time.DateOnly, r.asOf)
	switch {
	case err != nil || err2 != nil:
		if err != nil {
			r.found.Fault(&x.Meta, diag.New(diag.ExemptionUnknown, x.At("expires"), "exemption %s: there is no day %s", x.Key, x.Spec.Expires), "it exempts nobody")
		}
	case x.Expired:
		r.found.Add(&x.Meta, diag.New(diag.ExemptionExpired, x.At("expires"), "exemption %s of %s ended on %s: %s applies again", x.Key, x.Spec.Target, x.Spec.Expires, what).
			Suggest("remove it, or have the owners of %s give it a new end", owners(x.Dir)))
	case end.Sub(today) <= noticeDays*24*time.Hour:
		r.found.Add(&x.Meta, diag.New(diag.ExemptionExpiring, x.At("expires"), "exemption %s of %s ends on %s: from the day after, %s applies", x.Key, x.Spec.Target, x.Spec.Expires, what).
			Suggest("see to it that %s keeps to it by then", x.Spec.Target))
	}
}

// owners names whose a directory is.
func owners(dir string) string {
	if path := tenancy.Reach(dir); path != "" {
		return path
	}
	return "the platform"
}

func (r *resolver) targets() []string {
	out := make([]string, 0, len(r.t.Organizations)+len(r.t.LogicalClusters))
	for _, o := range r.t.Organizations {
		out = append(out, o.Path)
	}
	for _, lc := range r.t.LogicalClusters {
		out = append(out, lc.Key)
	}
	slices.Sort(out)
	return out
}

// ceilingExemption checks an exemption from an organization's ceilings.
func (r *resolver) ceilingExemption(x *tenancy.Exemption) bool {
	o := r.orgs[x.Spec.Ceiling]
	if o == nil || o.Spec.Ceilings == nil {
		var names []string
		for _, o := range r.t.Organizations {
			if o.Spec.Ceilings != nil {
				names = append(names, o.Path)
			}
		}
		r.found.Fault(&x.Meta, diag.New(diag.ExemptionUnknown, x.At("ceiling"), "exemption %s: organization %s has no ceilings", x.Key, x.Spec.Ceiling).SuggestName(x.Spec.Ceiling, names), "it exempts nobody")
		r.found.Following(schema.KindOrganizations, x.Spec.Ceiling)
		return false
	}
	if !tenancy.Below(o.Dir, x.Dir) {
		r.found.Fault(&x.Meta, diag.New(diag.ExemptionPlace, x.At("ceiling"), "exemption %s can't lift the ceilings of %s, which stand above it", x.Key, o.Path).
			See(o.At("ceilings"), "the ceilings stand here").Suggest("an exemption stands where the owners of %s are: in %s, or above it", o.Path, o.Dir), "it exempts nobody")
		return false
	}
	if !schema.OrgPath(o.Path).Above(x.Spec.Target) {
		r.found.Fault(&x.Meta, diag.New(diag.ExemptionUseless, x.At("target"), "exemption %s lifts nothing: %s is not below %s", x.Key, x.Spec.Target, o.Path), "it exempts nobody")
		return false
	}
	return true
}
