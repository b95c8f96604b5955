package plan

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/compiler/implicit"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// What happens to a document.
const (
	Added   = "added"
	Changed = "changed"
	Removed = "removed"
)

// Document is a document that differs.
type Document struct {
	Change string `json:"change"` // added, changed or removed
	Kind   string `json:"kind"`
	Key    string `json:"key,omitempty"`
	// Dir is the directory that declares it, MovedFrom the one that did before.
	Dir       string `json:"dir"`
	MovedFrom string `json:"movedFrom,omitempty"`
	File      string `json:"file"`
	Line      int    `json:"line,omitempty"`
	// Fields that differ, of a document that stands on both sides.
	Fields []Field `json:"fields,omitempty"`
	// Reach is the number of logical clusters that differ because of it.
	Reach int `json:"reach"`
}

func (d *Document) title() string {
	if d.Key == "" {
		return d.Kind
	}
	return fmt.Sprintf("%s %q", d.Kind, d.Key)
}

// causes are the places of all that differs in the document.
func (d *Document) causes() []Cause {
	if len(d.Fields) == 0 {
		return []Cause{{File: d.File, Line: d.Line, Document: d.title(), Removed: d.Change == Removed}}
	}
	out := make([]Cause, len(d.Fields))
	for i := range d.Fields {
		out[i] = d.Fields[i].cause(d)
	}
	return out
}

func (f *Field) cause(d *Document) Cause {
	return Cause{File: f.File, Line: f.Line, Document: d.title(), Removed: f.removed}
}

// documentID is a document's identity: the directory is a part of it only for
// kinds that are local to one.
type documentID struct{ kind, key, dir string }

func identify(kind, key, dir string) documentID {
	if k := document.KindOf(schema.Kind(kind)); k == nil || !k.Local {
		dir = ""
	}
	return documentID{kind, key, dir}
}

// documents finds the documents that differ. What counts is the text that the
// pins keep, and besides it the content of the definitions that API sets take from
// files, and those fields of implicit documents that need no acceptance.
func (c *comparison) documents() []Document {
	type versions struct {
		before, after       []byte
		beforeDir, afterDir string
		stood, stands       bool
	}
	differing := map[documentID]*versions{}
	at := func(name pins.DocumentID) *versions {
		id := identify(name.Kind, name.Key, name.Dir)
		if differing[id] == nil {
			differing[id] = &versions{}
		}
		return differing[id]
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
	besides := c.definitions()
	maps.Copy(besides, c.unaccepted())
	for id := range besides {
		if differing[id] == nil {
			differing[id] = &versions{stood: true, stands: true}
		}
	}
	then, now := metas(c.before, differing), metas(c.after, differing)
	var out []Document
	for id, v := range differing {
		d := Document{Change: Changed, Kind: id.kind, Key: id.key, Dir: v.afterDir}
		meta := now[id]
		switch {
		case !v.stood:
			d.Change = Added
		case !v.stands:
			d.Change, d.Dir, meta = Removed, v.beforeDir, then[id]
		case v.beforeDir != v.afterDir:
			d.MovedFrom = v.beforeDir
		}
		if meta != nil {
			d.Dir = meta.Dir
			d.File, d.Line = meta.Pos.File, meta.Pos.Line
		}
		if d.Change == Changed {
			d.Fields = append(difference(decoded(v.before), decoded(v.after)), besides[id]...)
			for i := range d.Fields {
				c.locate(&d.Fields[i], then[id], now[id])
			}
			if len(d.Fields) == 0 && d.MovedFrom == "" {
				continue // a schema that is written otherwise
			}
		} else if meta != nil {
			d.File, d.Line = c.source.cause(meta.Pos, meta.Dir, d.Change == Removed)
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Document) int { return compareDocuments(&a, &b) })
	for i := range out {
		c.changed[identify(out[i].Kind, out[i].Key, out[i].Dir)] = &out[i]
	}
	return out
}

func compareDocuments(a, b *Document) int {
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Key, b.Key), strings.Compare(a.Dir, b.Dir))
}

// locate says where a field that differs stands.
func (c *comparison) locate(f *Field, then, now *document.Meta) {
	if f.File != "" {
		return
	}
	meta, removed := now, false
	if f.After == nil && then != nil {
		meta, removed = then, true
	}
	if meta != nil {
		f.File, f.Line = c.source.cause(meta.At(f.elements...), meta.Dir, removed)
		f.removed = removed && !c.stands(f.File)
	}
}

// metas returns what is known of some documents.
func metas[V any](r *compiler.Result, of map[documentID]V) map[documentID]*document.Meta {
	out := make(map[documentID]*document.Meta, len(of))
	for m := range r.Documents.All() {
		id := identify(string(m.Kind), m.Key, m.Dir)
		if _, ok := of[id]; ok {
			out[id] = m
		}
	}
	return out
}

// definitions compares the content of CustomResourceDefinitions by API set.
func (c *comparison) definitions() map[documentID][]Field {
	type place struct {
		set                   documentID
		version, resource, of string
	}
	read := func(t *tenancy.Tenancy) map[place]*tenancy.CRD {
		out := map[place]*tenancy.CRD{}
		for _, set := range t.APISets {
			id := identify(string(set.Kind), set.Key, set.Dir)
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
	out := map[documentID][]Field{}
	before := read(c.before.Tenancy)
	for p, now := range read(c.after.Tenancy) {
		then := before[p]
		if then == nil || then.Digest == now.Digest {
			continue
		}
		path := []string{"versions", p.version, "resources", p.resource, "definition"}
		f := Field{Path: joined(path), Before: hex.EncodeToString(then.Digest[:6]), After: hex.EncodeToString(now.Digest[:6]), File: now.File, elements: path}
		if f.Line = c.source.lines[now.File]; f.Line == 0 {
			f.Line = 1
		}
		out[p.set] = append(out[p.set], f)
	}
	for _, fields := range out {
		slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	}
	return out
}

// unaccepted compares what implicit documents say of themselves: it is no part of
// what is accepted. Of a document that waits, only what was accepted is known.
func (c *comparison) unaccepted() map[documentID][]Field {
	before := map[documentID]*document.Document[schema.Implicit]{}
	for _, d := range c.before.Documents.Implicit {
		before[identify(string(d.Kind), d.Key, d.Dir)] = d
	}
	out := map[documentID][]Field{}
	for _, d := range c.after.Documents.Implicit {
		id := identify(string(d.Kind), d.Key, d.Dir)
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
