package desired

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func (x *expansion) define(definitions []placement.Definition) {
	x.definitions = map[string]map[string]placement.Definition{}
	for _, d := range definitions {
		if x.definitions[d.Cluster] == nil {
			x.definitions[d.Cluster] = map[string]placement.Definition{}
		}
		x.definitions[d.Cluster][d.CRD.Name] = d
	}
}

// dataOf returns the text of a definition: that of the file, where there is one.
func dataOf(d *placement.Definition) []byte {
	if d.File != nil {
		return d.File.Data
	}
	out := d.CRD.DeepCopy()
	out.Status = apiextensionsv1.CustomResourceDefinitionStatus{}
	object, err := toMap(out)
	if err != nil {
		return nil // never: it was read from YAML
	}
	delete(object, "status")
	delete(object["metadata"].(map[string]any), "creationTimestamp")
	data, err := yaml.Marshal(object)
	if err != nil {
		return nil // never
	}
	return data
}

func toMap(d *apiextensionsv1.CustomResourceDefinition) (map[string]any, error) {
	data, err := yaml.Marshal(d)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	return object, yaml.Unmarshal(data, &object)
}

// narrowed is a definition that is bound where a wider one is served.
type narrowed struct {
	bound  *tenancy.Resource
	served *apiextensionsv1.CustomResourceDefinition
}

// gate returns the gate of a profile on a physical cluster. Where one definition
// serves several versions of an API set, each is kept to what its own has.
func (x *expansion) gate(p *profile, cluster *cluster) *Gate {
	if g := cluster.gates[p]; g != nil {
		return g
	}
	shared := map[*tenancy.Resource]*apiextensionsv1.CustomResourceDefinition{}
	for _, r := range p.managed {
		if d, ok := x.definitions[cluster.Name][r.CRD.Name]; ok && d.File == nil && written(r) {
			shared[r] = d.CRD
		}
	}
	g := &p.gate
	if len(shared) > 0 {
		versions := func(r *tenancy.Resource) []string {
			if len(r.Versions) == 0 && shared[r] != nil && servesMore(shared[r], r) {
				return r.Served
			}
			return r.Versions
		}
		narrow := newGate(p.versions, versions)
		for _, r := range p.managed {
			if served := shared[r]; served != nil {
				narrow.Withheld = append(narrow.Withheld, x.withhold(r, served)...)
			}
		}
		narrow.name()
		g = &narrow
	}
	cluster.gates[p] = g
	return g
}

// servesMore reports whether a definition serves a version that the resource as
// it is bound does not have.
func servesMore(d *apiextensionsv1.CustomResourceDefinition, r *tenancy.Resource) bool {
	return slices.ContainsFunc(d.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return v.Served && !slices.Contains(r.Served, v.Name)
	})
}

func (x *expansion) withhold(r *tenancy.Resource, served *apiextensionsv1.CustomResourceDefinition) []Withheld {
	key := narrowed{r, served}
	out, ok := x.withheld[key]
	if ok {
		return out
	}
	for _, version := range r.Served {
		if len(r.Versions) > 0 && !slices.Contains(r.Versions, version) {
			continue
		}
		if fields := evolution.Withheld(r.CRD.Definition, served, version); len(fields) > 0 {
			out = append(out, Withheld{Group: r.Group, Resource: r.Plural, Version: version, Fields: fields})
		}
	}
	x.withheld[key] = out
	return out
}
