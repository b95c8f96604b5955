package compiler

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/policy/evolve"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/schema"
)

// cut assigns the states that are new on their physical cluster to a cut of it.
func (f *facts) cut() (out []diag.Diagnostic) {
	states, sites := f.desired.States, f.placement.Sites
	sized := make([]placement.Sized, len(states))
	parallel.Each(len(sized), func(i int) {
		s := &states[i]
		sized[i] = placement.Sized{Key: s.Key, Site: siteOn(sites[s.Key], s.Cluster), Objects: f.options.Targets.Size(s)}
	})
	for _, one := range placement.Cut(sized, sites, f.tenancy.Settings.GitOps.Cut) {
		out = append(out, one.Diagnostic)
	}
	parallel.Each(len(sized), func(i int) { states[i].Cut = sized[i].Site.Cut })
	return out
}

// siteOn returns the site of a logical cluster on a physical cluster on which it has
// one.
func siteOn(lc *pins.LogicalCluster, cluster string) *pins.Site {
	if i := slices.IndexFunc(lc.Left, func(s pins.Site) bool { return s.Cluster == cluster }); i >= 0 && lc.Cluster != cluster {
		return &lc.Left[i]
	}
	return &lc.Site
}

// decide gathers what the next build must go on from. The sites of the result are those of
// the placement, with what policies at stage evolve will ask for.
func (f *facts) decide() *pins.Pins {
	defer f.clock.start(stageDecide)()
	texts := f.documents.Texts
	if len(f.placement.Deserted) > 0 {
		texts = maps.Clone(texts)
	}
	for _, key := range f.placement.Deserted {
		// A place that is kept keeps its document: without it nothing could be held.
		id := f.documents.LastGood.ID(document.ID{Kind: schema.KindLogicalClusters, Key: key})
		if text, ok := f.history.Pins.Documents[id]; ok {
			texts[id] = text
		}
	}
	recordAPIs(f.tenancy, f.policies, f.placement.Sites)
	out := &pins.Pins{AsOf: f.history.AsOf, Documents: texts, LogicalClusters: f.placement.Sites, Stored: f.placement.Stored}
	out.Texts, out.Library = f.documents.Sources()
	keepDefinitions(out, f.tenancy)
	return out
}

// recorded reports whether what a logical cluster binds is remembered: a policy at stage
// evolve judges what comes after, or a binding has stayed behind its channel.
func recorded(policies *policy.Policies, lc *tenancy.LogicalCluster) bool {
	return slices.ContainsFunc(lc.APIs, func(b tenancy.Binding) bool { return b.Refused != nil }) || evolve.Recorded(policies, lc)
}

// recordAPIs writes into the sites what logical clusters bind, where that is remembered.
func recordAPIs(t *tenancy.Tenancy, policies *policy.Policies, sites map[string]*pins.LogicalCluster) {
	lcs := t.LogicalClusters
	concerned := make([]bool, len(lcs))
	parallel.Each(len(lcs), func(i int) {
		pin := sites[lcs[i].Key]
		concerned[i] = pin != nil && (pin.APIs != nil || recorded(policies, lcs[i]))
	})
	for i, lc := range lcs {
		if !concerned[i] {
			continue
		}
		changed := *sites[lc.Key] // the former pins may share it
		changed.APIs = nil
		if recorded(policies, lc) {
			changed.APIs = make(map[string]string, len(lc.APIs))
			for _, b := range lc.APIs {
				changed.APIs[b.Version.Set.Name] = b.Version.Name
			}
		}
		sites[lc.Key] = &changed
	}
}

// heldKeys lists the keys of the logical clusters for which a last good document stands in.
func heldKeys(d *hold.Documents, sites map[string]*pins.LogicalCluster) []string {
	return slices.DeleteFunc(d.Held(schema.KindLogicalClusters), func(key string) bool { return sites[key] == nil })
}

// leftOutKeys lists the keys of logical clusters that are in error and were never good.
func leftOutKeys(d *hold.Documents, sites map[string]*pins.LogicalCluster) []string {
	out := append(d.Lost(schema.KindLogicalClusters), d.Failed(schema.KindLogicalClusters)...)
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(key string) bool { return sites[key] != nil })
}

// pinsOwner returns the organization in whose file a document is pinned: the
// nearest one whose directory holds it.
func pinsOwner(t *tenancy.Tenancy) func(document.ID) string {
	organizations := make(map[string]bool, len(t.Organizations))
	for _, o := range t.Organizations {
		organizations[o.Path] = true
	}
	return func(name document.ID) string {
		path := name.Key
		switch schema.Kind(name.Kind) {
		case schema.KindOrganizations:
		case schema.KindLogicalClusters:
			path = parent(path)
		default:
			var inside bool
			if path, inside = below(name.Dir, "orgs"); !inside {
				return ""
			}
		}
		for ; path != "" && !organizations[path]; path = parent(path) {
		}
		return path
	}
}

func parent(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[:i]
		}
	}
	return ""
}

func below(dir, root string) (string, bool) {
	if len(dir) > len(root) && dir[:len(root)] == root && dir[len(root)] == '/' {
		return dir[len(root)+1:], true
	}
	return "", false
}
