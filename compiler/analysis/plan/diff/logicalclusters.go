package diff

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/pins/removal"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/printer"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

// logicalClusters compares those that differ: in their state on some physical
// cluster, in their place, or in their document.
func (d *documents) logicalClusters(states []render.StateChange) ([]change.LogicalClusters, *comparison, reach) {
	differing := d.differing(states)
	former := d.renames(differing)
	c := &comparison{documents: d, differing: differing, former: former, taken: map[string]bool{}, causes: map[string][]change.Cause{}}
	for _, key := range former {
		c.taken[key] = true
	}
	reached := reach{}
	groups := map[string]*change.LogicalClusters{}
	var out []*change.LogicalClusters
	for _, key := range slices.Sorted(maps.Keys(differing)) {
		if c.taken[key] {
			continue
		}
		lc, patched := d.logicalCluster(key, former[key], reached), d.patchCauses(cmp.Or(former[key], key), key, reached)
		if lc == nil {
			c.causes[key] = patched
			continue
		}
		c.causes[key] = lc.Causes
		id := logicalClusterEffect(lc)
		if g := groups[id]; g != nil {
			g.Keys = append(g.Keys, key)
			continue
		}
		groups[id] = lc
		out = append(out, lc)
	}
	slices.SortStableFunc(out, func(a, b *change.LogicalClusters) int {
		return cmp.Or(cmp.Compare(slices.Index(change.Actions, a.Action), slices.Index(change.Actions, b.Action)), strings.Compare(a.Keys[0], b.Keys[0]))
	})
	list := make([]change.LogicalClusters, len(out))
	for i, g := range out {
		list[i] = *g
	}
	return list, c, reached
}

// differing are the keys of logical clusters that may differ.
func (d *documents) differing(states []render.StateChange) map[string]bool {
	out := map[string]bool{}
	for _, s := range states {
		out[cmp.Or(s.After, s.Before).Key] = true
	}
	before, after := d.before.Sites, d.after.Sites
	for key := range merged(before, after) {
		if !samePin(before[key], after[key]) {
			out[key] = true
		}
	}
	for id := range d.by {
		if id.Kind == schema.KindLogicalClusters {
			out[id.Key] = true
		}
	}
	return out
}

// logicalClusterEffect is the same for logical clusters to which the same happens.
func logicalClusterEffect(l *change.LogicalClusters) string {
	group := *l
	group.Keys = nil
	text, err := json.Marshal(group)
	if err != nil {
		return l.Keys[0]
	}
	return string(text)
}

func samePin(a, b *pins.LogicalCluster) bool {
	if a == nil || b == nil {
		return a == b
	}
	same := func(a, b pins.Site) bool {
		return a.Cluster == b.Cluster && a.Cut == b.Cut && a.Phase == b.Phase && a.Since == b.Since &&
			slices.Equal(a.Namespaces, b.Namespaces) && slices.Equal(a.Retired, b.Retired)
	}
	return same(a.Site, b.Site) && slices.EqualFunc(a.Left, b.Left, same)
}

// renames finds, for each new key, the key under which its namespaces stood.
func (c *documents) renames(differing map[string]bool) map[string]string {
	type namespace struct{ cluster, name string }
	owners := map[namespace]string{}
	for key := range differing {
		if site := c.before.Sites[key]; site != nil && c.after.Sites[key] == nil {
			for _, n := range site.Namespaces {
				owners[namespace{site.Cluster, n.Physical}] = key
			}
		}
	}
	out := map[string]string{}
	for key := range differing {
		site := c.after.Sites[key]
		if site == nil || c.before.Sites[key] != nil {
			continue
		}
		for _, s := range append([]pins.Site{site.Site}, site.Left...) {
			for _, n := range s.Namespaces {
				if owner := owners[namespace{s.Cluster, n.Physical}]; owner != "" {
					out[key] = owner
				}
			}
		}
	}
	return out
}

// logicalCluster returns nil where nothing can be said: one that is in no state
// on either side.
func (c *documents) logicalCluster(key, former string, r reach) *change.LogicalClusters {
	formerKey := cmp.Or(former, key)
	then, now := c.before.Sites[formerKey], c.after.Sites[key]
	before, after := c.before.Tenancy.LogicalCluster(formerKey), c.after.Tenancy.LogicalCluster(key)
	if then == nil && now == nil {
		return nil
	}
	l := &change.LogicalClusters{Keys: []string{key}, Formerly: former, From: standsOn(then), To: standsOn(now)}
	l.Action, l.Data = c.whatHappens(l, then, now)
	if from, to := organizationOf(before), organizationOf(after); former != "" && from != to {
		l.FromOrganization, l.ToOrganization = from, to
	}
	if l.Action == change.Moves && before != nil && after != nil && before.Backing != after.Backing {
		l.Data = fmt.Sprintf("the backing changes from %s to %s; %s", before.Backing, after.Backing, l.Data)
	}
	l.Fields = difference(c.effective(c.before, before, then), c.effective(c.after, after, now))
	slices.SortStableFunc(l.Fields, func(a, b change.Field) int { return cmp.Compare(weight(a.Elements[0]), weight(b.Elements[0])) })
	if l.From == l.To {
		l.From = ""
		if l.Action == change.Changes {
			l.To = ""
		}
	}
	if len(l.Fields) == 0 && l.Action == change.Changes {
		return nil
	}
	if l.Causes = c.causesOf(before, after, l.Fields, r); l.Action == change.Vanishes && before != nil {
		file, line := c.source.cause(before.Pos, before.Dir, true)
		l.Causes = []change.Cause{{File: file, Line: line, Document: before.String(), Removed: !c.stands(file)}}
	}
	return l
}

// organizationOf returns the organization of a logical cluster, which may be nil.
func organizationOf(lc *tenancy.LogicalCluster) string {
	if lc == nil {
		return ""
	}
	return lc.Org.Path
}

// standsOn returns the physical cluster of a site; "" for none.
func standsOn(s *pins.LogicalCluster) string {
	if s == nil {
		return ""
	}
	return s.Cluster
}

// exists reports whether something stands at a site.
func exists(s *pins.LogicalCluster) bool { return s != nil && s.Phase != pins.Gone }

// whatHappens returns the first action that applies, and what becomes of the data.
func (c *documents) whatHappens(l *change.LogicalClusters, then, now *pins.LogicalCluster) (action, data string) {
	switch {
	case !exists(then) && exists(now):
		return change.Appears, ""
	case exists(then) && !exists(now):
		if then.Phase != pins.Confirmed {
			return change.Goes, "it was not built yet: nothing stands that could be deleted"
		}
		return change.Goes, "its namespaces are deleted, and all data in them"
	case c.vanished(l.Keys[0]):
		return change.Vanishes, "nothing is deleted: it is held at its last good document"
	case then.Phase != now.Phase:
		return phaseAction(then.Phase, now.Phase), c.whenItGoes(now)
	case then.Cluster != now.Cluster:
		return change.Moves, fmt.Sprintf("data is not copied: %s keeps a frozen copy until placement.release names it, and on %s it starts empty", then.Cluster, now.Cluster)
	}
	if gone := released(then, now); gone != "" {
		return change.Released, fmt.Sprintf("a build for a later date deletes the copy on %s, and all data in it", gone)
	}
	if l.Formerly != "" {
		return change.Renamed, "its namespaces keep their names, and their data"
	}
	return change.Changes, ""
}

// phaseAction returns what it means that a deletion enters another phase than before.
func phaseAction(then, now pins.Phase) string {
	switch {
	case now == pins.Present:
		return change.Restored
	case now == pins.Confirmed:
		return change.Freed
	case now == pins.Stopped && then != pins.Present:
		return change.Kept
	case now == pins.Leaving && then == pins.Confirmed:
		return change.Restored // the grace runs anew
	}
	return change.Deleted
}

// whenItGoes says what becomes of the data of a logical cluster that is declared deleted, and
// on which days; nothing of one that is not.
func (c *documents) whenItGoes(now *pins.LogicalCluster) string {
	rules := removal.RulesOf(&c.after.Tenancy.Settings.Settings)
	_, day := rules.Next(now.Site)
	switch now.Phase {
	case pins.Leaving:
		return fmt.Sprintf("for now it is frozen and protected; a build for %s or later lifts the protection, and one %s after that deletes its namespaces and all data in them; until then it can be taken back, or held",
			day, printer.Count(rules.Wait, "day"))
	case pins.Confirmed:
		return fmt.Sprintf("a build for %s or later deletes its namespaces, and all data in them; until then it can be taken back, or held", day)
	}
	if now.Phase == pins.Stopped {
		return "it is frozen and protected as long as it is held"
	}
	return ""
}

// vanished reports whether the change took the document of a logical cluster
// away that was not declared deleted.
func (c *documents) vanished(key string) bool {
	title := fmt.Sprintf("%s %q", schema.KindLogicalClusters, key)
	says := func(ds []diag.Diagnostic) bool {
		return slices.ContainsFunc(ds, func(d diag.Diagnostic) bool { return d.Code == diag.Vanished && d.Document == title })
	}
	return says(c.after.Diagnostics) && !says(c.before.Diagnostics)
}

// released returns a physical cluster whose copy was kept and is given up.
func released(then, now *pins.LogicalCluster) string {
	for _, l := range now.Left {
		if l.Phase != pins.Confirmed {
			continue
		}
		if i := slices.IndexFunc(then.Left, func(s pins.Site) bool { return s.Cluster == l.Cluster }); i < 0 || then.Left[i].Phase == pins.Leaving {
			return l.Cluster
		}
	}
	return ""
}
