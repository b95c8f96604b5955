// Package placement decides where logical clusters stand: on which physical
// cluster, under which namespace names there, and in which cut of its tenants.
//
// A decision is taken once. Whatever stands in the pins stays as it is: a
// namespace can't be renamed, and moving a logical cluster to another physical
// cluster or another cut can delete what it holds. So Place first lets everybody
// who is placed keep their place, then carries out the moves that documents
// demand, and only then looks for room for whoever is new, in the order of
// their keys. A new physical cluster, a lowered capacity or a neighbour's change
// moves nobody; only a document can.
//
// Leaving a physical cluster, by a move or by deletion, takes several builds,
// since a GitOps engine must have applied one step before the next: see
// pins.Phase.
package placement

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Result is what was decided.
type Result struct {
	// Sites say where each logical cluster stands, by key.
	Sites map[string]*pins.LogicalCluster
	// Deserted are the keys of those that no document declares any more.
	Deserted []string
	// Definitions are the managed ones on each physical cluster, by cluster and name.
	Definitions []Definition
	// Stored are the versions in which physical clusters store custom resources.
	Stored map[pins.StoredID]pins.Stored
}

// Place returns where each logical cluster stands at the date, and what is to be
// said about it. Sites that are new have no cut yet; Cut gives them one. The
// former pins may be nil and are not changed. applied may be nil; it reports whether somebody
// saw on a physical cluster what a site stands for since a day.
//
// A logical cluster for which there is no room is left out. What stands on a
// physical cluster that no document declares any more stays in the result, though
// nothing can be rendered for it.
func Place(t *tenancy.Tenancy, former *pins.Pins, asOf string, applied Applied) (Result, []tenancy.Finding) {
	if former == nil {
		former = &pins.Pins{}
	}
	p := newPlacer(t, former, asOf)
	p.applied = applied
	p.adopt()
	p.keep()
	p.agree()
	p.move()
	p.placeNew()
	p.define()
	p.survey()
	return p.out, p.findings
}

// Applied reports whether somebody saw on a physical cluster what the former site of a logical
// cluster stands for.
type Applied func(key string, site *pins.Site) bool

type placer struct {
	t      *tenancy.Tenancy
	former *pins.Pins
	asOf   string
	// rules are those of removals.
	rules   removal.Rules
	applied Applied

	clusters []*cluster
	byName   map[string]int
	names    names
	fits     map[string]*fit
	crds     definitions
	buf      []byte

	tenants []*tenant // by key
	movers  []*tenant
	newly   []*tenant
	// vanished are the tenants on physical clusters that no document declares.
	vanished map[string][]*tenant

	// lastGood are the last good documents by key, once somebody asks.
	lastGood map[string]json.RawMessage

	out      Result
	findings []tenancy.Finding
}

// tenant is a logical cluster with what placing it depends on.
type tenant struct {
	*tenancy.LogicalCluster
	// pin is nil for a new one.
	pin *pins.LogicalCluster
	// formerKey is the key under which the pin stood.
	formerKey string
	need      amounts
	fit       *fit
	crds      []crdUse
}

func newPlacer(t *tenancy.Tenancy, former *pins.Pins, asOf string) *placer {
	p := &placer{
		t: t, former: former, asOf: asOf, rules: removal.RulesOf(&t.Settings.Settings),
		byName:   make(map[string]int, len(t.Clusters)),
		fits:     map[string]*fit{},
		crds:     newDefinitions(),
		vanished: map[string][]*tenant{},
		out:      Result{Sites: make(map[string]*pins.LogicalCluster, len(t.LogicalClusters))},
	}
	p.names = newNames(t, former.LogicalClusters)
	for i, c := range t.Clusters {
		p.byName[c.Name] = i
		p.clusters = append(p.clusters, newCluster(c, t.Targets.Backings))
	}
	return p
}

// keep brings every pinned logical cluster to what its document says, where it
// stands, and counts what it takes there.
func (p *placer) keep() {
	for _, tn := range p.tenants {
		if tn.pin == nil {
			if tn.Spec.State != schema.Deleted {
				p.newly = append(p.newly, tn)
			}
			continue
		}
		p.out.Sites[tn.Key] = tn.pin
		p.advance(tn)
		for _, s := range tn.pin.Left {
			p.count(s, tn.need)
		}
		switch {
		case tn.pin.Phase == pins.Gone:
			p.sayGone(tn)
			continue
		case tn.pin.Phase != pins.Present:
			p.sayLeft(tn)
		case tn.Placement.Cluster != "" && tn.Placement.Cluster != tn.pin.Cluster:
			p.movers = append(p.movers, tn)
		default:
			p.stay(tn)
		}
		p.count(tn.pin.Site, tn.need)
	}
}

// stay holds a logical cluster against the physical cluster that it stands on,
// and gives names to the namespaces that it gained.
func (p *placer) stay(tn *tenant) {
	p.reconcile(tn, &tn.pin.Site)
	i, ok := p.byName[tn.pin.Cluster]
	if !ok {
		p.vanished[tn.pin.Cluster] = append(p.vanished[tn.pin.Cluster], tn)
		return
	}
	switch why := tn.fit.why[i]; why {
	case fits:
	case noBacking:
		p.fail(tn, diag.New(diag.BackingUnsupported, tn.At("backing"), "it stands on %s, but %s", tn.pin.Cluster, p.static(tn, i, why)).
			See(p.clusters[i].At("backings"), "the backings of %s", tn.pin.Cluster).
			Suggest("demand another physical cluster with placement.cluster, which moves it in reviewed steps"))
	default:
		p.say(tn, diag.New(diag.NoLongerFits, tn.Pos, "it stays on %s, although %s", tn.pin.Cluster, p.static(tn, i, why)).
			See(p.clusters[i].Pos, "%s", tn.pin.Cluster).
			Suggest("demand another physical cluster with placement.cluster, which moves it in reviewed steps"))
	}
}

// placeNew finds a place for each logical cluster that has none.
func (p *placer) placeNew() {
	for _, tn := range p.newly {
		candidates := tn.fit.eligible
		if demand := tn.Placement.Cluster; demand != "" {
			candidates = nil
			if i, ok := p.byName[demand]; ok && tn.fit.why[i] == fits {
				candidates = []int{i}
			}
		}
		best := p.choose(tn, candidates)
		if best < 0 {
			p.fail(tn, p.unplaceable(tn))
			continue
		}
		site := pins.Site{Cluster: p.clusters[best].Name}
		if !p.reconcile(tn, &site) {
			continue
		}
		tn.pin = &pins.LogicalCluster{Organization: tn.Org.Path, Site: site}
		p.out.Sites[tn.Key] = tn.pin
		p.count(site, tn.need)
		p.bind(tn, best)
	}
}

// choose returns the candidate with the lowest utilisation after taking the
// logical cluster, or -1. Equal ones are told apart by a hash, so that it is not
// always the same.
func (p *placer) choose(tn *tenant, candidates []int) int {
	best, bestLoad, bestRank := -1, ratio{}, uint64(0)
	key := hash(tn.Key)
	for _, i := range candidates {
		c := p.clusters[i]
		load, ok := c.after(&tn.need)
		if !ok || !p.compatible(tn, i) {
			continue
		}
		order := -1
		if best >= 0 {
			order = load.compare(bestLoad)
		}
		if order > 0 {
			continue
		}
		rank := mix(key ^ c.seed)
		if order < 0 || rank > bestRank {
			best, bestLoad, bestRank = i, load, rank
		}
	}
	return best
}

// count adds what a site takes to its physical cluster. A copy that was left
// behind still runs, so it counts until it is gone.
func (p *placer) count(s pins.Site, need amounts) {
	i, ok := p.byName[s.Cluster]
	if !ok || s.Phase == pins.Gone {
		return
	}
	need[namespaces] = int64(len(s.Namespaces) + len(s.Retired))
	p.clusters[i].add(&need)
}

// say reports about a logical cluster without holding it.
func (p *placer) say(tn *tenant, d diag.Diagnostic) {
	p.findings = append(p.findings, tenancy.Finding{Diagnostic: d.About(tn.String())})
}

// fail reports an error that holds the logical cluster. One that is held already
// stands as well as it can: for it, the same is a warning.
func (p *placer) fail(tn *tenant, d diag.Diagnostic) {
	if tn.Held {
		d.Severity = diag.Warning
		p.say(tn, d)
		return
	}
	p.findings = append(p.findings, tenancy.Finding{Diagnostic: d.About(tn.String()), Concerns: []document.ID{tn.ID()}})
}

// list joins at most n of the words, and says how many are left out.
func list(words []string, n int, separator string) string {
	if len(words) <= n {
		return strings.Join(words, separator)
	}
	return strings.Join(words[:n], separator) + separator + fmt.Sprintf("and %d more", len(words)-n)
}

func keys(tenants []*tenant) []string {
	out := make([]string, len(tenants))
	for i, tn := range tenants {
		out[i] = tn.Key
	}
	slices.Sort(out)
	return out
}
