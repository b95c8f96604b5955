package load

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/tenantry/tenantry/compiler/load/eval"
	"github.com/tenantry/tenantry/compiler/load/syntax"
	"github.com/tenantry/tenantry/internal/store"
)

// Evaluated holds what runs of one process have evaluated, for each other: what is
// equal on two sides of a comparison is decoded once. The zero value is ready for
// use. Outcomes are never changed, so that runs can share them.
type Evaluated struct{ syntax, outcomes, limits sync.Map }

func recall[T any](m *sync.Map, key store.Key) (v T, ok bool) {
	found, ok := m.Load(key)
	if ok {
		v = found.(T)
	}
	return v, ok
}

// analyzeAll reads the syntax of all files, a directory at a time.
func (l *Loader) analyzeAll(ctx context.Context, language string, dirs [][]*syntax.File) error {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range l.options.Workers {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(dirs) || ctx.Err() != nil {
					return
				}
				l.analyzeDirectory(language, dirs[i])
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

func (l *Loader) analyzeDirectory(language string, files []*syntax.File) {
	h := store.NewKey(l.options.Build, "syntax").String(language)
	for _, f := range files {
		h.String(f.Path).Bytes(f.Digest[:])
	}
	key := h.Key()
	stored, ok := recall[[]*syntax.Analysis](&l.options.Evaluated.syntax, key)
	if !ok && !l.options.Cache.Disabled() {
		ok = l.options.Cache.Load(key, &stored)
	}
	if ok && len(stored) == len(files) {
		for i, f := range files {
			f.Analysis = stored[i]
		}
		l.options.Evaluated.syntax.Store(key, stored)
		return
	}
	all := make([]*syntax.Analysis, len(files))
	for i, f := range files {
		f.Analysis = syntax.Analyze(f.File, language)
		all[i] = f.Analysis
	}
	l.options.Evaluated.syntax.Store(key, all)
	l.options.Cache.Save(key, &all)
}

// key identifies the outcome of a directory: all that it depends on.
func (l *Loader) key(repo *syntax.Repo, d *syntax.Directory, in []syntax.Input) store.Key {
	return l.addInputs(store.NewKey(l.options.Build, "directory"), repo, in).String(d.Path).Key()
}

// addInputs adds all that an instance depends on.
func (l *Loader) addInputs(h *store.Hasher, repo *syntax.Repo, in []syntax.Input) *store.Hasher {
	h.Bytes(l.schemaDigest[:]).Bytes(repo.ModuleText())
	var libs []*syntax.Library
	for _, i := range in {
		own := 0
		if i.Own {
			own = 1
		}
		digest := repo.Digest(i)
		h.String(i.File.Path).Int(own).Bytes(digest[:])
		libs = append(libs, repo.Libraries(i.File)...)
	}
	seen := map[*syntax.Library]bool{}
	for _, lib := range libs {
		if seen[lib] {
			continue
		}
		seen[lib] = true
		h.String(lib.Path)
		for _, f := range lib.Files {
			h.String(f.Path).Bytes(f.Digest[:])
		}
	}
	return h
}

func (l *Loader) cachedOutcome(key store.Key) (o eval.Outcome, ok bool) {
	if o, ok := recall[eval.Outcome](&l.options.Evaluated.outcomes, key); ok || l.options.Cache.Disabled() {
		return o, ok
	}
	var stored storedOutcome
	if !l.options.Cache.Load(key, &stored) {
		return o, false
	}
	o = stored.outcome()
	l.options.Evaluated.outcomes.Store(key, o)
	return o, true
}

func (l *Loader) putOutcome(key store.Key, o eval.Outcome) {
	l.options.Evaluated.outcomes.Store(key, o)
	if !l.options.Cache.Disabled() {
		stored := storedForm(o)
		l.options.Cache.Save(key, &stored)
	}
}
