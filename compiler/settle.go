package compiler

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tenantry/tenantry/compiler/cost"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/policy"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/parallel"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/schema"
)

// load evaluates the repo, and reads beside it what was decided before. A document
// that could not be had is held at its last good version, and so is whatever stands
// in the pins and vanished without being declared deleted.
func (c *compilation) load(ctx context.Context) error {
	c.loader = load.New(c.tree, load.Options{
		Cache: c.Cache, Evaluated: c.Evaluated, Workers: c.Workers, ToolVersion: c.ToolVersion, Timeout: c.Timeout, Refused: c.refused,
		OnProgress: func(done, total int) { c.progress("evaluating directories", done, total) },
	})
	evaluating, stop := context.WithCancel(ctx)
	defer stop()
	goneOn := background(func() error {
		err := c.goOn(ctx)
		if err != nil {
			stop()
		}
		return err
	})
	loaded, err := c.loader.Load(evaluating)
	if err := cmp.Or(goneOn(), err); err != nil {
		return err
	}
	c.report.Add(loaded.Diagnostics...)
	c.docs = loaded.Documents
	c.texts = takeTexts(c.docs)
	c.failures = loaded.Failures
	return c.hold(ctx, c.readImplicit())
}

// missing lists the pinned documents that the repo no longer yields: those whose
// evaluation failed, and those that vanished while something may still depend on
// them.
func (c *compilation) missing() []pins.DocumentID {
	var identities map[pins.DocumentID]bool // once a document has another name than before
	present := func(name pins.DocumentID) bool {
		if _, ok := c.texts[name]; ok {
			return true
		}
		if identities == nil {
			identities = make(map[pins.DocumentID]bool, len(c.texts))
			for name := range c.texts {
				identities[identity(name)] = true
			}
		}
		return identities[identity(name)]
	}
	claimed := c.claimed()
	if c.claims == nil {
		c.claims = claimed
	}
	if c.countPresent() == len(c.former.Documents) { // as a rule
		return nil
	}
	var out []pins.DocumentID
	for name := range c.former.Documents {
		switch {
		case present(name) || c.lost[identity(name)]:
		case failed(c.failures, name):
			out = append(out, name)
		case c.vanished(name, claimed):
			out = append(out, name)
		}
	}
	sortIDs(out)
	return out
}

// countPresent counts the documents that the pins hold under the very name of today.
func (c *compilation) countPresent() int {
	documents := slices.Collect(c.docs.All())
	var found atomic.Int64
	parallel.Chunks(len(documents), func(_, from, to int) {
		n := 0
		for _, m := range documents[from:to] {
			if _, ok := c.former.Documents[tenancy.ID(m)]; ok {
				n++
			}
		}
		found.Add(int64(n))
	})
	return int(found.Load())
}

// claimed returns the keys that documents of today say they had before.
func (c *compilation) claimed() map[string]bool {
	organizations := map[string][]string{}
	for _, d := range c.docs.Organizations {
		if len(d.Spec.Formerly) > 0 {
			organizations[d.Key] = d.Spec.Formerly
		}
	}
	out := map[string]bool{}
	for _, d := range c.docs.LogicalClusters {
		if len(d.Spec.Formerly) == 0 && len(organizations) == 0 || d.Spec.State == schema.Deleted {
			continue // one that goes takes over nothing
		}
		if c.former.LogicalClusters[d.Key] != nil && !c.changed(d.Kind, d.Key, d.Dir) {
			continue // it stands already, and what it took over is long its own
		}
		for _, key := range tenancy.FormerKeys(d.Key, d.Spec.Formerly, func(path string) []string { return organizations[path] }) {
			out[key] = true
		}
	}
	return out
}

func failed(failures []load.Failure, name pins.DocumentID) bool {
	return slices.ContainsFunc(failures, func(f load.Failure) bool {
		if f.Kind != "" {
			return string(f.Kind) == name.Kind && f.Key == name.Key && (!isLocal(name.Kind) || f.Dir == name.Dir)
		}
		return f.Dir == "" || f.Dir == "." || f.Dir == name.Dir || strings.HasPrefix(name.Dir, f.Dir+"/")
	})
}

// vanished reports whether a pinned document that the repo no longer has must be
// kept for now: a logical cluster that was not declared deleted, and what others
// may refer to.
func (c *compilation) vanished(name pins.DocumentID, claimed map[string]bool) bool {
	switch schema.Kind(name.Kind) {
	case schema.KindLogicalClusters:
		pin := c.former.LogicalClusters[name.Key]
		if pin == nil || pin.Phase == pins.Gone || claimed[name.Key] {
			return false
		}
		if pin.Phase != pins.Confirmed && !c.claims[name.Key] { // a claim that is in error is spoken of there
			at := diag.Position{File: name.Dir}
			c.report.Add(diag.New(diag.Vanished, at, "the document of %s is gone, but it was never declared deleted", name.Key).
				About(fmt.Sprintf("logicalClusters %q", name.Key)).
				Suggest(`put the document back with state: "deleted", or name %q in the "formerly" of its successor`, name.Key))
		}
		return true
	case schema.KindOrganizations, schema.KindClasses, schema.KindAPISets, schema.KindPhysicalClusters, schema.KindSettings, schema.KindModules:
		c.gone[identity(name)] = true
		return true
	}
	return false
}

// forget drops those vanished documents on which nothing depends, and reports
// the others. It reports whether it dropped any.
func (c *compilation) forget(t *tenancy.Tenancy) bool {
	if len(c.gone) == 0 {
		return false
	}
	needed := c.needed(t)
	var names []pins.DocumentID
	for name := range c.gone {
		names = append(names, name)
	}
	sortIDs(names)
	dropped := false
	for _, name := range names {
		if by := needed[name]; by != "" {
			what := name.Kind
			if name.Key != "" {
				what = fmt.Sprintf("%s %q", name.Kind, name.Key)
			}
			c.report.Add(diag.New(diag.VanishedPlatform, diag.Position{}, "%s is gone, and %s depends on it", what, by).About(what).
				Suggest("put the document back, or let nothing depend on it first"))
			continue
		}
		c.remove(name)
		c.lost[name] = true
		dropped = true
	}
	clear(c.gone)
	return dropped
}

// needed returns, for each document that something depends on, the first logical
// cluster or policy that does.
func (c *compilation) needed(t *tenancy.Tenancy) map[pins.DocumentID]string {
	out := map[pins.DocumentID]string{{Kind: string(schema.KindSettings)}: "everything"}
	need := func(m *document.Meta, by string) {
		if name := identity(tenancy.ID(m)); out[name] == "" {
			out[name] = by
		}
	}
	for _, p := range c.docs.Policies {
		if m := (pins.DocumentID{Kind: string(schema.KindModules), Key: p.Spec.Module}); p.Spec.Module != "" && out[m] == "" {
			out[m] = "policy " + p.Key
		}
	}
	for _, lc := range t.LogicalClusters {
		if lc.Class != nil {
			need(&lc.Class.Meta, lc.Key)
		}
		for _, o := range lc.Org.Ancestors() {
			need(&o.Meta, lc.Key)
		}
		for _, b := range lc.APIs {
			need(&b.Version.Set.Meta, lc.Key)
		}
		if pin := c.former.LogicalClusters[lc.Key]; pin != nil {
			for _, s := range append([]pins.Site{pin.Site}, pin.Left...) {
				if name := (pins.DocumentID{Kind: string(schema.KindPhysicalClusters), Key: s.Cluster}); s.Phase != pins.Gone && out[name] == "" {
					out[name] = lc.Key
				}
			}
		}
	}
	return out
}

// hold puts the last good versions of documents in the place of those in error,
// and of those that are missing, which holding one may change: what it claimed to
// have been before is nobody's successor's any more.
func (c *compilation) hold(ctx context.Context, names []pins.DocumentID) error {
	for {
		if err := c.restore(ctx, names); err != nil {
			return err
		}
		if names = c.missing(); len(names) == 0 {
			return nil
		}
	}
}

// restore puts the last good versions of documents in their place. What has none,
// or one that can no longer be read, is left out, and is not looked for again.
func (c *compilation) restore(ctx context.Context, names []pins.DocumentID) error {
	var pinned []load.Pinned
	c.remove(names...)
	for _, name := range names {
		c.lost[identity(name)] = true
		if text, ok := c.lastText(name); ok {
			pinned = append(pinned, load.Pinned{Kind: schema.Kind(name.Kind), Key: name.Key, Dir: name.Dir, JSON: text})
		}
	}
	if len(pinned) == 0 {
		return nil
	}
	held, err := c.loader.Hold(ctx, pinned)
	if err != nil {
		return err
	}
	var documents []document.Any
	for i, h := range held {
		c.report.Add(h.Diagnostics...)
		if h.Document == nil {
			continue
		}
		documents = append(documents, h.Document)
		name := pins.DocumentID{Kind: string(pinned[i].Kind), Key: pinned[i].Key, Dir: pinned[i].Dir}
		c.held[identity(name)] = true
		delete(c.lost, identity(name))
		c.texts[name] = pinned[i].JSON
	}
	c.docs = c.docs.With(documents...)
	return nil
}

// lastText returns the last good version of a document.
func (c *compilation) lastText(name pins.DocumentID) (json.RawMessage, bool) {
	if l := c.locks[name]; l != nil { // what was accepted of an implicit document
		return l.JSON(), true
	}
	text, ok := c.former.Documents[c.pinnedAs(name)]
	return text, ok
}

// pinnedAs returns the name under which the pins hold a document, which may have
// moved to another directory since.
func (c *compilation) pinnedAs(name pins.DocumentID) pins.DocumentID {
	if _, ok := c.former.Documents[name]; ok || isLocal(name.Kind) {
		return name
	}
	return c.formerNames()[identity(name)]
}

func (c *compilation) remove(names ...pins.DocumentID) {
	ids := make([]document.ID, len(names))
	for i, name := range names {
		ids[i] = document.ID{Kind: schema.Kind(name.Kind), Key: name.Key, Dir: name.Dir}
	}
	for _, m := range c.docs.Find(ids...) {
		delete(c.texts, tenancy.ID(m))
	}
	c.docs = c.docs.Without(ids...)
}

// changed reports whether a document differs from its last good version, or has
// none.
func (c *compilation) changed(kind schema.Kind, key, dir string) bool {
	name := pins.DocumentID{Kind: string(kind), Key: key, Dir: dir}
	text, ok := c.texts[name]
	if !ok {
		return true
	}
	former, ok := c.former.Documents[c.pinnedAs(name)]
	return !ok || !bytes.Equal(former, text)
}

// lastGood tells a tenancy how its documents were last good.
func (c *compilation) lastGood(t *tenancy.Tenancy) {
	t.LastGood = func(key string) *schema.LogicalCluster {
		name := pins.DocumentID{Kind: string(schema.KindLogicalClusters), Key: key}
		if lc := t.LogicalCluster(key); lc != nil {
			name.Dir = lc.Dir // most stay where they are, and are found at once
		}
		return lastGood[schema.LogicalCluster](c, name)
	}
	t.LastGoodOrganization = func(path string) *schema.Organization {
		name := pins.DocumentID{Kind: string(schema.KindOrganizations), Key: path}
		if o := t.Organization(path); o != nil {
			name.Dir = o.Dir
		}
		return lastGood[schema.Organization](c, name)
	}
}

// lastGood returns a document as it was last good, nil where it never was.
func lastGood[T any](c *compilation, name pins.DocumentID) *T {
	text, ok := c.former.Documents[c.pinnedAs(name)]
	if !ok {
		return nil
	}
	var spec T
	if json.Unmarshal(text, &spec) != nil {
		return nil
	}
	return &spec
}

// labelsGiven asks the loader which labels documents get from patterns above them
// alone: an empty document in their place has just these.
func (c *compilation) labelsGiven(ctx context.Context, t *tenancy.Tenancy) (func(*document.Meta, string) map[string]string, error) {
	type question struct {
		kind     schema.Kind
		key, dir string
	}
	asked := map[question]map[string]string{}
	var pinned []load.Pinned
	for _, g := range t.GivenLabels() {
		q := question{g.Document.Kind, g.Document.Key, g.Dir}
		if _, ok := asked[q]; !ok {
			asked[q] = nil
			pinned = append(pinned, load.Pinned{Kind: q.kind, Key: q.key, Dir: q.dir, JSON: []byte("{}")})
		}
	}
	if len(pinned) > 0 {
		answers, err := c.loader.Hold(ctx, pinned)
		if err != nil {
			return nil, err
		}
		for i, a := range answers {
			q := question{pinned[i].Kind, pinned[i].Key, pinned[i].Dir}
			switch d := a.Document.(type) {
			case *document.Document[schema.LogicalCluster]:
				asked[q] = d.Spec.Labels
			case *document.Document[schema.Organization]:
				asked[q] = d.Spec.Labels
			}
		}
	}
	return func(m *document.Meta, dir string) map[string]string { return asked[question{m.Kind, m.Key, dir}] }, nil
}

// settle resolves, checks and places. Each round holds the documents that errors
// concern, until no error concerns a document that is not held yet; a document
// is held at most once, so this ends.
func (c *compilation) settle(ctx context.Context) error {
	placed := map[string]string{} // new logical clusters, for dividing their budgets
	standing := background(func() map[string]bool {
		out := make(map[string]bool, len(c.former.LogicalClusters))
		for key, pin := range c.former.LogicalClusters {
			out[key] = pin.Phase != pins.Gone
		}
		return out
	})
	var err error
	for {
		c.progress("resolving", 0, 0)
		t, findings := tenancy.Resolve(c.docs, c.tree, c.result.AsOf, c.published)
		if c.damaged != nil {
			return c.damaged
		}
		if c.forget(t) {
			continue
		}
		// First: what a set that breaks its promise does to others is none of their faults.
		broken := c.promises(t)
		if c.damaged != nil {
			return c.damaged
		}
		if names := c.concerned(broken); len(names) > 0 {
			if err := c.holdBroken(ctx, names, append(broken, findings...)); err != nil {
				return err
			}
			continue
		}
		findings = append(findings, broken...)
		findings = append(findings, c.unreadableOutput(t)...)
		c.lastGood(t)
		if t.LabelsGiven, err = c.labelsGiven(ctx, t); err != nil {
			return err
		}
		book, priced := cost.Read(t)
		bases, divided, err := c.divide(ctx, t, book, placed)
		if err != nil {
			return err
		}
		findings = append(append(findings, divided...), tenancy.Check(t, c.result.AsOf, standing(), c.changed)...)
		findings = append(findings, cost.Capped(t)...)
		policies, wrong := policy.Compile(t, c.docs, c.result.Sources)
		findings = append(append(findings, wrong...), policies.Evolve(c.moves())...)
		findings = append(findings, policies.Acquire(c.changed)...)
		findings = append(append(findings, priced...), cost.Bound(t, c.changed)...)
		given, found := c.compileImplicit(t)
		findings = append(findings, found...)
		names := c.concerned(findings)
		if len(names) == 0 {
			c.last.look() // placing leaves processors idle
			where, found := placement.Place(t, c.former, c.result.AsOf)
			sites := where.Sites
			costs := cost.Of(t, book, sites, bases)
			if again := costs.Replaced(c.former, placed); len(again) > 0 {
				maps.Copy(placed, again)
				continue // what is judged below follows from the budgets as they are divided there
			}
			found = append(found, cost.Check(t, costs, c.former, c.changed)...)
			findings = append(findings, found...)
			names = c.concerned(found)
			c.placed = where
			c.result.Tenancy, c.result.Sites, c.result.Policies, c.result.Costs, c.result.Implicit = t, sites, policies, costs, given
			if len(names) == 0 {
				denied := c.admit()
				findings = append(findings, denied...)
				names = c.concerned(denied)
			}
		}
		for _, f := range findings {
			c.report.Add(f.Diagnostic)
		}
		if len(names) == 0 {
			c.reportChanges()
			c.decide()
			c.loader = nil // it holds the syntax of the whole repo, and nothing is held from here on
			return nil
		}
		if err := c.holdAll(ctx, names); err != nil {
			return err
		}
	}
}

// holdBroken holds API sets that break their promise, and reports all that is
// wrong with them.
func (c *compilation) holdBroken(ctx context.Context, names []pins.DocumentID, findings []tenancy.Finding) error {
	for _, f := range findings {
		if slices.ContainsFunc(f.Concerns, func(name pins.DocumentID) bool { return slices.Contains(names, name) }) {
			c.report.Add(f.Diagnostic)
		}
	}
	return c.holdAll(ctx, names)
}

// holdAll holds documents that errors concern.
func (c *compilation) holdAll(ctx context.Context, names []pins.DocumentID) error {
	if err := c.hold(ctx, names); err != nil {
		return err
	}
	for _, name := range names {
		c.held[identity(name)] = true
	}
	return nil
}

// divide gives logical clusters the quotas that come from their budgets.
func (c *compilation) divide(ctx context.Context, t *tenancy.Tenancy, book *cost.Book, placed map[string]string) (cost.Bases, []tenancy.Finding, error) {
	return cost.Divide(t, book, cost.Dividing{
		Former: c.former, Changed: c.changed, Eligible: placement.Eligible(t), Placed: placed,
		Admitted: func(questions map[*tenancy.LogicalCluster][]load.Most) (map[*tenancy.LogicalCluster][]load.Admitted, error) {
			var pinned []load.Pinned
			var asked []*tenancy.LogicalCluster
			for _, lc := range t.LogicalClusters {
				if most := questions[lc]; len(most) > 0 {
					name := tenancy.ID(&lc.Meta)
					pinned = append(pinned, load.Pinned{Kind: lc.Kind, Key: lc.Key, Dir: lc.Dir, JSON: c.texts[name], Most: most})
					asked = append(asked, lc)
				}
			}
			answers, err := c.loader.Hold(ctx, pinned)
			if err != nil {
				return nil, err
			}
			out := make(map[*tenancy.LogicalCluster][]load.Admitted, len(asked))
			for i, lc := range asked {
				out[lc] = answers[i].Admitted
			}
			return out, nil
		},
	})
}

// unreadableOutput finds settings with which no GitOps engine could read the
// output. They are held like any other document: what an engine reads today is
// never taken away by them.
func (c *compilation) unreadableOutput(t *tenancy.Tenancy) []tenancy.Finding {
	findings := render.Check(t)
	if d := c.docs.Settings; d != nil && !d.Held {
		for i := range findings {
			findings[i].Concerns = []pins.DocumentID{tenancy.ID(&d.Meta)}
		}
	}
	return findings
}

// concerned lists the documents that errors concern and that are not held yet.
func (c *compilation) concerned(findings []tenancy.Finding) []pins.DocumentID {
	var out []pins.DocumentID
	for _, f := range findings {
		if f.Severity != diag.Error {
			continue
		}
		for _, name := range f.Concerns {
			if !c.held[identity(name)] {
				out = append(out, name)
			}
		}
	}
	sortIDs(out)
	return slices.Compact(out)
}

// decide gathers what the next run must go on from.
func (c *compilation) decide() {
	for _, key := range c.placed.Deserted {
		// A place that is kept keeps its document: without it nothing could be held.
		name := c.pinnedAs(pins.DocumentID{Kind: string(schema.KindLogicalClusters), Key: key})
		if text, ok := c.former.Documents[name]; ok {
			c.texts[name] = text
		}
	}
	c.recordAPIs()
	c.result.Documents = c.docs
	c.result.Former = c.former.LogicalClusters
	c.result.Pins = &pins.Pins{AsOf: c.result.AsOf, Documents: c.texts, LogicalClusters: c.result.Sites, Stored: c.placed.Stored}
	keepDefinitions(c.result.Pins, c.result.Tenancy)
	for name := range c.held {
		if name.Kind == string(schema.KindLogicalClusters) && c.result.Sites[name.Key] != nil {
			c.result.Held = append(c.result.Held, name.Key)
		}
	}
	slices.Sort(c.result.Held)
	c.result.LeftOut = c.leftOut()
}

func (c *compilation) leftOut() []string {
	var out []string
	leave := func(kind, key string) {
		if kind == string(schema.KindLogicalClusters) && c.result.Sites[key] == nil {
			out = append(out, key)
		}
	}
	for _, f := range c.failures {
		leave(string(f.Kind), f.Key)
	}
	for name := range c.lost {
		leave(name.Kind, name.Key)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sortIDs(names []pins.DocumentID) {
	slices.SortFunc(names, func(a, b pins.DocumentID) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Key, b.Key), strings.Compare(a.Dir, b.Dir))
	})
}
