// Package admit judges what the compiler renders by the policies at stage admit.
package admit

import (
	"context"
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/apiserver"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
)

// Write is a write that the compiler itself brings about.
type Write struct {
	admission.Attributes
	// Namespace is where it goes to.
	Namespace *corev1.Namespace
	// What names the object for people: RoleBinding tenantry-view-0123.
	What string
}

// Judges reports whether a policy at stage admit judges writes of a resource that
// is created.
func Judges(policies *policy.Policies, resource kubeschema.GroupVersionResource) bool {
	attributes := admission.NewAttributesRecord(nil, nil, kubeschema.GroupVersionKind{}, "x", "", resource, "", admission.Create, nil, false, nil)
	return slices.ContainsFunc(policies.All, func(p *policy.Policy) bool {
		return p.Stage == schema.Admit && p.Demanded == nil && p.Admission.Names(attributes)
	})
}

// Check judges what the compiler renders for a logical cluster, as if a tenant
// wrote it: what a policy denies to tenants, the platform does not do for them
// either. As with any write, what stands is not judged anew: an error holds a new
// or changed document, and suspends nobody. judges are kept from one call to the
// next; it is not safe for concurrent use.
func Check(policies *policy.Policies, lc *tenancy.LogicalCluster, minor int, writes []Write, judges map[string]*apiserver.Judge, changed bool) (out []tenancy.Finding) {
	for _, e := range policies.Of(lc) {
		if e.Stage != schema.Admit || e.Exemption != nil || e.Demanded != nil { // nothing transforms what is rendered, nor does it go through an API set
			continue
		}
		id := fmt.Sprintf("%s %d", e.Admission.ID, minor)
		j := judges[id]
		if j == nil {
			var err error
			if j, err = e.Admission.Judge(minor); err != nil {
				continue // said of the policy
			}
			judges[id] = j
		}
		for _, w := range writes {
			for _, d := range j.Denied(context.Background(), w.Attributes, w.Namespace, authorizerfactory.NewAlwaysDenyAuthorizer()) {
				out = append(out, policies.Violation(e.Policy, max(d.Rule, 0), w.What+" would be denied: "+d.Message, lc, changed))
			}
		}
	}
	return out
}
