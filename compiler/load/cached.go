package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/store"
)

// typeDigest identifies the layout of what is stored, so that a changed type or
// encoding is never read from an entry of another build.
func typeDigest() string {
	var b strings.Builder
	b.WriteString(form + ";")
	seen := map[reflect.Type]bool{}
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		b.WriteString(t.String() + ";")
		if seen[t] {
			return
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice:
			visit(t.Elem())
		case reflect.Map:
			visit(t.Key())
			visit(t.Elem())
		case reflect.Struct:
			for i := range t.NumField() {
				b.WriteString(t.Field(i).Name + " ")
				visit(t.Field(i).Type)
			}
		}
	}
	visit(reflect.TypeFor[outcome]())
	visit(reflect.TypeFor[analysis]())
	for _, k := range kinds {
		visit(reflect.TypeOf(k.New()))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

// Evaluated holds what runs of one process have evaluated, for each other: what is
// equal on two sides of a comparison is decoded once. The zero value is ready for
// use. Outcomes are never changed, so that runs can share them.
type Evaluated struct{ syntax, outcomes sync.Map }

func recall[T any](m *sync.Map, key store.Key) (v T, ok bool) {
	found, ok := m.Load(key)
	if ok {
		v = found.(T)
	}
	return v, ok
}

// analyzeAll reads the syntax of all files, a directory at a time.
func (l *Loader) analyzeAll(ctx context.Context, dirs []string) error {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range l.options.Workers {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(dirs) || ctx.Err() != nil {
					return
				}
				if !strings.HasPrefix(dirs[i]+"/", "cue.mod/") {
					l.analyzeDirectory(l.byDir[dirs[i]])
				}
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

func (l *Loader) analyzeDirectory(files []*file) {
	h := store.NewKey(l.version, "syntax").String(l.module.language)
	for _, f := range files {
		h.String(f.Path).Bytes(f.Digest[:])
	}
	key := h.Key()
	stored, ok := recall[[]*analysis](&l.options.Evaluated.syntax, key)
	if !ok && !l.options.Cache.Disabled() {
		if data, found := l.options.Cache.Get(key); found {
			ok = decode(data, &stored) == nil
		}
	}
	if ok && len(stored) == len(files) {
		for i, f := range files {
			f.analysis = stored[i]
		}
		l.options.Evaluated.syntax.Store(key, stored)
		return
	}
	all := make([]*analysis, len(files))
	for i, f := range files {
		f.analysis = l.analyze(f.File)
		all[i] = f.analysis
	}
	l.options.Evaluated.syntax.Store(key, all)
	if !l.options.Cache.Disabled() {
		l.options.Cache.Put(key, encode(&all))
	}
}

// analyze reads the syntax of one file; nil if it declares nothing.
func (l *Loader) analyze(f source.File) *analysis {
	switch {
	case strings.HasSuffix(f.Path, "_tool.cue"):
		return &analysis{Tool: true}
	case strings.HasSuffix(f.Path, ".cue"):
		return analyzeCUE(f.Path, f.Data, l.module.language)
	case isData(f.Path):
		return analyzeData(f.Path, f.Data)
	}
	return nil
}

// key identifies the outcome of a directory: all that it depends on.
func (l *Loader) key(d *directory, in []input) store.Key {
	h := store.NewKey(l.version, "directory").Bytes(l.schemaDigest[:]).Bytes(l.module.text).String(d.path)
	var libs []*library
	for _, i := range in {
		digest := i.file.Digest
		if !i.own {
			digest = l.variantDigest(i.text)
		}
		own := int64(0)
		if i.own {
			own = 1
		}
		h.String(i.file.Path).Int(own).Bytes(digest[:])
		needs, _ := l.imported(i.file.Imports)
		libs = append(libs, needs...)
	}
	seen := map[*library]bool{}
	for _, lib := range libs {
		if seen[lib] {
			continue
		}
		seen[lib] = true
		h.String(lib.path)
		for _, f := range lib.files {
			h.String(f.Path).Bytes(f.Digest[:])
		}
	}
	return h.Key()
}

// variantDigest is remembered by where a text lies in memory: variants are
// shared by all directories below.
func (l *Loader) variantDigest(text []byte) [32]byte {
	if len(text) == 0 {
		return [32]byte{}
	}
	key := &text[0]
	if d, ok := l.variants.Load(key); ok {
		return d.([32]byte)
	}
	d := sha256.Sum256(text)
	l.variants.Store(key, d)
	return d
}

func (l *Loader) cachedOutcome(key store.Key) (o outcome, ok bool) {
	if o, ok := recall[outcome](&l.options.Evaluated.outcomes, key); ok || l.options.Cache.Disabled() {
		return o, ok
	}
	data, ok := l.options.Cache.Get(key)
	if !ok || decode(data, &o) != nil {
		return o, false
	}
	l.options.Evaluated.outcomes.Store(key, o)
	return o, true
}

func (l *Loader) putOutcome(key store.Key, o outcome) {
	l.options.Evaluated.outcomes.Store(key, o)
	if !l.options.Cache.Disabled() {
		l.options.Cache.Put(key, encode(&o))
	}
}
