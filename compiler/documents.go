package compiler

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
)

// Documents are what the repo declares, before any document is held.
type Documents struct {
	start hold.Start
	// changes are the implicit documents compared with their locks.
	changes     []*implicit.Change
	diagnostics []diag.Diagnostic
}

// loadDocuments evaluates the repo, and reads beside it what was decided before.
func loadDocuments(ctx context.Context, o *Options, s *Snapshot, last *lastBuild, clock *clock) (*Documents, *History, error) {
	defer clock.start(stageLoad)()
	var former func(kind schema.Kind, key string) (dir string, ok bool)
	loader := load.New(s.Tree, load.Options{
		Cache: o.Cache, Evaluated: o.Evaluated, Workers: o.Workers, Build: o.Build, Timeout: o.Timeout, Refused: s.unread(),
		Targets:    o.Targets.Table(),
		OnProgress: func(done, total int) { o.progress("evaluating directories", done, total) },
		Former:     func(kind schema.Kind, key string) (string, bool) { return former(kind, key) },
	})
	evaluating, stop := context.WithCancel(ctx)
	defer stop()
	var history *History
	var good *hold.LastGood
	reading := background(func() (err error) {
		if history, err = readHistory(ctx, o, last, clock); err != nil {
			stop()
			return err
		}
		good = hold.NewLastGood(history.Pins)
		return nil
	})
	former = func(kind schema.Kind, key string) (string, bool) {
		if reading() != nil {
			return "", false
		}
		return good.Dir(kind, key)
	}
	loaded, err := loader.Load(evaluating)
	if err := cmp.Or(reading(), err); err != nil {
		return nil, nil, err
	}
	locks := readLocks(s, loaded)
	return &Documents{
		start: hold.Start{
			Loaded: loaded, Texts: func(d *document.Documents) map[document.ID]json.RawMessage { return takeTexts(d, s) },
			Pins: history.Pins, LastGood: good.Accept(locks.accepted), First: locks.differ,
		},
		changes:     locks.changes,
		diagnostics: append(locks.problems, loaded.Diagnostics...),
	}, history, nil
}

// takeTexts returns every document as JSON, by the name that the pins have for
// it, and takes it out of the document: it is not needed twice. Implicit documents come
// with the content of their files.
func takeTexts(d *document.Documents, s *Snapshot) map[document.ID]json.RawMessage {
	out := make(map[document.ID]json.RawMessage, d.Len())
	for m := range d.All() {
		out[m.ID()] = m.Text
		m.Text = nil
	}
	for _, d := range d.Implicit {
		out[d.Meta.ID()] = implicit.Read(d, s.Tree).JSON()
	}
	return out
}
