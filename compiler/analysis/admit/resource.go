package admit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution/instance"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/builtin"
	"github.com/tenantry/tenantry/internal/diag"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	kubeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// served is a resource that an API server has.
type served struct {
	kind       kubeschema.GroupVersionKind
	resource   kubeschema.GroupVersionResource
	namespaced bool
	// definition is nil for Kubernetes' own kinds.
	definition *apiextensionsv1.CustomResourceDefinition
	version    *apiextensionsv1.CustomResourceDefinitionVersion
	server     *instance.Server
}

// resources are those that the API server of a logical cluster serves, as far as
// the tenancy repo tells.
type resources struct {
	definitions map[kubeschema.GroupKind]*apiextensionsv1.CustomResourceDefinition
	known       map[kubeschema.GroupVersionKind]*served
	equivalent  runtime.EquivalentResourceRegistry
}

// newResources takes the definitions that the logical cluster binds, and of other
// API sets those that it does not.
func newResources(t *tenancy.Tenancy, lc *tenancy.LogicalCluster) *resources {
	r := &resources{definitions: map[kubeschema.GroupKind]*apiextensionsv1.CustomResourceDefinition{}, known: map[kubeschema.GroupVersionKind]*served{},
		equivalent: runtime.NewEquivalentResourceRegistry()}
	add := func(v *tenancy.APIVersion) {
		for _, one := range v.Resources {
			gk := kubeschema.GroupKind{Group: one.Group, Kind: one.Kind}
			if one.CRD == nil || one.CRD.Definition == nil || r.definitions[gk] != nil {
				continue
			}
			crd := one.CRD.Definition
			r.definitions[gk] = crd
			for _, served := range crd.Spec.Versions {
				if served.Served {
					r.register(kubeschema.GroupVersionKind{Group: one.Group, Version: served.Name, Kind: one.Kind}, one.Plural)
				}
			}
		}
	}
	for _, b := range lc.APIs {
		add(b.Version)
	}
	for _, set := range t.APISets {
		for _, v := range set.Versions {
			add(v)
		}
	}
	for gvk := range scheme.Scheme.AllKnownTypes() {
		if k, ok := builtin.KindOf(gvk.Group, gvk.Kind); ok && slices.Contains(k.Versions, gvk.Version) {
			r.register(gvk, k.Plural)
		}
	}
	return r
}

func (r *resources) register(kind kubeschema.GroupVersionKind, plural string) {
	at := kubeschema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: plural}
	r.equivalent.RegisterKindFor(at, "", kind)
	for _, sub := range subresources {
		switch {
		case sub.name == "scale":
			r.equivalent.RegisterKindFor(at, sub.name, scaleKind)
		case sub.body == nil:
			r.equivalent.RegisterKindFor(at, sub.name, kind)
		case slices.Contains(sub.of, at.GroupResource().String()):
			r.equivalent.RegisterKindFor(at, sub.name, sub.kind)
		}
	}
}

var scaleKind = kubeschema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"}

// of returns the resource of a kind. The error says why there is none.
func (r *resources) of(kind kubeschema.GroupVersionKind) (*served, error) {
	if known := r.known[kind]; known != nil {
		return known, nil
	}
	one := &served{kind: kind}
	if crd := r.definitions[kind.GroupKind()]; crd != nil {
		i := slices.IndexFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
			return v.Name == kind.Version && v.Served
		})
		if i < 0 {
			return nil, fmt.Errorf("version %s of %s is not served", kind.Version, crd.Name)
		}
		one.definition, one.version = crd, &crd.Spec.Versions[i]
		one.namespaced = crd.Spec.Scope == apiextensionsv1.NamespaceScoped
		one.resource = kubeschema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: crd.Spec.Names.Plural}
		var err error
		if one.server, err = instance.NewServer(one.version.Schema.OpenAPIV3Schema); err != nil {
			return nil, err
		}
	} else if !scheme.Scheme.Recognizes(kind) {
		return nil, fmt.Errorf("no API set of the tenancy repo has the kind %s", kind.GroupKind())
	} else if k, ok := builtin.KindOf(kind.Group, kind.Kind); ok {
		if !slices.Contains(k.Versions, kind.Version) {
			return nil, fmt.Errorf("%s has no version %s: there is %s", kind.GroupKind(), kind.Version, strings.Join(k.Versions, ", "))
		}
		one.namespaced = true
		one.resource = kubeschema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: k.Plural}
	} else if why := builtin.RefusedKind(kind.Group, kind.Kind); why != "" {
		one.resource, _ = meta.UnsafeGuessKindToResource(kind)
	} else {
		return nil, fmt.Errorf("%s is no kind of object that a logical cluster can have", kind.Kind)
	}
	r.known[kind] = one
	return one, nil
}

// find works out which resource is written, and where.
func (w *write) find() bool {
	var err error
	if w.at, err = w.resources.of(w.Request.Object.Kind); err != nil {
		w.say(diag.AdmitNotServed, "apiVersion", "%v", err)
		return false
	}
	if !w.part() {
		return false
	}
	w.name = w.Request.Object.Name
	if !w.at.namespaced {
		if w.at.resource.GroupResource() == namespacesResource {
			w.namespace = w.namespaces[w.name]
		}
		return true
	}
	name := w.Request.Object.InNamespace
	if name == "" {
		name = w.Request.Namespace
	}
	physical := w.physical(name)
	w.answer.Namespace = physical
	if w.namespace = w.namespaces[physical]; w.namespace == nil {
		w.say(diag.AdmitAccess, "metadata.namespace", "namespace %s is not one of %s", physical, w.lc.Key).
			Suggestion = "it has " + w.listNamespaces()
		return false
	}
	return true
}

var namespacesResource = kubeschema.GroupResource{Resource: "namespaces"}

// physical returns the namespace of a name: the document's or the physical one.
func (s *Server) physical(name string) string {
	for i := range s.state.Namespaces {
		if n := &s.state.Namespaces[i]; n.Name == name || n.Physical == name || name == "" {
			return n.Physical
		}
	}
	return name
}

func (s *Server) listNamespaces() string {
	out := ""
	for i := range s.state.Namespaces {
		if n := &s.state.Namespaces[i]; !n.Retired {
			if out != "" {
				out += ", "
			}
			out += n.Physical
		}
	}
	return out
}
