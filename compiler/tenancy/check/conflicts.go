package check

import (
	"github.com/tenantry/tenantry/compiler/tenancy"
)

// conflict says that another version defines a managed custom resource
// differently.
type conflict struct {
	with           *tenancy.APIVersion
	crd            string
	file, withFile string
}

// conflicts finds the pairs of versions which no physical cluster can serve
// both. It is empty as a rule.
func conflicts(sets []*tenancy.APISet) map[*tenancy.APIVersion][]conflict {
	type place struct {
		version *tenancy.APIVersion
		crd     *tenancy.CRD
	}
	managed := map[string][]place{}
	out := map[*tenancy.APIVersion][]conflict{}
	for _, set := range sets {
		for _, v := range set.Versions {
			for _, res := range v.Resources {
				if res.CRD == nil || !res.CRD.Managed {
					continue
				}
				for _, p := range managed[res.CRD.Name] {
					if p.version.Set != set && p.crd.Digest != res.CRD.Digest {
						out[v] = append(out[v], conflict{p.version, res.CRD.Name, res.CRD.File, p.crd.File})
						out[p.version] = append(out[p.version], conflict{v, res.CRD.Name, p.crd.File, res.CRD.File})
					}
				}
				managed[res.CRD.Name] = append(managed[res.CRD.Name], place{v, res.CRD})
			}
		}
	}
	return out
}
