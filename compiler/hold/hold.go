// Package hold lets an error in a document change nothing but that document: it puts
// the last good version in its place, compiled under today's patterns and policies.
//
// Fixpoint does so in rounds. A round resolves the documents and judges them; those
// that an error concerns are held, which may bring other errors to light, and the next
// round begins. A document is held at most once, so this ends. A document that can't be
// evaluated, or that disappeared without being declared deleted, is held before the
// first round.
//
// What is put back is text and never a value that is unified with what the directory says
// today. The pins have the text of each directory as it was last evaluated. It is
// evaluated again by itself, under the directories that are above it today, and the held
// documents are taken from there. So nothing that the directory says today about a
// document in error counts, in whichever way it says it, and all that is said above does.
// A document whose directory has been evaluated from another text since keeps the older
// one, until it is mended: an error that follows another never brings back what was taken
// away between them.
//
// Where nothing of a directory can be evaluated, the files in error are put back in the
// directory itself, with those that they are bound to, so that the directories below have
// its limits and names; else all of its files.
package hold

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Start is what the rounds start from.
type Start struct {
	// Loaded is what the repo says today.
	Loaded *load.Result
	// Texts returns documents as JSON, by the names that the pins have for them.
	Texts func(*document.Documents) map[document.ID]json.RawMessage
	// Pins are the decisions of the last build.
	Pins     *pins.Pins
	LastGood *LastGood
	// First are documents that are held before the first round.
	First []document.ID
}

// Verdict is what judging the documents of a round came to.
type Verdict struct {
	// Findings are reported.
	Findings []tenancy.Finding
	// Hold are the documents to hold. If there are none, the rounds end.
	Hold []document.ID
	// Again asks for the same documents to be judged once more: nothing is reported and
	// nothing held.
	Again bool
}

// Stages are what happens to the documents of a round.
type Stages[R any] struct {
	// Resolve returns what the documents mean, and what is wrong with that.
	Resolve func(*Documents) (*tenancy.Tenancy, []tenancy.Finding, error)
	// Judge returns what is made of a tenancy, and the verdict on its documents.
	// resolved is what Resolve found; the verdict reports it where it is to be reported.
	Judge func(ctx context.Context, d *Documents, t *tenancy.Tenancy, resolved []tenancy.Finding) (R, Verdict, error)
}

// Fixpoint holds documents until no error concerns one that is not held. It returns what
// the last round made, and everything that was found on the way.
func Fixpoint[R any](ctx context.Context, start Start, stages Stages[R]) (result R, found []diag.Diagnostic, err error) {
	h := newHolder(start)
	var causes causes
	docs, err := h.begin(ctx)
	if err != nil {
		return result, h.found, err
	}
	for {
		t, resolved, err := stages.Resolve(docs)
		if err != nil {
			return result, h.found, err
		}
		if next := h.forget(docs, t); next != docs {
			docs = next
			continue
		}
		made, verdict, err := stages.Judge(ctx, docs, t, resolved)
		if err != nil {
			return result, h.found, err
		}
		if verdict.Again {
			continue
		}
		causes.add(verdict.Findings)
		if len(verdict.Hold) == 0 {
			return made, append(h.found, causes.reported(h.unread)...), nil
		}
		if docs, err = h.hold(ctx, docs, verdict.Hold); err != nil {
			return result, h.found, err
		}
	}
}

// holder is the state between two rounds.
type holder struct {
	Start
	// view is what the directories say, as far as anything of them can be evaluated.
	view *load.View
	// failures are what could not be evaluated.
	failures []load.Failure
	// put counts, for each directory, how often its text was put back.
	put map[string]int
	// today are the documents of the repo as it is, as JSON.
	today map[document.ID]json.RawMessage
	// former are the former texts that were evaluated, under what view says.
	former map[textID]*load.FormerDocuments
	// claims are the former keys that documents named before any was held.
	claims map[string]bool
	// gone are documents that disappeared while others may depend on them.
	gone  map[document.ID]bool
	found []diag.Diagnostic
}

func newHolder(start Start) *holder {
	return &holder{Start: start, put: map[string]int{}, former: map[textID]*load.FormerDocuments{}, gone: map[document.ID]bool{}}
}

// begin puts back the texts of directories of which nothing could be evaluated, and holds
// what is missing before the first round.
func (h *holder) begin(ctx context.Context) (*Documents, error) {
	loaded, err := h.revive(ctx, h.Loaded)
	if err != nil {
		return nil, err
	}
	if loaded != h.Loaded {
		h.today = h.Texts(h.Loaded.Documents)
	}
	docs, held := h.take(loaded)
	if h.today == nil {
		h.today = docs.Texts
	}
	return h.hold(ctx, docs, append(held, h.First...))
}

// take returns the documents of a view, none of which is held by itself, and those that
// are to be held since the directory has them from a text that was put back.
func (h *holder) take(r *load.Result) (*Documents, []document.ID) {
	h.view, h.failures = r.View, r.Failures
	clear(h.former)
	docs := &Documents{Documents: r.Documents, Texts: h.Texts(r.Documents), LastGood: h.LastGood, pins: h.Pins, view: r.View, failures: r.Failures,
		held: map[document.ID]bool{}, beside: map[document.ID]bool{}, lost: map[document.ID]string{}, from: map[document.ID]textID{}}
	var again []document.ID
	for m := range docs.All() {
		if !m.Held {
			if id := m.ID(); r.View.PutBack(m) && !bytes.Equal(docs.Texts[id], h.today[id]) {
				docs.beside[id.Identity()] = true
			}
			continue
		}
		if id := m.ID(); m.Kind == schema.KindImplicit || h.textOf(id).generation != 0 {
			again = append(again, id)
		} else {
			docs.held[id.Identity()] = true
		}
	}
	return docs, again
}

// hold puts the last good versions of documents in the place of those in error, of
// those that can't be told apart from them, and of those that are missing, which holding
// one may change: a key that it claimed to have had before is then missing a successor.
func (h *holder) hold(ctx context.Context, docs *Documents, ids []document.ID) (*Documents, error) {
	concerned := ids
	for {
		if len(ids) > 0 {
			if next, err := h.replace(ctx, docs, ids); err != nil {
				return nil, err
			} else if next != nil {
				docs = next
			}
			docs = docs.clone()
			if err := h.restore(ctx, docs, h.widen(docs, ids)); err != nil {
				return nil, err
			}
		}
		if ids = h.missing(docs); len(ids) == 0 {
			break
		}
	}
	if len(concerned) == 0 {
		return docs, nil
	}
	held := *docs
	held.held = maps.Clone(docs.held)
	for _, id := range concerned {
		held.held[id.Identity()] = true
	}
	return &held, nil
}

// restore puts last good versions into docs. A document that has none, or one that can no
// longer be read, is left out, and is not looked for again.
func (h *holder) restore(ctx context.Context, docs *Documents, ids []document.ID) error {
	docs.remove(ids)
	var restored restored
	if err := h.evaluateFormer(ctx, ids); err != nil {
		return err
	}
	for _, id := range ids {
		h.restoreOne(&restored, id)
	}
	held, err := h.view.Hold(ctx, restored.values)
	if err != nil {
		return err
	}
	for i, one := range held {
		p := restored.values[i]
		restored.add(document.ID{Kind: p.Kind, Key: p.Key, Dir: p.Dir}, one.Document, p.JSON)
		h.found = append(h.found, one.Diagnostics...)
	}
	docs.put(restored.documents, restored.texts)
	maps.Copy(docs.from, restored.from)
	return nil
}

// restored are last good versions that take the place of documents.
type restored struct {
	documents []document.Any
	// texts are the documents as JSON, and from the texts of directories that they come
	// from.
	texts map[document.ID]json.RawMessage
	from  map[document.ID]textID
	// values are documents that are held as values: no text of a directory has them.
	values []eval.Pinned
}

func (r *restored) add(id document.ID, d document.Any, text json.RawMessage) {
	if d == nil {
		return
	}
	if r.texts == nil {
		r.texts = map[document.ID]json.RawMessage{}
	}
	r.documents, r.texts[id] = append(r.documents, d), text
}

// restoreOne finds the last good version of one document: in the text of its directory
// that it was evaluated from, under the directories that are above it today, else as the
// value that it was.
func (h *holder) restoreOne(r *restored, id document.ID) {
	text, ok := h.LastGood.text(id)
	if !ok {
		return
	}
	id = h.LastGood.ID(id)
	value := eval.Pinned{Kind: id.Kind, Key: id.Key, Dir: id.Dir, JSON: text, Above: true}
	from := h.textOf(id)
	if from.generation >= 0 {
		if r.from == nil {
			r.from = map[document.ID]textID{}
		}
		r.from[id] = from
	}
	former := h.former[from]
	if former == nil || h.byValue(id, nil) {
		r.values = append(r.values, value)
		return
	}
	d, problems := former.Document(value.Kind, id.Key)
	switch {
	case d != nil && h.byValue(id, d):
		r.values = append(r.values, value)
	case d != nil:
		r.add(id, d, h.Texts(document.Gather([]document.Any{d}))[id])
	case len(problems) > 0 && id.Kind != schema.KindImplicit: // which may be what nobody accepted
		refused := h.view.Refused(value, problems...)
		h.found = append(h.found, refused.Diagnostics...)
		r.add(id, refused.Document, text)
	default:
		r.values = append(r.values, value)
	}
}
