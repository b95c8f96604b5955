package diff

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/analysis/plan/change"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/internal/fields"
	"github.com/tenantry/tenantry/schema"
)

// documents are those that differ.
type documents struct {
	*sides
	list []change.Document
	by   map[document.ID]*change.Document
	// reaching are those that reach logical clusters without being named by them.
	reaching []*change.Document
}

// count fills in how many logical clusters differ because of each document.
func (d *documents) count(reaches []reach) {
	for i := range d.list {
		keys := map[string]bool{}
		for _, r := range reaches {
			maps.Copy(keys, r[&d.list[i]])
		}
		d.list[i].Reach = len(keys)
	}
}

// versions are the text and the directory of a document on both sides.
type versions struct {
	before, after       []byte
	beforeDir, afterDir string
	stood, stands       bool
}

// documents finds the documents that differ. What counts is the text that the
// pins keep, and besides it the content of the definitions that API sets take from
// files, and those fields of implicit documents that need no acceptance.
func (c *sides) documents() *documents {
	differing := c.versions()
	besides := c.definitions()
	maps.Copy(besides, c.unaccepted())
	for id := range besides {
		if differing[id] == nil {
			differing[id] = &versions{stood: true, stands: true}
		}
	}
	then, now := metas(c.before, differing), metas(c.after, differing)
	out := &documents{sides: c, by: map[document.ID]*change.Document{}}
	for id, v := range differing {
		if d := c.document(id, v, then[id], now[id], besides[id]); d != nil {
			out.list = append(out.list, *d)
		}
	}
	slices.SortFunc(out.list, func(a, b change.Document) int { return compareDocuments(&a, &b) })
	for i := range out.list {
		d := &out.list[i]
		out.by[document.ID{Kind: schema.Kind(d.Kind), Key: d.Key, Dir: d.Dir}.Identity()] = d
		switch schema.Kind(d.Kind) {
		case schema.KindSettings, schema.KindModules, schema.KindPolicies, schema.KindExemptions, schema.KindRevocations, schema.KindImplicit, schema.KindPrices:
			out.reaching = append(out.reaching, d)
		}
	}
	return out
}

// versions are those of the documents of which the text differs.
func (c *sides) versions() map[document.ID]*versions {
	out := map[document.ID]*versions{}
	at := func(name document.ID) *versions {
		id := name.Identity()
		if out[id] == nil {
			out[id] = &versions{}
		}
		return out[id]
	}
	before, after := c.before.Pins.Documents, c.after.Pins.Documents
	for name, text := range before {
		if now, ok := after[name]; !ok || !bytes.Equal(text, now) {
			v := at(name)
			v.before, v.beforeDir, v.stood = text, name.Dir, true
		}
	}
	for name, text := range after {
		if then, ok := before[name]; !ok || !bytes.Equal(text, then) {
			v := at(name)
			v.after, v.afterDir, v.stands = text, name.Dir, true
		}
	}
	return out
}

// document compares the versions of one. It is nil where they differ in nothing
// but how they are written.
func (c *sides) document(id document.ID, v *versions, then, now *document.Meta, besides []change.Field) *change.Document {
	d := &change.Document{Change: change.Changed, Kind: string(id.Kind), Key: id.Key, Dir: v.afterDir}
	meta := now
	switch {
	case !v.stood:
		d.Change = change.Added
	case !v.stands:
		d.Change, d.Dir, meta = change.Removed, v.beforeDir, then
	case v.beforeDir != v.afterDir:
		d.MovedFrom = v.beforeDir
	}
	if meta != nil {
		d.Dir = meta.Dir
		d.File, d.Line = meta.Pos.File, meta.Pos.Line
	}
	if d.Change == change.Changed {
		d.Fields = append(difference(decoded(v.before), decoded(v.after)), besides...)
		for i := range d.Fields {
			c.locate(&d.Fields[i], then, now)
		}
		if len(d.Fields) == 0 && d.MovedFrom == "" {
			return nil // a schema that is written otherwise
		}
	} else if meta != nil {
		d.File, d.Line = c.source.cause(meta.Pos, meta.Dir, d.Change == change.Removed)
	}
	return d
}

func compareDocuments(a, b *change.Document) int {
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Key, b.Key), strings.Compare(a.Dir, b.Dir))
}

// locate says where a field that differs stands.
func (c *sides) locate(f *change.Field, then, now *document.Meta) {
	if f.File != "" {
		return
	}
	meta, removed := now, false
	if f.After == nil && then != nil {
		meta, removed = then, true
	}
	if meta != nil {
		f.File, f.Line = c.source.cause(meta.At(f.Elements...), meta.Dir, removed)
		f.Removed = removed && !c.stands(f.File)
	}
}

// metas returns what is known of some documents.
func metas[V any](r *compiler.Result, of map[document.ID]V) map[document.ID]*document.Meta {
	out := make(map[document.ID]*document.Meta, len(of))
	for m := range r.Documents.All() {
		id := m.ID().Identity()
		if _, ok := of[id]; ok {
			out[id] = m
		}
	}
	return out
}

// definitions compares the content of CustomResourceDefinitions by API set.
func (c *sides) definitions() map[document.ID][]change.Field {
	type place struct {
		set                   document.ID
		version, resource, of string
	}
	read := func(t *tenancy.Tenancy) map[place]*tenancy.CRD {
		out := map[place]*tenancy.CRD{}
		for _, set := range t.APISets {
			id := set.ID().Identity()
			for _, v := range set.Versions {
				for _, r := range v.Resources {
					if r.CRD != nil {
						out[place{id, v.Name, r.Key, r.CRD.Name}] = r.CRD
					}
				}
			}
		}
		return out
	}
	out := map[document.ID][]change.Field{}
	before := read(c.before.Tenancy)
	for p, now := range read(c.after.Tenancy) {
		then := before[p]
		if then == nil || then.Digest == now.Digest {
			continue
		}
		path := []string{"versions", p.version, "resources", p.resource, "definition"}
		f := change.Field{Path: fields.Join(path), Before: hex.EncodeToString(then.Digest[:6]), After: hex.EncodeToString(now.Digest[:6]), File: now.File, Elements: path}
		if f.Line = c.source.lines[now.File]; f.Line == 0 {
			f.Line = 1
		}
		out[p.set] = append(out[p.set], f)
	}
	for _, fields := range out {
		slices.SortFunc(fields, func(a, b change.Field) int { return strings.Compare(a.Path, b.Path) })
	}
	return out
}

// unaccepted compares what implicit documents say of themselves: it is no part of
// what is accepted. Of a document that waits, only what was accepted is known.
func (c *sides) unaccepted() map[document.ID][]change.Field {
	before := map[document.ID]*document.Document[schema.Implicit]{}
	for _, d := range c.before.Documents.Implicit {
		before[d.ID().Identity()] = d
	}
	out := map[document.ID][]change.Field{}
	for _, d := range c.after.Documents.Implicit {
		id := d.ID().Identity()
		then := before[id]
		if then == nil || then.Held || d.Held {
			continue
		}
		text := func(d *document.Document[schema.Implicit]) map[string]any {
			m := map[string]any{"locked": implicit.Locked(d.Spec)}
			if d.Spec.Description != "" {
				m["description"] = d.Spec.Description
			}
			return m
		}
		if fields := difference(text(then), text(d)); len(fields) > 0 {
			out[id] = fields
		}
	}
	return out
}

// changedKind reports whether a document of one of the kinds differs.
func (c *documents) changedKind(kinds ...schema.Kind) bool {
	for id := range c.by {
		if slices.Contains(kinds, id.Kind) {
			return true
		}
	}
	return false
}

// fieldCauses are the places of those fields of a changed document that begin with
// one of the names; all of it where it was added or removed.
func (c *documents) fieldCauses(kind schema.Kind, key, dir string, names ...string) []change.Cause {
	d := c.by[document.ID{Kind: kind, Key: key, Dir: dir}.Identity()]
	if d == nil {
		return nil
	}
	if len(d.Fields) == 0 || len(names) == 0 {
		return d.Causes()
	}
	var out []change.Cause
	for i := range d.Fields {
		if f := &d.Fields[i]; slices.Contains(names, f.Elements[0]) || f.Elements[0] == "defaults" && len(f.Elements) > 1 && slices.Contains(names, f.Elements[1]) {
			out = append(out, f.Cause(d))
		}
	}
	return out
}
