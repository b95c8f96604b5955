package placement

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/schema"
)

// advance takes each site a step further on its way out, or back.
func (p *placer) advance(tn *tenant) {
	asked := removal.AskedBy(&tn.Meta, tn.Spec)
	tn.pin.Site = p.rules.Own(tn.pin.Site, asked, p.asOf, p.isApplied(tn, &tn.pin.Site))
	tn.pin.Bare = tn.pin.Phase.Stays() && tn.State == schema.Deleted
	for i := range tn.pin.Left {
		s := &tn.pin.Left[i]
		*s = p.rules.Copy(*s, tn.pin.Site, slices.Contains(tn.Placement.Release, s.Cluster), asked, p.asOf, p.isApplied(tn, s))
	}
}

func (p *placer) isApplied(tn *tenant, s *pins.Site) bool {
	return p.applied != nil && p.applied(tn.formerKey, s)
}

// reconcile gives the site a name for each namespace of the document, and retires
// those that the document no longer has. Names that stand never change. It
// returns false, and leaves the site as it is, if there is no name to give.
func (p *placer) reconcile(tn *tenant, s *pins.Site) bool {
	return p.reconcileLike(tn, s, nil)
}

// reconcileLike prefers the given physical names where they are free.
func (p *placer) reconcileLike(tn *tenant, s *pins.Site, preferred pins.Names) bool {
	same := len(tn.Namespaces) == len(s.Namespaces)
	for i := 0; same && i < len(tn.Namespaces); i++ {
		_, same = s.Namespaces.Of(tn.Namespaces[i].Name)
	}
	if same {
		return true
	}
	current := make(map[string]string, len(tn.Namespaces))
	retired := s.Retired.Map()
	var given []string
	for _, ns := range tn.Namespaces {
		physical, ok := s.Namespaces.Of(ns.Name)
		if !ok {
			if physical, ok = retired[ns.Name]; ok {
				delete(retired, ns.Name)
			}
		}
		if !ok {
			namespace := ns.Name
			if len(tn.Spec.Namespaces) == 0 {
				namespace = ""
			}
			like, _ := preferred.Of(ns.Name)
			if physical, ok = p.names.give(s.Cluster, tn.Key, namespace, like); !ok {
				p.names.giveBack(s.Cluster, given)
				p.fail(tn, p.noName(tn, s.Cluster, ns.Name, namespace))
				return false
			}
			given = append(given, physical)
		}
		current[ns.Name] = physical
	}
	for _, n := range s.Namespaces {
		if _, ok := current[n.Name]; !ok {
			retired[n.Name] = n.Physical
		}
	}
	s.Namespaces, s.Retired = pins.NamesOf(current), pins.NamesOf(retired)
	return true
}

func (p *placer) noName(tn *tenant, cluster, name, namespace string) diag.Diagnostic {
	joined, hashed := physicalNames(tn.Key, namespace)
	tried := joined
	if hashed != joined {
		tried += " and " + hashed
	}
	return diag.New(diag.NameTaken, tn.At("namespaces", name), "its namespace %s finds no name on %s: %s can't be used there", name, cluster, tried).
		Suggest("call the namespace or the logical cluster something else")
}

// move carries out the moves that documents demand.
func (p *placer) move() {
	for _, tn := range p.movers {
		if p.moveTo(tn, tn.Placement.Cluster) {
			continue
		}
		p.reconcile(tn, &tn.pin.Site)
		if i, ok := p.byName[tn.pin.Cluster]; ok {
			p.bind(tn, i)
		}
	}
}

// moveTo makes the physical cluster the one that the logical cluster stands on.
// A copy that it left there, or the memory of one, is taken up again.
func (p *placer) moveTo(tn *tenant, demand string) bool {
	at := tn.At("placement", "cluster")
	refuse := func(d diag.Diagnostic) bool {
		p.fail(tn, d)
		return false
	}
	target, ok := p.byName[demand]
	if !ok {
		return refuse(diag.New(diag.CannotMove, at, "it stays on %s: no document declares a physical cluster %s", tn.pin.Cluster, demand))
	}
	old := tn.pin.Site
	if slices.Contains(tn.Placement.Release, old.Cluster) {
		return refuse(diag.New(diag.EarlyRelease, tn.At("placement", "release"),
			"it moves to %s and releases %s at once: what stands there would be deleted before anything was brought over", demand, old.Cluster).
			See(at, "the move").
			Suggest("move first; release %s when its data has been brought over", old.Cluster))
	}
	site := pins.Site{Cluster: demand}
	back := slices.IndexFunc(tn.pin.Left, func(s pins.Site) bool { return s.Cluster == demand })
	if back >= 0 {
		site = tn.pin.Left[back]
	}
	counted := back >= 0 && site.Phase != pins.Gone
	// Its own copy already takes what it needs there.
	if why, text := p.refusal(tn, target); why != fits && !(counted && (why == full || why == occupied || why == noBound)) {
		return refuse(diag.New(diag.CannotMove, at, "it stays on %s, since %s can't take it: %s", old.Cluster, demand, text).
			See(p.clusters[target].Pos, "%s", demand).Suggest("%s", p.help(tn, target, why)))
	}
	site.Phase, site.Since = pins.Present, ""
	if !p.reconcileLike(tn, &site, old.Namespaces) {
		return false
	}
	if !counted {
		p.count(site, tn.need)
	}
	p.bind(tn, target)
	if back >= 0 {
		tn.pin.Left = slices.Delete(tn.pin.Left, back, back+1)
	}
	old.Phase, old.Since = pins.Leaving, p.asOf
	tn.pin.Site = site
	tn.pin.Left = append(tn.pin.Left, old)
	return true
}

// sayLeaving reminds of copies that were left behind and stand until they are
// released.
func (p *placer) sayLeaving(tn *tenant) {
	if tn.pin == nil {
		return
	}
	for _, s := range tn.pin.Left {
		if s.Phase != pins.Leaving {
			continue
		}
		where := ""
		if _, ok := p.byName[s.Cluster]; !ok {
			where = ", which no document declares any more"
		}
		p.say(tn, diag.New(diag.StillLeaving, tn.At("placement"), "it left %s%s, and its copy there stands since %s, frozen", s.Cluster, where, s.Since).
			Suggest("once its data has been brought over, let the copy go: placement: release: [%q]", s.Cluster))
	}
}

// sayLeft tells how far the deletion of a logical cluster has come, and what follows when.
func (p *placer) sayLeft(tn *tenant) {
	s := &tn.pin.Site
	d := diag.New(diag.Departing, tn.At("state"), "%s", p.rules.Describe(s))
	if s.Phase == pins.Stopped {
		d = d.See(tn.At("hold"), "the hold")
	} else {
		d = d.Suggest("hold: true stops this and protects everything again; state: \"active\" takes it back")
	}
	if s.Bare {
		d.Message += "; its document is in error, so it gives no access and starts nothing"
	}
	p.say(tn, d)
}

// sayGone tells what a deleted logical cluster's document is still good for.
func (p *placer) sayGone(tn *tenant) {
	if tn.Spec.State == schema.Deleted {
		p.say(tn, diag.New(diag.Departed, tn.At("state"), "it was deleted and left %s on %s", tn.pin.Cluster, tn.pin.Since).
			Suggest("remove the document; its key is free again after that"))
		return
	}
	p.fail(tn, diag.New(diag.KeyDeparted, tn.At("state"), "it was deleted and left %s on %s, so there is nothing to bring back", tn.pin.Cluster, tn.pin.Since).
		Suggest("choose another name, or remove the document, build on a later day and declare it anew"))
}

// sayVanished reports logical clusters on physical clusters without a document.
func (p *placer) sayVanished() {
	for _, name := range slices.Sorted(maps.Keys(p.vanished)) {
		tenants := p.vanished[name]
		d := diag.New(diag.ClusterVanished, tenants[0].Pos, "no document declares the physical cluster %s any more, and %s: %s; they stay placed there, and nothing is rendered for them",
			name, printer.Plural(len(tenants), "logical cluster stands on it", "logical clusters stand on it"), list(keys(tenants), listed, ", ")).
			Suggest("declare %s again until they are gone, or move them with placement.cluster", name)
		finding := tenancy.Finding{Diagnostic: d.About(string(schema.KindPhysicalClusters) + ` "` + name + `"`)}
		for _, tn := range tenants {
			if !tn.Held {
				finding.Concerns = append(finding.Concerns, tn.ID())
			}
		}
		p.findings = append(p.findings, finding)
	}
}
