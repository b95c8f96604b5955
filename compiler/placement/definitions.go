package placement

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/evolution"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Definition is the definition of a managed custom resource on one physical
// cluster.
type Definition struct {
	Cluster string
	// CRD is what the cluster is to have. It must not be changed.
	CRD *apiextensionsv1.CustomResourceDefinition
	// File is the definition as a file of the repo has it, where that is all that the
	// cluster is to have; nil where CRD was put together.
	File *tenancy.CRD
}

// define returns the definitions of all physical clusters, by cluster and name,
// and remembers in which versions their objects are stored.
func (p *placer) define() {
	p.leave()
	lost := p.lost()
	memory := p.remembered()
	for _, c := range p.clusters {
		for name, n := range c.crds {
			m := &p.crds.mixes[n]
			if !slices.ContainsFunc(m.contents, func(c int32) bool { return p.crds.crd[c].Managed }) {
				continue
			}
			id := pins.StoredID{Cluster: c.Name, Name: p.crds.crd[m.contents[0]].Name}
			if lost[id] {
				continue // what is rendered without it would take it from those who bind it
			}
			d, storage := p.crds.definition(m, memory[id])
			if d.CRD == nil {
				continue
			}
			d.Cluster = c.Name
			p.out.Definitions = append(p.out.Definitions, d)
			if before := memory[id].Storage; before != "" && before != storage {
				p.sayStored(c, int32(name), before, storage)
			}
			stored := pins.Stored{Storage: storage, Versions: slices.Clone(memory[id].Versions)}
			if !slices.Contains(stored.Versions, storage) {
				stored.Versions = append(stored.Versions, storage)
			}
			memory[id] = stored
		}
	}
	p.out.Stored = memory
	slices.SortFunc(p.out.Definitions, func(a, b Definition) int {
		return cmp.Or(strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.CRD.Name, b.CRD.Name))
	})
}

// keeps reports whether a logical cluster keeps all that it has on the physical cluster that
// it is placed on, though it may be declared deleted.
func keeps(s *pins.Site) bool { return s.Phase == pins.Present || s.Phase.Stays() }

// leave lets the copies that moved logical clusters left behind, and those that
// are about to go, have what they bind where that goes together with what others
// do.
func (p *placer) leave() {
	for _, tn := range p.tenants {
		if len(tn.crds) == 0 || tn.pin == nil {
			continue
		}
		sites := slices.Clone(tn.pin.Left)
		if !keeps(&tn.pin.Site) {
			sites = append(sites, tn.pin.Site)
		}
		for _, s := range sites {
			if i, ok := p.byName[s.Cluster]; ok && s.Phase != pins.Gone {
				p.bind(tn, i)
			}
		}
	}
}

// lost are the definitions of which a part can't be read that somebody binds.
func (p *placer) lost() map[pins.StoredID]bool {
	out := map[pins.StoredID]bool{}
	for _, tn := range p.tenants {
		if tn.pin == nil {
			continue
		}
		for _, b := range tn.APIs {
			for _, r := range b.Version.Resources {
				if r.Lost {
					out[pins.StoredID{Cluster: tn.pin.Cluster, Name: r.Key}] = true
				}
			}
		}
	}
	return out
}

func (p *placer) remembered() map[pins.StoredID]pins.Stored {
	out := make(map[pins.StoredID]pins.Stored, len(p.former.Stored))
	for id, stored := range p.former.Stored {
		out[id] = stored
	}
	return out
}

// definition returns the definition of a mix, and its storage version.
func (d *definitions) definition(m *blend, stored pins.Stored) (Definition, string) {
	members, order := d.members(m)
	if len(order) == 1 || d.crd[order[0]].Definition == nil {
		file := d.crd[order[0]]
		if file.Definition == nil {
			return Definition{}, ""
		}
		out := Definition{CRD: file.Definition, File: file}
		if kept := evolution.Retain(file.Definition, stored.Versions); kept != file.Definition {
			out = Definition{CRD: kept}
		}
		return out, evolution.StorageVersion(file.Definition)
	}
	if m.helper != nil {
		members = append(members, evolution.Member{Definition: m.helper.Definition, Promise: d.info[order[0]].Set.Spec.Promise})
	}
	crd, _ := evolution.Merge(members, evolution.Stored{Version: stored.Storage, Versions: stored.Versions})
	if crd == nil {
		return Definition{}, "" // never: a mix can be merged, whatever is stored
	}
	return Definition{CRD: crd}, evolution.StorageVersion(crd)
}

// sayStored tells that objects are stored in another version from now on.
func (p *placer) sayStored(c *cluster, name int32, before, now string) {
	content := p.crds.mixes[c.serves(name)].contents[0]
	crd := p.crds.crd[content]
	p.findings = append(p.findings, tenancy.Finding{Diagnostic: diag.New(diag.StorageMoves, diag.Position{File: crd.File, Line: crd.Line},
		"%s stores objects of %s in %s from now on; those that are stored in %s stay so until they are written again", c.Name, crd.Name, now, before).
		About(p.crds.info[content].Set.String())})
}
