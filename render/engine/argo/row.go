package argo

import (
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/schema"
)

// Row returns what is known of Argo CD. It has no mark for merging, since it always
// does, by server-side apply; nor one for replacing, and an object that cannot be
// applied keeps no other from it.
func (Engine) Row() target.Engine {
	const domain = "argocd.argoproj.io"
	return target.Engine{
		Name:                "argo",
		Title:               "Argo CD",
		Namespace:           func(g schema.GitOps) string { return g.ArgoNamespace },
		HasNamespace:        true,
		Installed:           []string{"argocd"},
		Domain:              "argoproj.io",
		APIGroup:            "argoproj.io",
		ReservedDomains:     []string{domain},
		MarkDomain:          domain,
		Protection:          []target.Mark{{Key: domain + "/sync-options", Value: "Prune=false,Delete=false"}},
		FieldManager:        "argocd-controller",
		Controller:          "argocd-application-controller",
		TrackingLabels:      []string{"app.kubernetes.io/instance", "argocd.argoproj.io/instance"},
		TrackingAnnotations: []string{domain + "/tracking-id"},
	}
}

// Unreadable says why Argo CD cannot read a source; empty if it can.
func (Engine) Unreadable(s schema.GitOpsSource) string {
	if s.Kind == "oci" {
		return `Argo CD reads git repositories, not kind "oci"`
	}
	return gitops.UnreadableGit(s)
}
