package impact

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/definition"
	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/evolution"
	"github.com/tenantry/tenantry/compiler/tenancy"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// API is what there is to compare: the resources of an API set version, or those
// that somebody's files define.
type API struct {
	// Definitions are valid, and no two of one resource.
	Definitions []Definition
	// Builtins are all resources without a definition.
	Builtins []evolution.Builtin
}

// Definition is a definition where it stands.
type Definition struct {
	*definition.Definition
	// File it stands in; empty where it stands in none.
	File string
	// Versions may be written; empty means all that are served.
	Versions []string
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
			api.Builtins = append(api.Builtins, evolution.Builtin{Resource: r.Key, Versions: versions})
			continue
		}
		d := &definition.Definition{Name: r.CRD.Name, Text: r.CRD.Data, Line: r.CRD.Line, Digest: r.CRD.Digest, CRD: r.CRD.Definition}
		api.Definitions = append(api.Definitions, Definition{d, r.CRD.File, r.Versions})
	}
	return api
}

// Resource returns the plural and the group.
func (d Definition) Resource() string { return evolution.ResourceOf(d.CRD) }

// Writable returns the definition as those see it who may write it: other
// versions than those are not served to them.
func (d Definition) Writable() *apiextensionsv1.CustomResourceDefinition {
	if len(d.Versions) == 0 {
		return d.CRD
	}
	crd := d.CRD.DeepCopy()
	for i := range crd.Spec.Versions {
		v := &crd.Spec.Versions[i]
		v.Served = v.Served && slices.Contains(d.Versions, v.Name)
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
	for _, b := range a.Builtins {
		if b.Resource == resource {
			return []evolution.Builtin{b}
		}
	}
	if a.Find(resource) != nil {
		return []evolution.Builtin{{Resource: resource}}
	}
	return nil
}
