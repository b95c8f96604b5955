// Package hold lets an error in a document change nothing but that document: it puts
// the last good version in its place, compiled under today's patterns and policies.
//
// Fixpoint does so in rounds. A round resolves the documents and judges them; those
// that an error concerns are held, which may bring other errors to light, and the next
// round begins. A document is held at most once, so this ends. A document that can't be
// evaluated, or that disappeared without being declared deleted, is held before the
// first round.
package hold

import (
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
	// Loader evaluates last good documents under today's patterns.
	Loader *load.Loader
	// Documents are those of the repo, and Texts the same as JSON, by the name that the
	// pins have for each.
	Documents *document.Documents
	Texts     map[pins.DocumentID]json.RawMessage
	// Failures are what could not be evaluated.
	Failures []load.Failure
	// Pins are the decisions of the last build.
	Pins     *pins.Pins
	LastGood *LastGood
	// First are documents that are held before the first round.
	First []pins.DocumentID
}

// Verdict is what judging the documents of a round came to.
type Verdict struct {
	// Findings are reported.
	Findings []tenancy.Finding
	// Hold are the documents to hold. If there are none, the rounds end.
	Hold []pins.DocumentID
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
	h := &holder{Start: start, gone: map[pins.DocumentID]bool{}}
	docs := &Documents{Documents: start.Documents, Texts: start.Texts, LastGood: start.LastGood,
		held: map[pins.DocumentID]bool{}, lost: map[pins.DocumentID]bool{}}
	if docs, err = h.hold(ctx, docs, start.First); err != nil {
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
		for _, f := range verdict.Findings {
			h.found = append(h.found, f.Diagnostic)
		}
		if len(verdict.Hold) == 0 {
			return made, h.found, nil
		}
		if docs, err = h.hold(ctx, docs, verdict.Hold); err != nil {
			return result, h.found, err
		}
	}
}

// holder is the state between two rounds.
type holder struct {
	Start
	// claims are the former keys that documents named before any was held.
	claims map[string]bool
	// gone are documents that disappeared while others may depend on them.
	gone  map[pins.DocumentID]bool
	found []diag.Diagnostic
}

// hold puts the last good versions of documents in the place of those in error, and of
// those that are missing, which holding one may change: a key that it claimed to have had
// before is then missing a successor.
func (h *holder) hold(ctx context.Context, docs *Documents, ids []pins.DocumentID) (*Documents, error) {
	concerned := ids
	for {
		if len(ids) > 0 {
			docs = docs.clone()
			if err := h.restore(ctx, docs, ids); err != nil {
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
		held.held[identity(id)] = true
	}
	return &held, nil
}

// restore puts last good versions into docs. A document that has none, or one that can no
// longer be read, is left out, and is not looked for again.
func (h *holder) restore(ctx context.Context, docs *Documents, ids []pins.DocumentID) error {
	docs.remove(ids)
	var pinned []eval.Pinned
	for _, id := range ids {
		if text, ok := h.LastGood.text(id); ok {
			pinned = append(pinned, eval.Pinned{Kind: schema.Kind(id.Kind), Key: id.Key, Dir: id.Dir, JSON: text})
		}
	}
	if len(pinned) == 0 {
		return nil
	}
	held, err := h.Loader.Hold(ctx, pinned)
	if err != nil {
		return err
	}
	var documents []document.Any
	texts := map[pins.DocumentID]json.RawMessage{}
	for i, one := range held {
		h.found = append(h.found, one.Diagnostics...)
		if one.Document != nil {
			p := pinned[i]
			documents = append(documents, one.Document)
			texts[pins.DocumentID{Kind: p.Kind, Key: p.Key, Dir: p.Dir}] = p.JSON
		}
	}
	docs.put(documents, texts)
	return nil
}
