package hold

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/tenantry/tenantry/compiler/load"
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
	Texts map[document.ID]json.RawMessage
	// LastGood are the documents of the last build.
	LastGood *LastGood

	// held are documents that were held: a last good one stands in for them, or they
	// are lost.
	held map[document.ID]bool
	// beside are documents that are as they were since what their own file uses was put
	// back.
	beside map[document.ID]bool
	// lost are documents that are left out: nothing is to stand in for them.
	// The value is the directory that declares it.
	lost map[document.ID]string
	// from are the texts that held documents come from.
	from map[document.ID]textID
	pins *pins.Pins
	view *load.View
	// failures are what could not be evaluated.
	failures []load.Failure
}

// View returns what the directories say of which the documents are.
func (d *Documents) View() *load.View { return d.view }

// Changed reports whether a document differs from its last good version, or has none.
func (d *Documents) Changed(kind schema.Kind, key, dir string) bool {
	id := document.ID{Kind: kind, Key: key, Dir: dir}
	text, ok := d.Texts[id]
	return !ok || !d.LastGood.unchanged(id, text)
}

// Differing lists the documents that are not as the pins have them: those that changed, that
// moved, that are new or that are gone. They are in no order. Of two releases, one may write
// the same document in another way than the other; that is no difference.
func (d *Documents) Differing() (out []document.ID) {
	for id, text := range d.Texts {
		if pinned, ok := d.pins.Documents[id]; !ok || !sameJSON(pinned, text) {
			out = append(out, id)
		}
	}
	for id := range d.pins.Documents {
		if _, ok := d.Texts[id]; !ok {
			out = append(out, id)
		}
	}
	return out
}

func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// LastGoods returns the documents that are held and for which a last good version stands in.
func (d *Documents) LastGoods() []*document.Meta {
	if len(d.held) == 0 {
		return nil
	}
	var ids []document.ID
	for id := range d.Texts {
		if d.held[id.Identity()] {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, document.ID.Compare)
	return d.Find(ids...)
}

// Concerned lists the documents that errors concern and that are not held yet.
func (d *Documents) Concerned(findings []tenancy.Finding) []document.ID {
	var out []document.ID
	for _, f := range findings {
		if f.Severity != diag.Error {
			continue
		}
		for _, id := range f.Concerns {
			if !d.held[id.Identity()] {
				out = append(out, id)
			}
		}
	}
	slices.SortFunc(out, document.ID.Compare)
	return slices.Compact(out)
}

// Held lists the keys of the documents of a kind that were held, sorted.
func (d *Documents) Held(kind schema.Kind) []string {
	out := append(keys(d.held, kind), keys(d.beside, kind)...)
	slices.Sort(out)
	return slices.Compact(out)
}

// Lost lists the keys of the documents of a kind for which nothing stands in, sorted.
func (d *Documents) Lost(kind schema.Kind) []string { return keys(d.lost, kind) }

func (d *Documents) isLost(id document.ID) bool { _, lost := d.lost[id.Identity()]; return lost }

// Settled returns the documents without what the directories say, which holds the syntax of
// the whole repo: nothing is to be held any more, and no question to be asked.
func (d *Documents) Settled() *Documents {
	out := *d
	out.view = nil
	return &out
}

// Failed lists the keys of the documents of a kind that could not be evaluated.
func (d *Documents) Failed(kind schema.Kind) (out []string) {
	for _, f := range d.failures {
		if f.Kind == kind {
			out = append(out, f.Key)
		}
	}
	return out
}

func keys[V any](ids map[document.ID]V, kind schema.Kind) []string {
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
	out.Texts, out.held, out.lost, out.from = maps.Clone(d.Texts), maps.Clone(d.held), maps.Clone(d.lost), maps.Clone(d.from)
	return &out
}

// remove takes documents out, for which nothing stands in until put says so.
func (d *Documents) remove(ids []document.ID) {
	all := make([]document.ID, len(ids))
	for i, id := range ids {
		all[i] = document.ID{Kind: id.Kind, Key: id.Key, Dir: id.Dir}
		d.lost[id.Identity()] = id.Dir
	}
	for _, m := range d.Find(all...) {
		delete(d.Texts, m.ID())
	}
	d.Documents = d.Without(all...)
}

// put takes last good documents in, with their texts.
func (d *Documents) put(held []document.Any, texts map[document.ID]json.RawMessage) {
	d.Documents = d.With(held...)
	for id, text := range texts {
		d.Texts[id] = text
		d.held[id.Identity()] = true
		delete(d.lost, id.Identity())
	}
}
