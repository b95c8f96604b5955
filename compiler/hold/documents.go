package hold

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Documents are the documents of one round: those of the repo, and the last good ones
// in the place of those in error. They do not change once they are made.
type Documents struct {
	*document.Documents
	// Texts are the documents as JSON, by the name that the pins have for each.
	Texts map[pins.DocumentID]json.RawMessage
	// LastGood are the documents of the last build.
	LastGood *LastGood

	// held are documents that were held: a last good one stands in for them, or they
	// are lost.
	held map[pins.DocumentID]bool
	// lost are documents that are left out: nothing is to stand in for them.
	lost map[pins.DocumentID]bool
}

// Changed reports whether a document differs from its last good version, or has none.
func (d *Documents) Changed(kind schema.Kind, key, dir string) bool {
	id := pins.DocumentID{Kind: kind, Key: key, Dir: dir}
	text, ok := d.Texts[id]
	return !ok || !d.LastGood.unchanged(id, text)
}

// Concerned lists the documents that errors concern and that are not held yet.
func (d *Documents) Concerned(findings []tenancy.Finding) []pins.DocumentID {
	var out []pins.DocumentID
	for _, f := range findings {
		if f.Severity != diag.Error {
			continue
		}
		for _, id := range f.Concerns {
			if !d.held[identity(id)] {
				out = append(out, id)
			}
		}
	}
	pins.SortIDs(out)
	return slices.Compact(out)
}

// Held lists the keys of the documents of a kind that were held, sorted.
func (d *Documents) Held(kind schema.Kind) []string { return keys(d.held, kind) }

// Lost lists the keys of the documents of a kind for which nothing stands in, sorted.
func (d *Documents) Lost(kind schema.Kind) []string { return keys(d.lost, kind) }

func keys(ids map[pins.DocumentID]bool, kind schema.Kind) []string {
	var out []string
	for id := range ids {
		if id.Kind == kind {
			out = append(out, id.Key)
		}
	}
	slices.Sort(out)
	return out
}

// clone returns a copy that may be changed until it is handed on.
func (d *Documents) clone() *Documents {
	out := *d
	out.Texts, out.held, out.lost = maps.Clone(d.Texts), maps.Clone(d.held), maps.Clone(d.lost)
	return &out
}

// remove takes documents out, for which nothing stands in until put says so.
func (d *Documents) remove(ids []pins.DocumentID) {
	all := make([]document.ID, len(ids))
	for i, id := range ids {
		all[i] = document.ID{Kind: schema.Kind(id.Kind), Key: id.Key, Dir: id.Dir}
		d.lost[identity(id)] = true
	}
	for _, m := range d.Find(all...) {
		delete(d.Texts, tenancy.ID(m))
	}
	d.Documents = d.Without(all...)
}

// put takes last good documents in, with their texts.
func (d *Documents) put(held []document.Any, texts map[pins.DocumentID]json.RawMessage) {
	d.Documents = d.With(held...)
	for id, text := range texts {
		d.Texts[id] = text
		d.held[identity(id)] = true
		delete(d.lost, identity(id))
	}
}

// identity drops the directory where it is not part of a document's identity, so that a
// document keeps it when it moves.
func identity(id pins.DocumentID) pins.DocumentID { return id.Identity() }

// isLocal reports whether the directory is part of what identifies a document.
func isLocal(kind schema.Kind) bool {
	k := document.KindOf(kind)
	return k != nil && k.Local
}

// FormerPaths returns which organizations had which paths before.
func (d *Documents) FormerPaths() map[string][]string {
	out := map[string][]string{}
	for _, o := range d.Organizations {
		if len(o.Spec.Formerly) > 0 {
			out[o.Key] = o.Spec.Formerly
		}
	}
	return out
}
