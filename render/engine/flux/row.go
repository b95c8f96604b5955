package flux

import (
	"strings"

	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/schema"
)

// markDomain is the domain of kustomize-controller's annotations; see "Controlling
// the apply behavior of resources" of its documentation.
const markDomain = "kustomize.toolkit.fluxcd.io"

// Row returns what is known of Flux.
func (Engine) Row() target.Engine {
	return target.Engine{
		Name:            "flux",
		Title:           "Flux",
		Namespace:       func(g schema.GitOps) string { return g.Namespace },
		Installed:       []string{"flux-system"},
		Domain:          "fluxcd.io",
		APIGroup:        "toolkit.fluxcd.io",
		ReservedDomains: []string{"fluxcd.io"},
		MarkDomain:      markDomain,
		Protection:      []target.Mark{{Key: markDomain + "/prune", Value: "disabled"}},
		CreateOnly:      target.Mark{Key: markDomain + "/ssa", Value: "IfNotPresent"},
		Merge:           target.Mark{Key: markDomain + "/ssa", Value: "Merge"},
		Replace:         target.Mark{Key: markDomain + "/force", Value: "Enabled"},
		FieldManager:    "kustomize-controller",
		TrackingLabels:  []string{markDomain + "/name", markDomain + "/namespace"},
	}
}

// Unreadable says why Flux cannot read a source; empty if it can.
func (Engine) Unreadable(s schema.GitOpsSource) string {
	if s.Kind != "oci" {
		return gitops.UnreadableGit(s)
	}
	if !strings.HasPrefix(s.URL, "oci://") {
		return `a source of kind "oci" has a URL that begins with oci://`
	}
	return ""
}
