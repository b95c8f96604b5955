package transform

import (
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Unserved reports the policies whose mutations a physical cluster can't make for a
// logical cluster that they hold for and that is placed there. An error holds a new or
// changed document; what stands, stays.
func Unserved(policies *policy.Policies, lc *tenancy.LogicalCluster, cluster *tenancy.PhysicalCluster, changed func() bool) (out []tenancy.Finding) {
	if cluster.Minor >= apiserver.MutatingMinor {
		return nil
	}
	for _, e := range policies.Of(lc) {
		if !e.Source.Mutates() || e.Exemption != nil {
			continue
		}
		d := diag.New(diag.TransformUnserved, lc.Pos, "%s: policy %s changes nothing on %s, whose Kubernetes 1.%d has no mutating admission policies", lc.Key, e.Key, cluster.Name, cluster.Minor).
			See(e.Pos, "policy %s stands here", e.Key).See(cluster.At("kubernetes"), "%s is declared here", cluster.Name).About(lc.Meta.String())
		switch {
		case e.Spec.Enforcement == schema.Audit:
			d.Severity = diag.Note
		case e.Spec.Enforcement == schema.Warn || lc.Held:
			d.Severity = diag.Warning
		case changed():
			out = append(out, tenancy.Fault(&lc.Meta, d.Suggest("place it on a physical cluster with Kubernetes 1.%d, or exempt it from the policy", apiserver.MutatingMinor), ""))
			continue
		default:
			d.Message += " (it stands as it was, and stays)"
		}
		out = append(out, tenancy.Finding{Diagnostic: d})
	}
	return out
}
