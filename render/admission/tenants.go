package admission

import (
	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/render/manifest"
	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// keepers do nothing on a tenant's behalf: they clean up, schedule and report. A
// controller that makes what a tenant asked for, such as the pods of a
// deployment, is not among them, or every policy on pods could be passed by.
var keepers = expand.Exempt{
	Users: []string{"system:apiserver", "system:kube-scheduler",
		"system:serviceaccount:kube-system:generic-garbage-collector", "system:serviceaccount:kube-system:namespace-controller"},
	Groups: []string{"system:nodes"},
}

// upkeep keeps Kubernetes' controllers going with what stood before a policy came:
// they take finalizers off and adopt, and what the object asks for stays the same.
var upkeep = named{"not-upkeep", `!(request.operation == 'UPDATE' &&
'system:serviceaccounts:kube-system' in request.userInfo.?groups.orValue([]) &&
object.?spec.hasValue() && object.?spec == oldObject.?spec)`}

// tenants is a policy of the tenancy repo, in the namespaces that carry its label.
// The platform is exempt, and so are the keepers.
func tenants(a *policy.Admission) admissionPolicy {
	out := admissionPolicy{
		name:       expand.ReservedPrefix + "policy-" + a.ID,
		rules:      rulesOf(a.Spec.MatchConstraints.ResourceRules),
		excluded:   rulesOf(a.Spec.MatchConstraints.ExcludeResourceRules),
		selector:   manifest.M("matchExpressions", manifest.List{manifest.M("key", expand.PrefixPolicy+a.ID, "operator", "Exists")}),
		conditions: []named{byTenants(keepers), upkeep},
		variables:  []named{platform, terminating},
		action:     map[schema.Enforcement]string{schema.Warn: "Warn", schema.Audit: "Audit"}[a.Enforcement],
	}
	for _, c := range a.Spec.MatchConditions {
		out.conditions = append(out.conditions, named{c.Name, c.Expression})
	}
	for _, v := range a.Spec.Variables {
		out.variables = append(out.variables, named{v.Name, v.Expression})
	}
	for _, v := range a.Spec.Validations {
		out.validations = append(out.validations, validation{
			expression: "variables.terminating || (\n" + v.Expression + "\n) || variables.platform",
			message:    v.MessageExpression,
			text:       v.Message,
		})
	}
	return out
}

func rulesOf(list []admissionv1.NamedRuleWithOperations) (out []rule) {
	for _, r := range list {
		one := rule{groups: r.APIGroups, versions: r.APIVersions, resources: r.Resources, scope: string(*r.Scope), names: r.ResourceNames}
		for _, o := range r.Operations {
			one.operations = append(one.operations, string(o))
		}
		out = append(out, one)
	}
	return out
}
