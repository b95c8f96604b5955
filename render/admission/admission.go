// Package admission renders what a physical cluster needs once: the namespace
// of the teams' deployers, the ClusterRoles that tenants' RoleBindings refer
// to, and the admission policies with which the API server itself keeps tenants
// within their logical clusters.
//
// Five kinds of ValidatingAdmissionPolicy stand between a tenant and what the
// platform owns. tenantry-protect guards the platform's objects in tenants'
// namespaces and reserves their names; tenantry-namespaces guards the
// Namespaces themselves and their deletion; a tenantry-apis-… for each distinct
// set of bound APIs refuses writes to all others; tenantry-frozen refuses all
// writes to frozen logical clusters; tenantry-implicit, where implicit documents
// give anything, guards the names of what they give. A label of the Namespace says which apply,
// so their number does not grow with that of the tenants.
//
// Beside them stand the policies of the tenancy repo on writes, once for each
// distinct content: rules as ValidatingAdmissionPolicies, changes as
// MutatingAdmissionPolicies.
//
// The platform is whoever may "manage" the resource "platform" of the group
// tenantry.dev in the whole cluster: the GitOps engine, by cluster-admin or by
// the ClusterRole tenantry-platform. A tenant's Role can never say that, not
// even with "*", since the check names no namespace.
//
// Admission sees writes only. What may be read is up to the ClusterRoles.
package admission

import (
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/internal/manifest"
)

// PlatformRole is the ClusterRole that makes its subjects the platform. Nothing
// is bound to it here.
const PlatformRole = desired.ReservedPrefix + "platform"

// Platform returns the objects: the Namespace, the ClusterRoles, then each
// policy with its bindings.
func Platform(p *desired.Platform) []manifest.Map {
	out := make([]manifest.Map, 0, 9+len(p.Roles)+2*len(p.Gates))
	out = append(out, deployers(p), clusterRole(PlatformRole, []desired.Rule{
		{Groups: []string{"tenantry.dev"}, Resources: []string{"platform"}, Verbs: []string{"manage"}},
	}))
	for i := range p.Roles {
		out = append(out, clusterRole(p.Roles[i].Name, p.Roles[i].Rules))
	}
	policies := []admissionPolicy{protect(p), namespaces(p), frozen(p)}
	if len(p.Implicit) > 0 {
		policies = append(policies, implicitObjects(p))
	}
	for i := range p.Gates {
		policies = append(policies, gate(p, &p.Gates[i]))
	}
	for _, a := range p.Policies {
		policies = append(policies, tenants(a))
	}
	for i := range policies {
		out = append(out, policies[i].objects()...)
	}
	for _, t := range p.Transforms {
		out = append(out, transform(t)...)
	}
	return out
}

func deployers(p *desired.Platform) manifest.Map {
	annotations := manifest.Map{}
	for _, m := range p.Engines.Protection() {
		annotations = append(annotations, manifest.Field{Key: m.Key, Value: m.Value})
	}
	return manifest.M("apiVersion", "v1", "kind", "Namespace", "metadata", manifest.M(
		"name", p.Deployers,
		"labels", append(labels(), desired.PodSecurityLabels("restricted", p.Minor)...),
		"annotations", annotations))
}

func clusterRole(name string, rules []desired.Rule) manifest.Map {
	list := make(manifest.List, 0, len(rules))
	for _, r := range rules {
		list = append(list, manifest.M("apiGroups", r.Groups, "resources", r.Resources, "verbs", r.Verbs))
	}
	return manifest.M("apiVersion", "rbac.authorization.k8s.io/v1", "kind", "ClusterRole",
		"metadata", manifest.M("name", name, "labels", labels()), "rules", list)
}

func labels() manifest.Map { return manifest.M(desired.LabelManagedBy, desired.ManagedBy) }
