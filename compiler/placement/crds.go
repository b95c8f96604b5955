package placement

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

// A physical cluster serves one CustomResourceDefinition of a name. So logical
// clusters that bind different contents of one share a physical cluster only where
// one definition does for all of them: see evolution.Merge.

// crdUse is one definition that a logical cluster binds: the number of its name
// and of its content.
type crdUse struct{ name, content int32 }

// definitions number the definitions that are bound, so that they are compared
// fast. 0 stands for none.
type definitions struct {
	names    map[string]int32
	contents map[content]int32
	info     []*tenancy.APIVersion // by content: a version that has it
	crd      []*tenancy.CRD        // by content
	uses     map[*tenancy.APIVersion][]crdUse
	mixes    []blend
	mixed    map[string]int32 // by contents
}

type content struct {
	name    int32
	set     *tenancy.APISet
	digest  [32]byte
	managed bool
}

func newDefinitions() definitions {
	return definitions{names: map[string]int32{}, contents: map[content]int32{}, uses: map[*tenancy.APIVersion][]crdUse{},
		info: []*tenancy.APIVersion{nil}, crd: []*tenancy.CRD{nil}, mixes: []blend{{}}, mixed: map[string]int32{}}
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
		if r.CRD == nil {
			continue
		}
		name, ok := d.names[r.CRD.Name]
		if !ok {
			name = int32(len(d.names))
			d.names[r.CRD.Name] = name
		}
		c := content{name, v.Set, r.CRD.Digest, r.CRD.Managed}
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

// serves returns the mix of contents of a definition on a physical cluster, 0 if
// none.
func (c *cluster) serves(name int32) int32 {
	if int(name) < len(c.crds) {
		return c.crds[name]
	}
	return 0
}

func (c *cluster) serve(name, mix int32) {
	for int(name) >= len(c.crds) {
		c.crds = append(c.crds, 0)
	}
	c.crds[name] = mix
}

// bind has a physical cluster serve what a logical cluster binds, where it can.
func (p *placer) bind(tn *tenant, i int) {
	c := p.clusters[i]
	for _, u := range tn.crds {
		if mix, _ := p.crds.with(c.serves(u.name), u.content); mix > 0 {
			c.serve(u.name, mix)
		}
	}
}

func (p *placer) compatible(tn *tenant, i int) bool {
	_, obstacle := p.obstacle(tn, i)
	return obstacle == nil
}

// obstacle returns the use by which a logical cluster can't stand on a physical
// cluster, and what stands against it; nil if nothing does.
func (p *placer) obstacle(tn *tenant, i int) (crdUse, *obstruction) {
	for k, u := range tn.crds {
		mix := p.clusters[i].serves(u.name)
		for _, own := range tn.crds[:k] {
			if own.name == u.name {
				mix, _ = p.crds.with(mix, own.content)
			}
		}
		if _, obstacle := p.crds.with(mix, u.content); obstacle != nil {
			return u, obstacle
		}
	}
	return crdUse{}, nil
}

// conflict says which definition keeps a logical cluster from a physical cluster.
func (p *placer) conflict(tn *tenant, i int) (string, bool) {
	u, obstacle := p.obstacle(tn, i)
	if obstacle == nil {
		return "", false
	}
	whose, other := "it serves that of", obstacle.other(u.content)
	if slices.ContainsFunc(tn.crds, func(own crdUse) bool { return own.content == other }) {
		whose = "it also binds"
	}
	return fmt.Sprintf("%s defines %s, and %s %s%s", p.crds.info[u.content], p.crds.crd[u.content].Name, whose, p.crds.info[other], obstacle.because()), true
}

// served is one definition on one physical cluster.
type served struct {
	cluster int
	name    int32
}

// agree finds the definitions that each physical cluster serves from those who
// stay there, and settles where they disagree: see settle.
func (p *placer) agree() {
	order, bound := p.bound()
	apart := map[served][]*tenant{}
	for _, at := range order {
		if mix, obstacle := p.crds.mix(bound[at]); obstacle == nil {
			p.clusters[at.cluster].serve(at.name, mix)
		} else {
			apart[at] = nil
		}
	}
	if len(apart) == 0 {
		return
	}
	for _, tn := range p.tenants {
		i, ok := p.stays(tn)
		if !ok {
			continue
		}
		for k, u := range tn.crds {
			at := served{i, u.name}
			if members, ok := apart[at]; ok && !slices.ContainsFunc(tn.crds[:k], func(v crdUse) bool { return v.name == u.name }) {
				apart[at] = append(members, tn)
			}
		}
	}
	for _, at := range order {
		if members, ok := apart[at]; ok {
			p.settle(at.cluster, at.name, members)
		}
	}
}

// bound returns the definitions that logical clusters bind where they stay, in the order
// in which they are met, and all contents of each. These count at once: a third one
// can do for two that don't go together.
func (p *placer) bound() (order []served, contents map[served][]int32) {
	contents = map[served][]int32{}
	for _, tn := range p.tenants {
		i, ok := p.stays(tn)
		if !ok {
			continue
		}
		for _, u := range tn.crds {
			at := served{i, u.name}
			if contents[at] == nil {
				order = append(order, at)
			}
			if !slices.Contains(contents[at], u.content) {
				contents[at] = append(contents[at], u.content)
			}
		}
	}
	return order, contents
}

// stays returns the physical cluster on which a logical cluster that binds definitions
// stays; it is false for one that does not.
func (p *placer) stays(tn *tenant) (int, bool) {
	if len(tn.crds) == 0 || tn.pin == nil || !keeps(&tn.pin.Site) {
		return 0, false
	}
	if d := tn.Placement.Cluster; tn.pin.Phase == pins.Present && d != "" && d != tn.pin.Cluster {
		return 0, false
	}
	i, ok := p.byName[tn.pin.Cluster]
	return i, ok
}

// faction are the logical clusters of a physical cluster that bind one content.
type faction struct {
	content int32
	members []*tenant
	// settled of them say today what they said in the last build.
	settled int
}

// settle decides which contents of a definition a physical cluster serves: first
// the one that most logical clusters bind whose documents did not change, then
// each other one that goes together with those before. Of the rest, those who
// changed are held; if they did not, their API set did, and it is held.
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
	slices.SortStableFunc(factions, func(a, b *faction) int {
		return cmp.Or(b.settled-a.settled, len(b.members)-len(a.members))
	})
	c := p.clusters[i]
	c.serve(name, 0)
	for _, f := range factions {
		mix, obstacle := p.crds.with(c.serves(name), f.content)
		if obstacle == nil {
			c.serve(name, mix)
			continue
		}
		winner := factions[slices.IndexFunc(factions, func(g *faction) bool { return g.content == obstacle.other(f.content) })]
		p.refuse(c, f, winner, obstacle)
	}
}

// refuse reports those who bind a content that does not go together with what
// others bind.
func (p *placer) refuse(c *cluster, f, winner *faction, obstacle *obstruction) {
	crd, version, other := p.crds.crd[winner.content].Name, p.crds.info[f.content], p.crds.info[winner.content]
	var rest []*tenant
	for _, tn := range f.members {
		if !p.changed(tn) {
			rest = append(rest, tn)
			continue
		}
		d := diag.New(diag.DefinitionConflict, tn.At("apis"), "%s serves one definition of %s: it binds %s, while %s there bind %s (%s)%s", c.Name, crd, version,
			printer.Count(len(winner.members), "logical cluster"), other, list(keys(winner.members), 3, ", "), obstacle.because())
		p.fail(tn, obstacle.show(p, d.See(winner.members[0].At("apis"), "%s binds %s", winner.members[0].Key, other)).
			Suggest("move with placement.cluster to a physical cluster where nobody binds %s, or change all together", other))
	}
	if len(rest) == 0 {
		return
	}
	// None of them changed, so their API set did.
	set := version.Set
	d := diag.New(diag.DefinitionConflict, set.Pos, "%s serves one definition of %s, and %s would bind %s (%s) while %s would bind %s (%s)%s", c.Name, crd,
		printer.Count(len(rest), "logical cluster"), version, list(keys(rest), 3, ", "),
		printer.Count(len(winner.members), "logical cluster"), other, list(keys(winner.members), 3, ", "), obstacle.because()).
		About(set.String()).Suggest("move one side with placement.cluster first, or change the version for all together")
	finding := tenancy.Finding{Diagnostic: obstacle.show(p, d)}
	if !set.Held {
		finding.Concerns = []document.ID{set.ID()}
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
			if id.Kind == schema.KindLogicalClusters {
				p.lastGood[id.Key] = doc
			}
		}
	}
	now, err := json.Marshal(tn.Spec)
	return err != nil || !bytes.Equal(p.lastGood[tn.formerKey], now)
}
