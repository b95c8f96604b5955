// Package engine is the registry of GitOps engines. An engine is a package below
// this one and its row in the table here.
package engine

import (
	"context"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/target"
	"github.com/tenantry/tenantry/internal/manifest"
	"github.com/tenantry/tenantry/render/engine/argo"
	"github.com/tenantry/tenantry/render/engine/flux"
	"github.com/tenantry/tenantry/render/engine/gitops"
	"github.com/tenantry/tenantry/schema"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// Engine is a GitOps engine.
type Engine interface {
	// Row returns what is known of the engine.
	Row() target.Engine
	Renderer
	Observer
}

// Renderer builds the objects of an engine, all of them for the engine's namespace
// of the management cluster.
type Renderer interface {
	// Unreadable says why the engine cannot read the output from a source; empty if
	// it can.
	Unreadable(schema.GitOpsSource) string
	// Root returns where the engine reads the output from and the object that
	// applies the engine's own directory of the physical cluster. It is what a
	// person applies once; from then on it keeps itself up to date.
	Root(c *gitops.Cluster) []manifest.Map
	// Platform returns what applies the CRDs and the platform.
	Platform(c *gitops.Cluster) []manifest.Map
	// Group returns what applies the directory of a group of cuts.
	Group(c *gitops.Cluster, group string) []manifest.Map
	// Tenants returns what applies a cut, and the directory beside it.
	Tenants(c *gitops.Cluster, cut string) []manifest.Map
	// Source returns what applies a team's own repository with the rights of
	// its logical cluster, nothing for a state that has none.
	Source(c *gitops.Cluster, s *desired.State) []manifest.Map
}

// Observer reads the live objects of an engine.
type Observer interface {
	// Applier returns the kind of what applies a part of the output.
	Applier() kschema.GroupKind
	// Observed returns the kinds of objects that have a status.
	Observed() []kschema.GroupKind
	// ReadsFrom returns the object that another one gets manifests from, in the same
	// namespace; the zero values if there is none.
	ReadsFrom(o *unstructured.Unstructured) (kind kschema.GroupKind, name string)
	// Status reads the status of an object of a kind that is observed. source is
	// what it reads from, nil where that is not there; commit is the one that should be
	// applied, empty where any will do.
	Status(o, source *unstructured.Unstructured, commit string) gitops.Status
	// Reach reads how the engine reaches a physical cluster from what applies its
	// platform.
	Reach(platform *unstructured.Unstructured) gitops.Reach
	// Kubeconfig returns the credentials by which the engine reaches a physical
	// cluster, nil where it has none.
	Kubeconfig(ctx context.Context, secrets gitops.Secrets, cluster string, r gitops.Reach) (*gitops.Kubeconfig, error)
}

// Registry lists engines, each with a name of its own.
type Registry []Engine

// BuiltIn returns the engines that come with Tenantry.
func BuiltIn() Registry { return Registry{flux.Engine{}, argo.Engine{}} }

// Named returns an engine, nil if there is none of that name.
func (r Registry) Named(name schema.Engine) Engine {
	for _, e := range r {
		if e.Row().Name == name {
			return e
		}
	}
	return nil
}

// Rows returns the rows of the engines.
func (r Registry) Rows() target.Engines {
	out := make(target.Engines, len(r))
	for i, e := range r {
		out[i] = e.Row()
	}
	return out
}
