package placement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// adopt gives each document the pin that is its own: the one under its key, or
// under a key that it had formerly. A pin without a document stays as it is,
// unless nothing is left of it.
func (p *placer) adopt() {
	claims, blocked := p.claims()
	claimed := make(map[string]string, len(claims)) // former key to key
	for key, former := range claims {
		claimed[former] = key
	}
	own := 0 // pins whose document has their key
	p.tenants = make([]*tenant, 0, len(p.t.LogicalClusters))
	slab := make([]tenant, len(p.t.LogicalClusters))
	var sites []pins.LogicalCluster
	if len(p.former.LogicalClusters) > 0 {
		sites = make([]pins.LogicalCluster, len(p.t.LogicalClusters))
	}
	for i, lc := range p.t.LogicalClusters {
		pin, pinned := p.former.LogicalClusters[lc.Key]
		if pinned {
			own++
		}
		if blocked[lc.Key] {
			continue
		}
		tn := &slab[i]
		*tn = tenant{LogicalCluster: lc, need: needs(lc), crds: p.crds.of(lc), formerKey: lc.Key}
		tn.fit = p.fitOf(tn)
		if former, ok := claims[lc.Key]; ok {
			tn.formerKey = former
			pin, pinned = p.former.LogicalClusters[former]
		}
		if pinned {
			tn.pin = &sites[i]
			inherit(tn.pin, pin, tn)
		}
		p.tenants = append(p.tenants, tn)
	}
	if own == len(p.former.LogicalClusters) {
		return
	}
	for key, pin := range p.former.LogicalClusters {
		if claimed[key] != "" || p.t.LogicalCluster(key) != nil || p.departed(pin) {
			continue
		}
		kept := *pin
		kept.Left = slices.Clone(pin.Left)
		p.out.Sites[key] = &kept
		p.out.Deserted = append(p.out.Deserted, key)
		p.count(kept.Site, amounts{logicalClusters: 1})
		for _, s := range kept.Left {
			p.count(s, amounts{logicalClusters: 1})
		}
	}
}

// departed reports whether nothing is left of a logical cluster. A site that went
// today is remembered for one more day, and its cut with it: the GitOps engine
// must have seen the cut without it, or it would orphan what it should delete.
func (p *placer) departed(pin *pins.LogicalCluster) bool {
	left := func(s pins.Site) bool { return s.Phase == pins.Gone && p.asOf > s.Since }
	return left(pin.Site) && !slices.ContainsFunc(pin.Left, func(s pins.Site) bool { return !left(s) })
}

// inherit copies a pin for the document that it now belongs to. The one namespace
// of a logical cluster that declares none is called after the logical cluster, so
// a new key calls it anew, while its physical name stays.
func inherit(out, pin *pins.LogicalCluster, tn *tenant) {
	*out = *pin
	out.Organization = tn.Org.Path
	out.Left = slices.Clone(pin.Left)
	if tn.formerKey == tn.Key || len(tn.Spec.Namespaces) > 0 || len(tn.Namespaces) != 1 {
		return
	}
	before, now := schema.Key(tn.formerKey).Name(), tn.Namespaces[0].Name
	rename := func(s *pins.Site) {
		if physical, ok := s.Namespaces.Of(before); ok && len(s.Namespaces) == 1 {
			s.Namespaces = pins.Names{{Name: now, Physical: physical}}
		}
		// A retired one of that name keeps its place in the memory under the former key.
		if physical, ok := s.Retired.Of(now); ok {
			retired := s.Retired.Map()
			delete(retired, now)
			retired[tn.formerKey+"/"+now] = physical
			s.Retired = pins.NamesOf(retired)
		}
	}
	rename(&out.Site)
	for i := range out.Left {
		rename(&out.Left[i])
	}
}

// claimants are the logical clusters that may have former keys.
func (p *placer) claimants() (out []*tenancy.LogicalCluster) {
	renamed := map[*tenancy.Organization]bool{}
	for _, o := range p.t.Organizations { // parents first
		renamed[o] = len(o.Spec.Formerly) > 0 || renamed[o.Parent]
	}
	for _, lc := range p.t.LogicalClusters {
		// Nobody takes over to delete: what goes, goes under its own key.
		if lc.Spec.State != schema.Deleted && (len(lc.Spec.Formerly) > 0 || renamed[lc.Org]) {
			out = append(out, lc)
		}
	}
	return out
}

// claims finds the documents that take over the pin of a former key, and those
// whose claim can't be settled: they are not placed until it is.
func (p *placer) claims() (claims map[string]string, blocked map[string]bool) {
	claims, blocked = map[string]string{}, map[string]bool{}
	if len(p.former.LogicalClusters) == 0 {
		return claims, blocked
	}
	claimants := p.claimants()
	if len(claimants) == 0 {
		return claims, blocked
	}
	// A held document stands like any other: whoever could take over what somebody
	// can't have evaluated today would gain by their mistake.
	standing := make(map[string]bool, len(p.t.LogicalClusters))
	for _, lc := range p.t.LogicalClusters {
		standing[lc.Key] = true
	}
	by := map[string]string{}
	for _, lc := range claimants {
		var found []string
		for _, key := range p.t.FormerKeys(lc) {
			if _, ok := p.former.LogicalClusters[key]; ok && !standing[key] {
				found = append(found, key)
			}
		}
		if len(found) == 0 {
			continue
		}
		_, own := p.former.LogicalClusters[lc.Key]
		var message string
		switch {
		case own:
			message = fmt.Sprintf("it stands in the pins, and so does its former key %s: two logical clusters can't become one", found[0])
		case len(found) > 1:
			message = fmt.Sprintf("its former keys %s all stand in the pins: they can't become one", strings.Join(found, ", "))
		case by[found[0]] != "":
			message = fmt.Sprintf("%s already takes over its former key %s", by[found[0]], found[0])
		default:
			claims[lc.Key], by[found[0]] = found[0], lc.Key
			continue
		}
		blocked[lc.Key] = !own
		p.fail(&tenant{LogicalCluster: lc}, diag.New(diag.FormerKey, lc.At("formerly"), "%s", message).
			Suggest("declare the former logical cluster with state: \"deleted\", or choose another name for this one"))
	}
	return claims, blocked
}
