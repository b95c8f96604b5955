package admission

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/policy/rule"
	"github.com/tenantry/tenantry/internal/manifest"
)

// protect guards the platform's objects in tenants' namespaces, and the
// deployers. It sees subresources, so that nobody gets at a quota through its
// status, and both the object and what it was, so that nobody takes the mark
// off first. On DELETE there is no object, and in a collection no name either.
func protect(p *desired.Platform) admissionPolicy {
	label := rule.String(desired.LabelManagedBy)
	prefix := rule.String(desired.ReservedPrefix)
	touches := func(object string) string {
		return fmt.Sprintf(`%[1]s != null && (
  %[1]s.?metadata.?name.orValue('').startsWith(%[2]s) ||
  %[1]s.?metadata.?generateName.orValue('').startsWith(%[2]s) ||
  %[1]s.?metadata.?labels[?%[3]s].orValue('') == %[4]s)`,
			object, prefix, label, rule.String(desired.ManagedBy))
	}
	return admissionPolicy{
		name:  desired.ReservedPrefix + "protect",
		rules: []requestRule{everything},
		conditions: []named{
			{"owned-by-the-platform", fmt.Sprintf("request.?name.orValue('').startsWith(%s) ||\n%s ||\n%s", prefix, touches("object"), touches("oldObject"))},
			byTenants(desired.SystemExempt()),
		},
		variables: []named{platform, terminating, requestName},
		validations: []validation{{
			expression: `request.operation == 'DELETE' && variables.terminating || variables.platform`,
			message: fmt.Sprintf(`request.operation == 'CREATE'
? 'names that begin with %[1]s and the label %[2]s: %[3]s are reserved for the platform: use another name and leave the label out'
: request.requestResource.resource + ' ' + variables.name + ' belongs to the platform: ask for a change of the logical cluster in the tenancy repo'`,
				desired.ReservedPrefix, desired.LabelManagedBy, desired.ManagedBy),
		}},
		bindings: []binding{
			{name: desired.ReservedPrefix + "protect", selector: manifest.M("matchExpressions", manifest.List{
				manifest.M("key", desired.LabelLogicalCluster, "operator", "Exists")})},
			// GitOps controllers write the status of their own objects there.
			{name: desired.ReservedPrefix + "protect-deployers",
				selector: matchLabel("kubernetes.io/metadata.name", p.Deployers),
				rules:    []requestRule{{groups: []string{""}, versions: []string{"v1"}, resources: []string{"serviceaccounts", "serviceaccounts/*"}, scope: "Namespaced"}}},
		},
	}
}

// tellsEngine is an expression that holds where the label or annotation k tells a
// GitOps engine how to apply an object.
func tellsEngine(p *desired.Platform) string {
	var out []string
	for _, domain := range p.Engines.MarkDomains() {
		out = append(out, fmt.Sprintf("k.startsWith(%s)", rule.String(domain+"/")))
	}
	if len(out) == 0 {
		return "false"
	}
	return strings.Join(out, " || ")
}

func matchLabel(key, value string) manifest.Map {
	return manifest.M("matchLabels", manifest.M(key, value))
}

// namespaces guards the Namespaces. A Role that gives everything in a namespace
// reaches the Namespace itself, and with it the labels that policies select on.
// Deletion is refused to everybody, the GitOps engine included, until the live
// object says that it is confirmed.
func namespaces(p *desired.Platform) admissionPolicy {
	label := rule.String(desired.LabelLogicalCluster)
	key := rule.String(desired.AnnotationLogicalCluster)
	part := func(object, field string) string {
		return fmt.Sprintf(`%[1]s == null ? {} : %[1]s.?metadata.?%[2]s.orValue({})`, object, field)
	}
	changed := func(before, after string) string {
		return fmt.Sprintf(`variables.%[1]s.filter(k, !(k in variables.%[2]s) || variables.%[2]s[k] != variables.%[1]s[k]) +
variables.%[2]s.filter(k, !(k in variables.%[1]s))`, before, after)
	}
	return admissionPolicy{
		name:  desired.ReservedPrefix + "namespaces",
		rules: []requestRule{{groups: []string{""}, versions: []string{"v1"}, resources: []string{"namespaces", "namespaces/*"}, scope: "Cluster"}},
		variables: []named{
			platform,
			requestName,
			{"oldLabels", part("oldObject", "labels")},
			{"labels", part("object", "labels")},
			{"oldAnnotations", part("oldObject", "annotations")},
			{"annotations", part("object", "annotations")},
			{"ours", fmt.Sprintf(`%[1]s in variables.oldLabels || %[1]s in variables.labels ||
variables.name.startsWith(%[2]s) || variables.name == %[3]s ||
object != null && object.?metadata.?generateName.orValue('').startsWith(%[2]s)`,
				label, rule.String(desired.ReservedPrefix), rule.String(p.Deployers))},
			{"changed", "(" + changed("oldLabels", "labels") + ") +\n(" + changed("oldAnnotations", "annotations") + ")"},
			// Elsewhere only our own keys matter: they open other tenants' networks.
			{"guarded", fmt.Sprintf(`variables.changed.exists(k, k.startsWith('tenantry.dev/') || k.contains('.tenantry.dev/') ||
variables.ours && (k.startsWith('pod-security.kubernetes.io/') ||
%s))`, tellsEngine(p))},
			{"logicalCluster", fmt.Sprintf(`variables.oldAnnotations[?%[1]s].orValue(variables.annotations[?%[1]s].orValue(''))`, key)},
		},
		validations: []validation{
			{
				expression: fmt.Sprintf(`request.operation != 'DELETE' || !variables.ours ||
variables.oldAnnotations[?%s].orValue('') == %s ||
oldObject != null && has(oldObject.metadata.deletionTimestamp)`,
					rule.String(desired.AnnotationDeletion), rule.String(desired.DeletionConfirmed)),
				message: `variables.logicalCluster == ''
? 'namespace ' + variables.name + ' belongs to the platform: it can be deleted once its annotation tenantry.dev/deletion is "confirmed"'
: 'namespace ' + variables.name + ' holds the data of the logical cluster ' + variables.logicalCluster + ': to delete it, set state: "deleted" in its document in the tenancy repo'`,
			},
			{
				expression: `request.operation == 'DELETE' || !(variables.guarded || request.operation == 'CREATE' && variables.ours) || variables.platform`,
				message:    `'the name, or a label or annotation, of namespace ' + variables.name + ' is reserved for the platform: ask for a change of the logical cluster in the tenancy repo'`,
			},
			{
				expression: fmt.Sprintf(`request.operation != 'UPDATE' || %[1]s in variables.oldLabels || !(%[1]s in variables.labels) ||
%[3]s in variables.annotations && variables.oldAnnotations[?%[2]s].orValue('') == variables.annotations[%[3]s]`,
					label, rule.String(desired.AnnotationAdopt), key),
				message: `'namespace ' + variables.name + ' exists and was not made by Tenantry: to let the logical cluster ' + variables.logicalCluster + ' take it over, set its annotation tenantry.dev/adopt to "' + variables.logicalCluster + '"'`,
			},
		},
	}
}
