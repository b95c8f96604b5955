package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

// What happens to a logical cluster. The first that applies is told.
const (
	Appears = "appears"
	// Vanishes: its document went without being declared deleted. It is held.
	Vanishes = "vanishes"
	// Deleted: its document declares it deleted.
	Deleted = "deleted"
	// Goes: it was declared deleted, or never placed, and nothing remains of it.
	Goes = "goes"
	// Moves to another physical cluster.
	Moves = "moves"
	// Released: the copy that a move left behind is given up.
	Released = "released"
	// Restored: a deletion or a release is taken back.
	Restored = "restored"
	Renamed  = "renamed"
	Changes  = "changes"
)

// actions in the order in which they are told, the gravest first.
var actions = []string{Vanishes, Deleted, Goes, Moves, Released, Restored, Appears, Renamed, Changes}

// LogicalClusters are those to which the same happens for the same reason.
type LogicalClusters struct {
	Action string   `json:"action"`
	Keys   []string `json:"keys"`
	// Formerly is the key of the side before, where it differs.
	Formerly string `json:"formerly,omitempty"`
	// From and To are physical clusters; each is empty where there is none.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Data says what becomes of its data, where that is in question.
	Data string `json:"data,omitempty"`
	// Fields of the effective logical cluster, everything inherited included.
	Fields []Field `json:"fields,omitempty"`
	Causes []Cause `json:"causes,omitempty"`
}

// logicalClusters compares those that differ: in their state on some physical
// cluster, in their place, or in their document.
func (c *comparison) logicalClusters(states []render.StateChange) []LogicalClusters {
	differing := map[string]bool{}
	for _, s := range states {
		differing[cmp.Or(s.After, s.Before).Key] = true
	}
	before, after := c.before.Sites, c.after.Sites
	for key := range merged(before, after) {
		if !samePin(before[key], after[key]) {
			differing[key] = true
		}
	}
	for id := range c.changed {
		if id.kind == string(schema.KindLogicalClusters) {
			differing[id.key] = true
		}
	}
	c.indexStates()
	former := c.renames(differing)
	c.former, c.differing = former, differing
	taken := c.taken()
	groups := map[string]*LogicalClusters{}
	var out []*LogicalClusters
	for _, key := range slices.Sorted(maps.Keys(differing)) {
		if taken[key] {
			continue
		}
		lc, patched := c.logicalCluster(key, former[key]), c.patchCauses(cmp.Or(former[key], key), key)
		if lc == nil {
			c.causes[key] = patched
			continue
		}
		c.causes[key] = lc.Causes
		id := lc.effect()
		if g := groups[id]; g != nil {
			g.Keys = append(g.Keys, key)
			continue
		}
		groups[id] = lc
		out = append(out, lc)
	}
	slices.SortStableFunc(out, func(a, b *LogicalClusters) int {
		return cmp.Or(cmp.Compare(slices.Index(actions, a.Action), slices.Index(actions, b.Action)), strings.Compare(a.Keys[0], b.Keys[0]))
	})
	list := make([]LogicalClusters, len(out))
	for i, g := range out {
		list[i] = *g
	}
	return list
}

// effect is the same for logical clusters to which the same happens.
func (l *LogicalClusters) effect() string {
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
func (c *comparison) renames(differing map[string]bool) map[string]string {
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
func (c *comparison) logicalCluster(key, former string) *LogicalClusters {
	formerKey := cmp.Or(former, key)
	then, now := c.before.Sites[formerKey], c.after.Sites[key]
	before, after := c.before.Tenancy.LogicalCluster(formerKey), c.after.Tenancy.LogicalCluster(key)
	if then == nil && now == nil {
		return nil
	}
	l := &LogicalClusters{Action: Changes, Keys: []string{key}, Formerly: former}
	if then != nil {
		l.From = then.Cluster
	}
	if now != nil {
		l.To = now.Cluster
	}
	standing := func(s *pins.LogicalCluster) bool { return s != nil && s.Phase != pins.Gone }
	going := func(s *pins.LogicalCluster) bool {
		return s != nil && (s.Phase == pins.Confirmed || s.Phase == pins.Gone)
	}
	switch {
	case !standing(then) && standing(now):
		l.Action = Appears
	case standing(then) && !standing(now):
		l.Action = Goes
		l.Data = "its namespaces are deleted, and all data in them"
		if then.Phase != pins.Confirmed {
			l.Data = "it was not built yet: nothing stands that could be deleted"
		}
	case c.vanished(key):
		l.Action = Vanishes
		l.Data = "nothing is deleted: it is held at its last good document"
	case !going(then) && going(now):
		l.Action = Deleted
		l.Data = "a build for a later date deletes its namespaces, and all data in them; until then it can be taken back"
	case going(then) && !going(now):
		l.Action = Restored
	case then.Cluster != now.Cluster:
		l.Action = Moves
		l.Data = fmt.Sprintf("data is not copied: %s keeps a frozen copy until placement.release names it, and on %s it starts empty", then.Cluster, now.Cluster)
		if before != nil && after != nil && before.Backing != after.Backing {
			l.Data = fmt.Sprintf("the backing changes from %s to %s; %s", before.Backing, after.Backing, l.Data)
		}
	default:
		if gone := released(then, now); gone != "" {
			l.Action = Released
			l.Data = fmt.Sprintf("a build for a later date deletes the copy on %s, and all data in it", gone)
		} else if former != "" {
			l.Action = Renamed
			l.Data = "its namespaces keep their names, and their data"
		}
	}
	l.Fields = difference(c.effective(c.before, before, then), c.effective(c.after, after, now))
	slices.SortStableFunc(l.Fields, func(a, b Field) int { return cmp.Compare(weight(a.elements[0]), weight(b.elements[0])) })
	if l.From == l.To && l.Action != Changes {
		l.From = ""
	} else if l.From == l.To {
		l.From, l.To = "", ""
	}
	if len(l.Fields) == 0 && l.Action == Changes {
		return nil
	}
	if l.Causes = c.causesOf(before, after, l.Fields); l.Action == Vanishes && before != nil {
		file, line := c.source.cause(before.Pos, before.Dir, true)
		l.Causes = []Cause{{File: file, Line: line, Document: before.String(), Removed: !c.stands(file)}}
	}
	return l
}

// vanished reports whether the change took the document of a logical cluster
// away that was not declared deleted.
func (c *comparison) vanished(key string) bool {
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

// indexStates notes each state by its place.
func (c *comparison) indexStates() {
	index := func(r *compiler.Result) map[place]*desired.State {
		out := make(map[place]*desired.State, len(r.States))
		for i := range r.States {
			out[place{r.States[i].Key, r.States[i].Cluster}] = &r.States[i]
		}
		return out
	}
	c.statesBefore, c.statesAfter = index(c.before), index(c.after)
}

type place struct{ key, cluster string }

// effective is a logical cluster as it comes out, everything inherited and
// decided included.
func (c *comparison) effective(r *compiler.Result, lc *tenancy.LogicalCluster, site *pins.LogicalCluster) any {
	if site == nil || site.Phase == pins.Gone {
		return map[string]any{}
	}
	states := c.statesBefore
	if r == c.after {
		states = c.statesAfter
	}
	out := map[string]any{"cluster": site.Cluster}
	if site.Phase != pins.Present {
		out["phase"] = string(site.Phase)
	}
	if lc != nil {
		set(out, "regions", list(lc.Regions))
		quota := map[string]any{}
		for name, q := range lc.Quota.All() {
			quota[name] = q.String()
		}
		set(out, "quota", quota)
	}
	if s := states[place{key(lc), site.Cluster}]; s != nil {
		describe(out, s)
	}
	left := map[string]any{}
	for _, l := range site.Left {
		if l.Phase == pins.Gone {
			continue
		}
		copied := map[string]any{"phase": string(l.Phase)}
		if s := states[place{key(lc), l.Cluster}]; s != nil {
			describe(copied, s)
		}
		left[l.Cluster] = copied
	}
	set(out, "left", left)
	return out
}

func key(lc *tenancy.LogicalCluster) string {
	if lc == nil {
		return ""
	}
	return lc.Key
}

// describe sets every field of a state, in the words of the language.
func describe(out map[string]any, s *desired.State) {
	set(out, "class", s.Class)
	set(out, "state", s.Declared)
	set(out, "held", s.Held)
	set(out, "suspended", s.Suspended)
	set(out, "frozen", s.Frozen)
	set(out, "backing", s.Backing)
	set(out, "cut", s.Cut)
	set(out, "labels", texts(s.Labels))
	set(out, "network", s.Network)
	set(out, "podSecurity", s.PodSecurity)
	set(out, "kubernetes", fmt.Sprintf("1.%d", s.Minor))
	set(out, "dns", compacted(map[string]any{"namespace": s.DNS.Namespace, "labels": labels(s.DNS.Labels)}))
	set(out, "containers", compacted(map[string]any{"defaultRequest": quantities(s.Containers.DefaultRequest),
		"default": quantities(s.Containers.Default), "max": quantities(s.Containers.Max), "min": quantities(s.Containers.Min)}))
	apis := map[string]any{}
	for _, a := range s.APIs {
		apis[a.Set] = a.Version
		if a.Requested != a.Version {
			apis[a.Set] = a.Version + " by " + a.Requested
		}
	}
	set(out, "apis", apis)
	access := map[string]any{}
	for _, g := range s.Grants {
		name := g.Subject
		if g.SubjectNamespace != "" {
			name = g.SubjectNamespace + "/" + name
		}
		if g.Kind != "Group" {
			name = g.Kind + " " + name
		}
		access[name] = g.Role
	}
	set(out, "access", access)
	namespaces := map[string]any{}
	for _, n := range s.Namespaces {
		namespaces[n.Physical] = compacted(map[string]any{"name": n.Name, "quota": quantities(n.Hard), "retired": n.Retired})
	}
	set(out, "namespaces", namespaces)
	set(out, "roles", compacted(map[string]any{"view": s.Roles.View, "edit": s.Roles.Edit, "admin": s.Roles.Admin}))
	set(out, "gate", s.Gate)
	if src := s.Source; src != nil {
		set(out, "source", compacted(map[string]any{"repo": src.Repo, "path": src.Path, "branch": src.Branch, "role": src.Role,
			"namespace": src.Namespace, "secret": src.Secret, "interval": src.Interval}))
	}
	set(out, "deployers", s.Deployers)
	set(out, "engine", s.Engine)
}

// weight orders fields: those that a team speaks of come first.
func weight(field string) int {
	order := []string{"suspended", "held", "cluster", "left", "phase", "state", "frozen", "class", "backing", "namespaces", "apis", "access",
		"quota", "network", "podSecurity", "labels", "regions", "source", "containers"}
	if i := slices.Index(order, field); i >= 0 {
		return i
	}
	return len(order)
}

// set leaves out what says nothing.
func set(m map[string]any, key string, v any) {
	switch v := v.(type) {
	case string:
		if v == "" {
			return
		}
	case bool:
		if !v {
			return
		}
	case map[string]any:
		if len(v) == 0 {
			return
		}
	case []any:
		if v == nil {
			return
		}
	}
	m[key] = v
}

func compacted(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		set(out, k, v)
	}
	return out
}

func quantities(amounts []desired.Amount) map[string]any {
	out := make(map[string]any, len(amounts))
	for _, a := range amounts {
		out[a.Resource] = a.Value
	}
	return out
}

func labels(list []desired.Label) map[string]any {
	out := make(map[string]any, len(list))
	for _, l := range list {
		out[l.Key] = l.Value
	}
	return out
}

func texts(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func list(s []string) []any {
	if s == nil {
		return nil
	}
	out := make([]any, len(s))
	for i := range s {
		out[i] = s[i]
	}
	return out
}

// causesOf finds what in the source makes a logical cluster differ: of the
// documents that differ and that it follows from, the fields that speak of what
// differs; where none does, all of them.
func (c *comparison) causesOf(before, after *tenancy.LogicalCluster, fields []Field) []Cause {
	about := map[string]bool{}
	for _, f := range fields {
		about[f.elements[0]] = true
	}
	var near, far []Cause
	var reasons []*Document
	related := c.relatives(before, after)
	if after != nil { // what is new is so because of its own document
		if own := c.changed[identify(string(after.Kind), after.Key, after.Dir)]; own != nil && own.Change == Added {
			related = []*Document{own}
		}
	}
	for _, d := range related {
		fits := len(d.Fields) == 0
		for i := range d.Fields {
			if f := &d.Fields[i]; speaksOf(f.elements, about) {
				fits = true
				near = append(near, f.cause(d))
			}
		}
		switch {
		case !fits:
			far = append(far, d.causes()...)
			continue
		case len(d.Fields) == 0:
			near = append(near, d.causes()...)
		}
		reasons = append(reasons, d)
	}
	if len(near) == 0 {
		near, reasons = far, related
	}
	for _, d := range reasons {
		c.reach(d, key(cmp.Or(after, before)))
	}
	return sortCauses(near)
}

func (c *comparison) stands(file string) bool {
	_, ok := c.after.Tree.File(file)
	return ok
}

func sortCauses(causes []Cause) []Cause {
	slices.SortFunc(causes, func(a, b Cause) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Document, b.Document))
	})
	return slices.Compact(causes)
}

// speaksOf reports whether a field of a document has to do with one of the fields
// of logical clusters.
func speaksOf(path []string, about map[string]bool) bool {
	if len(path) == 0 {
		return true
	}
	for _, s := range path {
		if about[s] {
			return true
		}
	}
	switch path[0] {
	case "quota":
		return about["namespaces"]
	case "namespaces":
		return about["namespaces"] || about["quota"] || about["cluster"]
	case "placement":
		return about["cluster"] || about["left"]
	case "versions", "channels":
		return about["apis"] || about["roles"] || about["gate"]
	case "formerly":
		return about["cluster"] || about["labels"]
	case "state":
		return about["phase"] || about["frozen"]
	}
	return path[0] == "defaults" && len(path) > 1 && speaksOf(path[1:], about)
}

// relatives are the documents that differ and that a logical cluster follows
// from: its own, those of its organizations, class, API sets and physical
// clusters, the settings, and what reaches its directory.
func (c *comparison) relatives(before, after *tenancy.LogicalCluster) []*Document {
	var out []*Document
	add := func(m *document.Meta) {
		if d := c.changed[identify(string(m.Kind), m.Key, m.Dir)]; d != nil && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	side := func(r *compiler.Result, lc *tenancy.LogicalCluster) {
		if lc == nil {
			return
		}
		add(&lc.Meta)
		for _, o := range lc.Org.Ancestors() {
			add(&o.Meta)
		}
		add(&lc.Class.Meta)
		for _, b := range lc.APIs {
			add(&b.Version.Set.Meta)
		}
		if site := r.Sites[lc.Key]; site != nil {
			for _, s := range append([]pins.Site{site.Site}, site.Left...) {
				if pc := r.Tenancy.Cluster(s.Cluster); pc != nil {
					add(&pc.Meta)
				}
			}
		}
	}
	side(c.before, before)
	side(c.after, after)
	dir := ""
	if after != nil {
		dir = after.Dir
	} else if before != nil {
		dir = before.Dir
	}
	for _, d := range c.farReaching() {
		if d.Dir == "" || within(dir, d.Dir) {
			out = append(out, d)
		}
	}
	return out
}

// farReaching are the documents that differ and reach logical clusters without
// being named by them.
func (c *comparison) farReaching() []*Document {
	if c.reaching == nil {
		c.reaching = []*Document{}
		for _, d := range c.changed {
			switch schema.Kind(d.Kind) {
			case schema.KindSettings, schema.KindModules, schema.KindPolicies, schema.KindExemptions, schema.KindImplicit, schema.KindPrices:
				c.reaching = append(c.reaching, d)
			}
		}
		slices.SortFunc(c.reaching, compareDocuments)
	}
	return c.reaching
}

func within(dir, above string) bool {
	for ; dir != "" && dir != "."; dir = path.Dir(dir) {
		if dir == above {
			return true
		}
	}
	return false
}
