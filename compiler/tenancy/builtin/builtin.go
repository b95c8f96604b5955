// Package builtin is what is known of Kubernetes' own resources: those that an API set
// may name without a file, what each role may do with them, and those that no logical
// cluster can have.
package builtin

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// Entry is one of Kubernetes' own namespaced resources.
type Entry struct {
	Group, Plural, Kind string
	Versions            []string
	// Verbs of each role, where an API set says nothing else.
	View, Edit, Admin []string
	// Most bounds what an API set may say; nil means all verbs.
	Most         []string
	Subresources []tenancy.Subresource
}

// ReadVerbs are the verbs that change nothing.
func ReadVerbs() []string { return []string{"get", "list", "watch"} }

// AllVerbs are in the order in which people write them.
func AllVerbs() []string {
	return append(ReadVerbs(), "create", "update", "patch", "delete", "deletecollection")
}

// All returns the resources that an API set may name without a file, by
// key. What is not here can't be given to a logical cluster: resources that are
// not namespaced, and those by which one would pass over the scheduler
// (bindings) or ask in another's name (localsubjectaccessreviews).
func All() map[string]Entry {
	read, all := ReadVerbs(), AllVerbs()
	change := []string{"get", "update", "patch"}
	connect := []string{"get", "create"} // what a websocket upgrade is judged as differs between releases
	status := tenancy.Subresource{Name: "status", View: []string{"get"}, Edit: []string{"get"}, Admin: []string{"get"}}
	scale := tenancy.Subresource{Name: "scale", View: []string{"get"}, Edit: change, Admin: change}
	reach := func(name string, verbs []string) tenancy.Subresource {
		return tenancy.Subresource{Name: name, Edit: verbs, Admin: verbs}
	}

	out := map[string]Entry{}
	add := func(key, kind string, versions []string, view, edit, admin, most []string, subresources ...tenancy.Subresource) {
		plural, group, _ := strings.Cut(key, ".")
		out[key] = Entry{group, plural, kind, versions, view, edit, admin, most, subresources}
	}
	usual := func(key, kind string, versions []string, subresources ...tenancy.Subresource) {
		add(key, kind, versions, read, all, all, nil, subresources...)
	}
	v1 := []string{"v1"}

	usual("configmaps", "ConfigMap", v1)
	usual("persistentvolumeclaims", "PersistentVolumeClaim", v1, status)
	usual("pods", "Pod", v1, status,
		tenancy.Subresource{Name: "log", View: []string{"get"}, Edit: []string{"get"}, Admin: []string{"get"}},
		reach("attach", connect), reach("exec", connect), reach("portforward", connect),
		reach("eviction", []string{"create"}), reach("ephemeralcontainers", change), reach("resize", change))
	usual("podtemplates", "PodTemplate", v1)
	usual("replicationcontrollers", "ReplicationController", v1, scale, status)
	usual("services", "Service", v1, status)
	// A token of a service account outlives its maker's access: no token subresource.
	usual("serviceaccounts", "ServiceAccount", v1)
	add("secrets", "Secret", v1, nil, all, all, nil)
	// Writing endpoints sends others' traffic to addresses of one's choice.
	add("endpoints", "Endpoints", v1, read, read, read, nil)
	add("endpointslices.discovery.k8s.io", "EndpointSlice", v1, read, read, read, nil)
	add("events", "Event", v1, read, read, read, nil)
	add("events.events.k8s.io", "Event", v1, read, read, read, nil)
	// The platform's own limits.
	add("limitranges", "LimitRange", v1, read, read, read, read)
	add("resourcequotas", "ResourceQuota", v1, read, read, read, read, status)
	add("csistoragecapacities.storage.k8s.io", "CSIStorageCapacity", v1, read, read, read, read)

	usual("controllerrevisions.apps", "ControllerRevision", v1)
	usual("daemonsets.apps", "DaemonSet", v1, status)
	usual("deployments.apps", "Deployment", v1, scale, status)
	usual("replicasets.apps", "ReplicaSet", v1, scale, status)
	usual("statefulsets.apps", "StatefulSet", v1, scale, status)
	usual("horizontalpodautoscalers.autoscaling", "HorizontalPodAutoscaler", []string{"v1", "v2"}, status)
	usual("cronjobs.batch", "CronJob", v1, status)
	usual("jobs.batch", "Job", v1, status)
	usual("leases.coordination.k8s.io", "Lease", v1)
	usual("ingresses.networking.k8s.io", "Ingress", v1, status)
	add("networkpolicies.networking.k8s.io", "NetworkPolicy", v1, read, read, all, nil)
	usual("poddisruptionbudgets.policy", "PodDisruptionBudget", v1, status)
	add("roles.rbac.authorization.k8s.io", "Role", v1, read, read, all, nil)
	add("rolebindings.rbac.authorization.k8s.io", "RoleBinding", v1, read, read, all, nil)
	usual("resourceclaims.resource.k8s.io", "ResourceClaim", []string{"v1", "v1beta1", "v1beta2"}, status)
	usual("resourceclaimtemplates.resource.k8s.io", "ResourceClaimTemplate", []string{"v1", "v1beta1", "v1beta2"})
	return out
}

// Resource returns the kind of one of Kubernetes' own namespaced resources, and
// the version in which it is stored or newest.
func Resource(group, plural string) (kind, version string, ok bool) {
	key := plural
	if group != "" {
		key += "." + group
	}
	b, ok := All()[key]
	if !ok {
		return "", "", false
	}
	return b.Kind, b.Versions[0], true
}

// PluralOf returns the plural of one of Kubernetes' own namespaced kinds.
func PluralOf(group, kind string) (plural string, ok bool) {
	for _, b := range All() {
		if b.Group == group && b.Kind == kind {
			return b.Plural, true
		}
	}
	return "", false
}

// Refused says why one of Kubernetes' own resources can't be given to a
// logical cluster; it is empty for others.
func Refused(key string) string {
	switch key {
	case "bindings":
		return "it would pass over the scheduler"
	case "localsubjectaccessreviews.authorization.k8s.io":
		return "it asks what others may do; anybody may ask for themselves without it"
	case "namespaces", "nodes", "persistentvolumes", "componentstatuses",
		"clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
		"storageclasses.storage.k8s.io", "csidrivers.storage.k8s.io", "csinodes.storage.k8s.io",
		"volumeattachments.storage.k8s.io", "volumeattributesclasses.storage.k8s.io",
		"ingressclasses.networking.k8s.io", "ipaddresses.networking.k8s.io", "servicecidrs.networking.k8s.io",
		"runtimeclasses.node.k8s.io", "priorityclasses.scheduling.k8s.io",
		"customresourcedefinitions.apiextensions.k8s.io", "apiservices.apiregistration.k8s.io",
		"mutatingwebhookconfigurations.admissionregistration.k8s.io", "validatingwebhookconfigurations.admissionregistration.k8s.io",
		"validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
		"mutatingadmissionpolicies.admissionregistration.k8s.io", "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
		"certificatesigningrequests.certificates.k8s.io", "clustertrustbundles.certificates.k8s.io",
		"flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
		"deviceclasses.resource.k8s.io", "resourceslices.resource.k8s.io",
		"tokenreviews.authentication.k8s.io", "subjectaccessreviews.authorization.k8s.io",
		"selfsubjectaccessreviews.authorization.k8s.io", "selfsubjectrulesreviews.authorization.k8s.io",
		"selfsubjectreviews.authentication.k8s.io":
		return "it belongs to the whole physical cluster and not to a namespace"
	}
	return ""
}

// Privileged reports whether objects of an API group make a GitOps engine
// or the platform act with rights of its own. Only the platform's API sets,
// outside orgs/, may give such a group to logical clusters.
func Privileged(group string, engines target.Engines) bool {
	for _, g := range append(engines.APIGroups(), "tenantry.dev", "k8s.io", "x-k8s.io", "kubernetes.io", "crossplane.io") {
		if group == g || strings.HasSuffix(group, "."+g) {
			return true
		}
	}
	return false
}
