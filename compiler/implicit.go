package compiler

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// locks are the implicit documents compared with what their locks accepted.
type locks struct {
	changes []*implicit.Change
	// accepted are the texts that locks hold, as far as they can be read.
	accepted map[document.ID]json.RawMessage
	// differ are the documents that do not count as they are: what their locks accepted,
	// or what was last built, is to take their place.
	differ   []document.ID
	problems []diag.Diagnostic
}

func implicitID(dir, key string) document.ID {
	return document.ID{Kind: schema.KindImplicit, Key: key, Dir: dir}
}

// readLocks reads the implicit documents with their files, compares them with their
// locks.
func readLocks(s *Snapshot, loaded *load.Result) *locks {
	out := &locks{accepted: map[document.ID]json.RawMessage{}}
	changes := map[document.ID]*implicit.Change{}
	for _, l := range implicit.Locks(s.Tree) {
		id := implicitID(l.Dir, l.Key)
		change := &implicit.Change{Dir: l.Dir, Key: l.Key, Status: implicit.Gone, Lock: l}
		if l.Damage == "" {
			out.accepted[id] = l.JSON()
		} else {
			change.Status = implicit.Damaged
		}
		changes[id] = change
	}
	for _, d := range loaded.Documents.Implicit {
		id := d.Meta.ID()
		proposed := implicit.Read(d, s.Tree)
		if changes[id] == nil {
			changes[id] = &implicit.Change{Dir: d.Dir, Key: d.Key, Status: implicit.Unlocked}
			if proposed.Locked {
				changes[id].Status = implicit.New
			}
		}
		changes[id].Propose(proposed)
		out.problems = append(out.problems, proposed.Problems...)
	}
	for id, change := range changes {
		out.changes = append(out.changes, change)
		if change.Status == implicit.Gone && change.Proposed == nil && hold.Failed(loaded.Failures, id) {
			change.Status = implicit.Accepted // what could not be evaluated may well be there
			out.differ = append(out.differ, id)
		} else if change.Pending() || change.Invalid {
			out.differ = append(out.differ, id)
		}
	}
	slices.SortFunc(out.changes, func(a, b *implicit.Change) int { return strings.Compare(a.Ref(), b.Ref()) })
	slices.SortFunc(out.differ, document.ID.Compare)
	return out
}

// pendingChanges says which implicit documents wait to be accepted, and what that would
// do.
func pendingChanges(changes []*implicit.Change, t *tenancy.Tenancy, given *implicit.Set) (out []diag.Diagnostic) {
	for _, change := range changes {
		if !change.Pending() {
			continue
		}
		for _, f := range change.Compare(t, given) {
			out = append(out, f.Diagnostic)
			change.Invalid = change.Invalid || f.Severity == diag.Error
		}
		out = append(out, pending(change))
	}
	return out
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

// ungivable returns the findings about implicit objects that do not go to logical
// clusters because of the engines there.
func ungivable(f *facts) (out []tenancy.Finding) {
	engines := f.tenancy.Targets.Engines
	for i := range engines {
		out = append(out, f.implicit.Ungivable(&engines[i], placedWith(engines[i].Name, f.desired.States))...)
	}
	return out
}

// placedWith returns the logical clusters on physical clusters with an engine.
func placedWith(engine schema.Engine, states []desired.State) []string {
	var out []string
	for i := range states {
		if s := &states[i]; s.Engine == engine {
			out = append(out, s.Key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
