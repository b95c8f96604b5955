package admission

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// keepers do nothing on a tenant's behalf: they clean up, schedule and report. A
// controller that makes what a tenant asked for, such as the pods of a
// deployment, is not among them, or every policy on pods could be passed by.
var keepers = desired.Exempt{
	Users: []string{"system:apiserver", "system:kube-scheduler",
		"system:serviceaccount:kube-system:generic-garbage-collector", "system:serviceaccount:kube-system:namespace-controller"},
	Groups: []string{"system:nodes"},
}

// upkeep keeps Kubernetes' controllers going with what stood before a policy came:
// they take finalizers off and adopt, and what the object asks for stays the same.
var upkeep = named{"not-upkeep", `!(request.operation == 'UPDATE' &&
'system:serviceaccounts:kube-system' in request.userInfo.?groups.orValue([]) &&
object.?spec.hasValue() && object.?spec == oldObject.?spec)`}

const (
	policyPrefix    = desired.ReservedPrefix + "policy-"
	transformPrefix = desired.ReservedPrefix + "transform-"
)

// NameOf returns the name of the admission policy that a label of a Namespace asks for,
// and whether it asks for one.
func NameOf(label string) (name string, ok bool) {
	if id, ok := strings.CutPrefix(label, desired.PrefixPolicy); ok {
		return policyPrefix + id, true
	}
	id, ok := strings.CutPrefix(label, desired.PrefixTransform)
	return transformPrefix + id, ok
}

// tenants is a policy of the tenancy repo, in the namespaces that carry its label.
// The platform is exempt, and so are the keepers.
func tenants(a *apiserver.Admission) admissionPolicy {
	out := admissionPolicy{
		name:       policyPrefix + a.ID,
		rules:      rulesOf(a.Spec.MatchConstraints.ResourceRules),
		excluded:   rulesOf(a.Spec.MatchConstraints.ExcludeResourceRules),
		selector:   manifest.M("matchExpressions", manifest.List{manifest.M("key", desired.PrefixPolicy+a.ID, "operator", "Exists")}),
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

func rulesOf(list []admissionv1.NamedRuleWithOperations) (out []requestRule) {
	for _, r := range list {
		one := requestRule{groups: r.APIGroups, versions: r.APIVersions, resources: r.Resources, scope: string(*r.Scope), names: r.ResourceNames}
		for _, o := range r.Operations {
			one.operations = append(one.operations, string(o))
		}
		out = append(out, one)
	}
	return out
}

// Conditions of mutations, which can't see variables, nor the Namespace.
var (
	// What goes is let go: a change might be one that the object can't take any more.
	notDeleted = named{"not-deleted", `!has(object.metadata.deletionTimestamp)`}
	// A ReplicaSet must stay what its Deployment makes of it, or it is made anew without
	// end. What is changed in the Deployment comes to it by itself.
	notDerived = named{"not-derived", `!(request.resource.group == 'apps' && request.resource.resource in ['replicasets', 'controllerrevisions'] &&
object.?metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false)))`}
	notPlatforms = named{"not-the-platforms", fmt.Sprintf(`!(object.?metadata.?name.orValue('').startsWith(%s) ||
object.?metadata.?labels[?%s].orValue('') == %s)`,
		rule.String(desired.ReservedPrefix), rule.String(desired.LabelManagedBy), rule.String(desired.ManagedBy))}
	notPlatform = named{"not-the-platform", "!" + platform.expression}
)

// transform is a MutatingAdmissionPolicy with its binding, in the namespaces that
// carry its label. It leaves alone what the platform owns and what the platform
// writes, and the keepers.
func transform(t *apiserver.Transform) []manifest.Map {
	name := transformPrefix + t.ID
	selector := manifest.M("matchExpressions", manifest.List{manifest.M("key", desired.PrefixTransform+t.ID, "operator", "Exists")})
	m := t.Spec.MatchConstraints
	variables := make([]named, len(t.Spec.Variables))
	for i, v := range t.Spec.Variables {
		variables[i] = named{v.Name, v.Expression}
	}
	mutations := make(manifest.List, len(t.Spec.Mutations))
	for i, one := range t.Spec.Mutations {
		if one.JSONPatch != nil {
			mutations[i] = manifest.M("patchType", "JSONPatch", "jsonPatch", manifest.M("expression", one.JSONPatch.Expression))
		} else {
			mutations[i] = manifest.M("patchType", "ApplyConfiguration", "applyConfiguration", manifest.M("expression", one.ApplyConfiguration.Expression))
		}
	}
	return []manifest.Map{
		manifest.M("apiVersion", apiVersion, "kind", "MutatingAdmissionPolicy",
			"metadata", manifest.M("name", name, "labels", labels()),
			"spec", manifest.M(
				"failurePolicy", "Fail",
				"reinvocationPolicy", string(t.Spec.ReinvocationPolicy),
				// The API server fills in the object selector. Argo CD, which does not know the kind
				// yet, would take that for a difference that no sync ends.
				"matchConstraints", matchResources(selector, rulesOf(m.ResourceRules), rulesOf(m.ExcludeResourceRules)).With("objectSelector", manifest.Map{}),
				"matchConditions", namedList([]named{byTenants(keepers), upkeep, notDeleted, notDerived, notPlatforms, notPlatform}),
				"variables", namedList(variables),
				"mutations", mutations,
			).Compact()),
		manifest.M("apiVersion", apiVersion, "kind", "MutatingAdmissionPolicyBinding",
			"metadata", manifest.M("name", name, "labels", labels()), "spec", manifest.M("policyName", name)),
	}
}
