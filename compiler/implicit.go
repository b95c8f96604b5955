package compiler

import (
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

func implicitID(dir, key string) pins.DocumentID {
	return pins.DocumentID{Kind: string(schema.KindImplicit), Key: key, Dir: dir}
}

// readImplicit reads the implicit documents with their files and compares them
// with their locks. It returns the documents that do not count as they stand: what
// their locks accepted, or what was last built, is to stand in for them.
func (c *compilation) readImplicit() []pins.DocumentID {
	c.locks = map[pins.DocumentID]*implicit.Lock{}
	changes := map[pins.DocumentID]*implicit.Change{}
	for _, l := range implicit.Locks(c.tree) {
		name := implicitID(l.Dir, l.Key)
		change := &implicit.Change{Dir: l.Dir, Key: l.Key, Status: implicit.Gone, Lock: l}
		if l.Damage == "" {
			c.locks[name] = l
		} else {
			change.Status = implicit.Damaged
		}
		changes[name] = change
	}
	for _, d := range c.docs.Implicit {
		name := tenancy.ID(&d.Meta)
		s := implicit.Read(d, c.tree)
		c.texts[name] = s.JSON()
		change := changes[name]
		if change == nil {
			change = &implicit.Change{Dir: d.Dir, Key: d.Key, Status: implicit.Unlocked}
			if s.Locked {
				change.Status = implicit.New
			}
			changes[name] = change
		}
		change.Proposed = s
		if l := change.Lock; l != nil && l.Damage == "" && s.Locked {
			change.Status, change.Content, change.Selector = implicit.Accepted, !l.SameContent(s), !l.SameSelector(s)
			if change.Content || change.Selector {
				change.Status = implicit.Changed
			}
		}
		if len(s.Problems) > 0 {
			change.Invalid = true
			c.report.Add(s.Problems...)
		}
	}
	var out []pins.DocumentID
	for name, change := range changes {
		c.changes = append(c.changes, change)
		if change.Status == implicit.Gone && change.Proposed == nil && failed(c.failures, name) {
			change.Status = implicit.Accepted // what could not be evaluated may well be there
			out = append(out, name)
		} else if change.Pending() || change.Invalid {
			out = append(out, name)
		}
	}
	slices.SortFunc(c.changes, func(a, b *implicit.Change) int { return strings.Compare(a.Ref(), b.Ref()) })
	sortIDs(out)
	for _, name := range out {
		c.held[name] = true
	}
	return out
}

// compileImplicit works out which logical cluster gets which implicit objects.
func (c *compilation) compileImplicit(t *tenancy.Tenancy) (*implicit.Set, []tenancy.Finding) {
	sources := make([]*implicit.Source, len(c.docs.Implicit))
	for i, d := range c.docs.Implicit {
		sources[i] = implicit.Read(d, c.tree)
	}
	return implicit.Compile(t, sources)
}

// reportChanges says which implicit documents wait to be accepted, and what that
// would do.
func (c *compilation) reportChanges() {
	r := c.result
	for _, change := range c.changes {
		if !change.Pending() {
			continue
		}
		for _, f := range change.Compare(r.Tenancy, r.Implicit) {
			c.report.Add(f.Diagnostic)
			change.Invalid = change.Invalid || f.Severity == diag.Error
		}
		c.report.Add(pending(change))
	}
	r.Changes = c.changes
}

// pending is what there is to say of a document that waits to be accepted.
func pending(change *implicit.Change) diag.Diagnostic {
	ref := change.Ref()
	about := (&document.Meta{Kind: schema.KindImplicit, Key: change.Key}).String()
	at := diag.Position{}
	if change.Proposed != nil {
		at = change.Proposed.Pos
	}
	var d diag.Diagnostic
	switch change.Status {
	case implicit.New:
		d = diag.New(diag.LockMissing, at, "%s was not accepted yet; accepting it %s", ref, change.Summary())
	case implicit.Changed:
		what := "what it gives"
		switch {
		case change.Content && change.Selector:
			what = "what it gives and whom it reaches"
		case change.Selector:
			what = "whom it reaches"
		}
		d = diag.New(diag.LockDiffers, at, "%s changed %s since it was accepted; accepting it %s", ref, what, change.Summary()).
			See(change.Lock.Pos(), "this is what was accepted, and holds")
	case implicit.Damaged:
		d = diag.New(diag.LockDamaged, change.Lock.Pos(), "the lock of %s is damaged: %s", ref, change.Lock.Damage).See(at, "the document stands here")
	default:
		why := "is gone"
		if change.Proposed != nil {
			why = "is not locked any more"
		}
		d = diag.New(diag.LockStale, change.Lock.Pos(), "%s %s, and its lock still holds it; accepting that %s", ref, why, change.Summary()).
			See(at, "the document stands here")
	}
	if d = d.About(about); change.Invalid {
		return d // it must be mended first
	}
	return d.Suggest("tenantry lock --accept %s", ref)
}

// onArgo returns the logical clusters that stand on physical clusters with Argo
// CD.
func (c *compilation) onArgo() []string {
	var out []string
	for i := range c.result.States {
		if s := &c.result.States[i]; s.Engine == string(schema.Argo) {
			out = append(out, s.Key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
