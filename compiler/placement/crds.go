package placement

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// A physical cluster serves one CustomResourceDefinition of a name. So logical
// clusters that bind different contents of a managed one, or the same name from
// different API sets, can't share a physical cluster.

// crdUse is one managed definition that a logical cluster binds: the number of
// its name and of its content.
type crdUse struct{ name, content int32 }

// definitions number the managed definitions, so that they are compared fast.
type definitions struct {
	names    map[string]int32
	contents map[content]int32
	info     []*tenancy.APIVersion // by content: a version that has it
	crd      []*tenancy.CRD        // by content
	uses     map[*tenancy.APIVersion][]crdUse
}

type content struct {
	name   int32
	set    *tenancy.APISet
	digest [32]byte
}

func newDefinitions() definitions {
	return definitions{names: map[string]int32{}, contents: map[content]int32{}, uses: map[*tenancy.APIVersion][]crdUse{},
		info: []*tenancy.APIVersion{nil}, crd: []*tenancy.CRD{nil}}
}

func (d *definitions) of(lc *tenancy.LogicalCluster) []crdUse {
	var out []crdUse
	for _, b := range lc.APIs {
		uses, ok := d.uses[b.Version]
		if !ok {
			uses = d.number(b.Version)
			d.uses[b.Version] = uses
		}
		out = append(out, uses...)
	}
	return out
}

func (d *definitions) number(v *tenancy.APIVersion) []crdUse {
	var out []crdUse
	for _, r := range v.Resources {
		if r.CRD == nil || !r.CRD.Managed {
			continue
		}
		name, ok := d.names[r.CRD.Name]
		if !ok {
			name = int32(len(d.names))
			d.names[r.CRD.Name] = name
		}
		c := content{name, v.Set, r.CRD.Digest}
		n, ok := d.contents[c]
		if !ok {
			n = int32(len(d.info))
			d.contents[c] = n
			d.info, d.crd = append(d.info, v), append(d.crd, r.CRD)
		}
		out = append(out, crdUse{name, n})
	}
	return out
}

// serves returns the content of a definition on a physical cluster, 0 if none.
func (c *cluster) serves(name int32) int32 {
	if int(name) < len(c.crds) {
		return c.crds[name]
	}
	return 0
}

func (c *cluster) serve(u crdUse) {
	for int(u.name) >= len(c.crds) {
		c.crds = append(c.crds, 0)
	}
	c.crds[u.name] = u.content
}

func (p *placer) bind(tn *tenant, i int) {
	for _, u := range tn.crds {
		p.clusters[i].serve(u)
	}
}

func (p *placer) compatible(tn *tenant, i int) bool {
	for _, u := range tn.crds {
		if served := p.clusters[i].serves(u.name); served != 0 && served != u.content {
			return false
		}
	}
	return !contradictory(tn.crds)
}

// contradictory reports whether a logical cluster binds two contents of one name
// itself.
func contradictory(uses []crdUse) bool {
	for i, u := range uses {
		if slices.ContainsFunc(uses[:i], func(v crdUse) bool { return v.name == u.name && v.content != u.content }) {
			return true
		}
	}
	return false
}

// conflict says which definition keeps a logical cluster from a physical cluster.
func (p *placer) conflict(tn *tenant, i int) (string, bool) {
	for k, u := range tn.crds {
		served, whose := p.clusters[i].serves(u.name), "it serves that of"
		for _, own := range tn.crds[:k] {
			if own.name == u.name && own.content != u.content {
				served, whose = own.content, "it also binds"
			}
		}
		if served != 0 && served != u.content {
			return fmt.Sprintf("%s defines %s, and %s %s", p.crds.info[u.content], p.crds.crd[u.content].Name, whose, p.crds.info[served]), true
		}
	}
	return "", false
}

// agree finds the definitions that each physical cluster serves from those who
// stay there, and settles where they disagree: see settle.
func (p *placer) agree() {
	type disagreement struct {
		cluster int
		name    int32
	}
	apart := map[disagreement][]*tenant{}
	stays := func(tn *tenant) (int, bool) {
		if len(tn.crds) == 0 || tn.pin == nil || tn.pin.Phase != pins.Present {
			return 0, false
		}
		if d := tn.Placement.Cluster; d != "" && d != tn.pin.Cluster {
			return 0, false
		}
		i, ok := p.byName[tn.pin.Cluster]
		return i, ok
	}
	for _, tn := range p.tenants {
		i, ok := stays(tn)
		if !ok {
			continue
		}
		for _, u := range tn.crds {
			if served := p.clusters[i].serves(u.name); served == 0 {
				p.clusters[i].serve(u)
			} else if served != u.content {
				apart[disagreement{i, u.name}] = nil
			}
		}
	}
	if len(apart) == 0 {
		return
	}
	var order []disagreement
	for _, tn := range p.tenants {
		i, ok := stays(tn)
		if !ok {
			continue
		}
		for k, u := range tn.crds {
			at := disagreement{i, u.name}
			members, ok := apart[at]
			if !ok || slices.ContainsFunc(tn.crds[:k], func(v crdUse) bool { return v.name == u.name }) {
				continue
			}
			if members == nil {
				order = append(order, at)
			}
			apart[at] = append(members, tn)
		}
	}
	for _, at := range order {
		p.settle(at.cluster, at.name, apart[at])
	}
}

// faction are the logical clusters of a physical cluster that bind one content.
type faction struct {
	content int32
	members []*tenant
	// settled of them say today what they said in the last build.
	settled int
}

// settle decides which content of a definition a physical cluster serves: the one
// that most logical clusters bind whose documents did not change. The others
// changed, and are held; if they did not, their API set did, and it is held.
func (p *placer) settle(i int, name int32, members []*tenant) {
	var factions []*faction
	for _, tn := range members {
		for _, u := range tn.crds {
			if u.name != name {
				continue
			}
			k := slices.IndexFunc(factions, func(f *faction) bool { return f.content == u.content })
			if k < 0 {
				k = len(factions)
				factions = append(factions, &faction{content: u.content})
			}
			factions[k].members = append(factions[k].members, tn)
			if !p.changed(tn) {
				factions[k].settled++
			}
		}
	}
	winner := factions[0]
	for _, f := range factions[1:] {
		if f.settled > winner.settled || f.settled == winner.settled && len(f.members) > len(winner.members) {
			winner = f
		}
	}
	c := p.clusters[i]
	c.serve(crdUse{name, winner.content})
	crd := p.crds.crd[winner.content].Name
	for _, f := range factions {
		if f == winner {
			continue
		}
		version, other := p.crds.info[f.content], p.crds.info[winner.content]
		message := fmt.Sprintf("%s serves one definition of %s: it binds %s, while %s there bind %s (%s)", c.Name, crd, version,
			plural(len(winner.members), "logical cluster", "logical clusters"), other, list(keys(winner.members), 3, ", "))
		var rest []*tenant
		for _, tn := range f.members {
			if !p.changed(tn) {
				rest = append(rest, tn)
				continue
			}
			p.fail(tn, diag.New(diag.DefinitionConflict, tn.At("apis"), "%s", message).
				Suggest("move with placement.cluster to a physical cluster where nobody binds %s, or change all together", other))
		}
		if len(rest) > 0 {
			p.blameSet(c, crd, f, winner, rest)
		}
	}
}

// blameSet reports a disagreement between logical clusters none of which
// changed.
func (p *placer) blameSet(c *cluster, crd string, f, winner *faction, rest []*tenant) {
	set := p.crds.info[f.content].Set
	d := diag.New(diag.DefinitionConflict, set.Pos, "%s serves one definition of %s, and %s would bind %s (%s) while %s would bind %s (%s)", c.Name, crd,
		plural(len(rest), "logical cluster", "logical clusters"), p.crds.info[f.content], list(keys(rest), 3, ", "),
		plural(len(winner.members), "logical cluster", "logical clusters"), p.crds.info[winner.content], list(keys(winner.members), 3, ", ")).
		About(set.String()).Suggest("move one side with placement.cluster first, or change the version for all together")
	finding := tenancy.Finding{Diagnostic: d}
	if !set.Held {
		finding.Concerns = []pins.DocumentID{{Kind: string(set.Kind), Key: set.Key, Dir: set.Dir}}
	}
	p.findings = append(p.findings, finding)
}

// changed reports whether a logical cluster's document differs from its last
// good one. What was never built has changed.
func (p *placer) changed(tn *tenant) bool {
	if tn.Held {
		return false
	}
	if p.lastGood == nil {
		p.lastGood = make(map[string]json.RawMessage, len(p.former.LogicalClusters))
		for id, doc := range p.former.Documents {
			if id.Kind == string(schema.KindLogicalClusters) {
				p.lastGood[id.Key] = doc
			}
		}
	}
	now, err := json.Marshal(tn.Spec)
	return err != nil || !bytes.Equal(p.lastGood[tn.formerKey], now)
}
