package diff

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
)

// kindOrder is an order in which kinds can be applied: what others need comes
// first, what bounds tenants before what gives them access.
var kindOrder = []string{
	"CustomResourceDefinition", "Namespace", "ClusterRole", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
	"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccount",
	"Role", "ConfigMap", "ClusterRoleBinding", "RoleBinding",
}

// raises reports whether a quota is raised, or is new: what others give up comes
// first, so that the sum of quotas is never above what was planned.
func raises(o *change.ObjectChange) bool {
	return o.Kind == "ResourceQuota" && (o.Action == change.Create || slices.ContainsFunc(o.Fields, func(f change.Field) bool {
		before, _ := f.Before.(string)
		after, _ := f.After.(string)
		return strings.HasPrefix(f.Path, "spec.hard.") && before != "" && bounded(before, after) == change.Loosens
	}))
}

// stageOf orders changes: access is taken away first, then all is created and
// changed that stands, then the rest is deleted, in the opposite order.
func stageOf(o *change.ObjectChange) []int {
	rank := slices.Index(kindOrder, o.Kind)
	if rank < 0 {
		rank = len(kindOrder)
	}
	switch {
	case o.Action != change.Delete && o.Action != change.Leave && raises(o):
		return []int{1, rank, 1}
	case o.Action != change.Delete && o.Action != change.Leave:
		return []int{1, rank, 0}
	case o.Kind == "RoleBinding" || o.Kind == "ClusterRoleBinding":
		return []int{0, 0}
	}
	return []int{2, -rank}
}
