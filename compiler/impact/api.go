package impact

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/constraint"
	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// API is what there is to compare: the resources of an API set version, or those
// that somebody's files define.
type API struct {
	// Definitions are valid, and no two of one resource.
	Definitions []Definition
	// Builtins are all resources without a definition.
	Builtins []Builtin
}

// Builtin is a resource without a definition.
type Builtin struct {
	evolution.Builtin
	// Resolved is the resource of the API set version; nil where there is none.
	Resolved *tenancy.Resource
}

// Definition is a definition where it stands.
type Definition struct {
	*definition.Definition
	// File it stands in; empty where it stands in none.
	File string
	// Versions may be written; empty means all that are served.
	Versions []string
	// Demands of the API set version, beyond the definition.
	Demands constraint.Demands
}

// Of returns what an API set version gives to those who bind it.
func Of(v *tenancy.APIVersion) *API {
	api := &API{}
	for _, r := range v.Resources {
		if r.CRD == nil || r.CRD.Definition == nil {
			versions := r.Versions
			if len(versions) == 0 {
				versions = r.Served
			}
			api.Builtins = append(api.Builtins, Builtin{evolution.Builtin{Resource: r.Key, Versions: versions}, r})
			continue
		}
		d := &definition.Definition{Name: r.CRD.Name, Text: r.CRD.Data, Line: r.CRD.Line, Digest: r.CRD.Digest, CRD: r.CRD.Definition}
		api.Definitions = append(api.Definitions, Definition{d, r.CRD.File, r.Versions, r.Demands})
	}
	return api
}

// Resource returns the plural and the group.
func (d Definition) Resource() string { return evolution.ResourceOf(d.CRD) }

// Writable returns the definition as those see it who may write it: other
// versions than those are not served to them, and what is demanded of fields beyond
// the definition stands in it.
func (d Definition) Writable() *apiextensionsv1.CustomResourceDefinition {
	if len(d.Versions) == 0 && d.Demands.Empty() {
		return d.CRD
	}
	crd := d.CRD.DeepCopy()
	for i := range crd.Spec.Versions {
		v := &crd.Spec.Versions[i]
		v.Served = v.Served && (len(d.Versions) == 0 || slices.Contains(d.Versions, v.Name))
		if v.Served && v.Schema != nil && v.Schema.OpenAPIV3Schema != nil && !d.Demands.Empty() {
			v.Schema.OpenAPIV3Schema, _ = constraint.Narrow(v.Schema.OpenAPIV3Schema, d.Demands)
		}
	}
	return crd
}

// demanded returns a definition of what is known of a resource that is built into
// Kubernetes, with the demands in it; nil where nothing is known.
func (b Builtin) demanded() *apiextensionsv1.CustomResourceDefinition {
	r := b.Resolved
	if r == nil || r.CRD != nil {
		return nil
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	crd.Name = r.Key
	crd.Spec.Group, crd.Spec.Scope = r.Group, apiextensionsv1.NamespaceScoped
	crd.Spec.Names = apiextensionsv1.CustomResourceDefinitionNames{Plural: r.Plural, Kind: r.Kind, Singular: strings.ToLower(r.Kind), ListKind: r.Kind + "List"}
	for i, name := range r.Served { // whether one may be written is compared elsewhere
		root := r.Schema(name)
		if root == nil {
			return nil
		}
		root, _ = constraint.Narrow(root, r.Demands)
		crd.Spec.Versions = append(crd.Spec.Versions, apiextensionsv1.CustomResourceDefinitionVersion{Name: name, Served: true, Storage: i == 0,
			Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: root}})
	}
	return crd
}

// Find returns the definition of a resource; nil where there is none.
func (a *API) Find(resource string) *Definition {
	i := slices.IndexFunc(a.Definitions, func(d Definition) bool { return d.Resource() == resource })
	if i < 0 {
		return nil
	}
	return &a.Definitions[i]
}

// Resources returns the names of all resources, sorted.
func (a *API) Resources() []string {
	var out []string
	for _, d := range a.Definitions {
		out = append(out, d.Resource())
	}
	for _, b := range a.Builtins {
		out = append(out, b.Resource)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Position returns where this side has what a change speaks of; none where it
// stands in no file.
func (a *API) Position(c *evolution.Change) diag.Position {
	d := a.Find(c.Resource)
	if d == nil || d.File == "" {
		return diag.Position{}
	}
	var keys []string
	if c.Path != "" {
		keys = evolution.Keys(c.Path)
	}
	line, column := d.Definition.Find(c.Version, keys...)
	return diag.Position{File: d.File, Line: line, Column: column}
}

// builtin returns what is known of a resource without its definition; nil where
// the side does not have it.
func (a *API) builtin(resource string) []evolution.Builtin {
	if b := a.bare(resource); b != nil {
		return []evolution.Builtin{b.Builtin}
	}
	if a.Find(resource) != nil {
		return []evolution.Builtin{{Resource: resource}}
	}
	return nil
}

// bare returns a resource without a definition; nil where there is none.
func (a *API) bare(resource string) *Builtin {
	i := slices.IndexFunc(a.Builtins, func(b Builtin) bool { return b.Resource == resource })
	if i < 0 {
		return nil
	}
	return &a.Builtins[i]
}
