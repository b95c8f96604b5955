package resolve

import (
	"slices"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// crdFile is what a file with CustomResourceDefinitions holds.
type crdFile struct {
	// problem says why the file can't be read at all.
	problem string
	crds    map[string]*crdDefinition // by name
}

// crdDefinition is one CustomResourceDefinition of a file.
type crdDefinition struct {
	tenancy.CRD
	group, plural, kind string
	namespaced          bool
	served              []string
	scalable            bool
	// problems are why an API server would refuse it.
	problems []string
}

// readCRDs reads every CustomResourceDefinition of a file. Other documents of
// the file are passed over.
func readCRDs(tree *source.Tree, path string) *crdFile {
	out := &crdFile{crds: map[string]*crdDefinition{}}
	f, ok := tree.File(path)
	if !ok {
		out.problem = "there is no such file"
		return out
	}
	definitions, err := definition.Read(f.Data)
	if err != nil {
		out.problem = err.Error()
	}
	for _, d := range definitions {
		out.crds[d.Name] = newCRD(d, path)
	}
	return out
}

func newCRD(d *definition.Definition, path string) *crdDefinition {
	crd := &crdDefinition{CRD: tenancy.CRD{Name: d.Name, File: path, Line: d.Line, Data: d.Text, Digest: d.Digest}, problems: d.Problems}
	if d.CRD != nil {
		crd.Definition = d.CRD
		crd.summarize(&d.CRD.Spec)
	}
	return crd
}

func (d *crdDefinition) summarize(spec *apiextensionsv1.CustomResourceDefinitionSpec) {
	d.group, d.plural, d.kind = spec.Group, spec.Names.Plural, spec.Names.Kind
	d.namespaced = spec.Scope == apiextensionsv1.NamespaceScoped
	for _, v := range spec.Versions {
		if v.Served {
			d.served = append(d.served, v.Name)
		}
		if v.Subresources != nil && v.Subresources.Scale != nil {
			d.scalable = true
		}
	}
	slices.Sort(d.served)
}
