package hold

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/schema"
)

// LastGood knows the documents as they were last good: those of the last build and,
// for implicit documents, what their locks accepted.
type LastGood struct {
	pins *pins.Pins
	// accepted are the texts that take the place of the pinned ones.
	accepted map[document.ID]json.RawMessage
	// byIdentity are the names of the pinned documents by identity.
	byIdentity func() map[document.ID]document.ID
}

// NewLastGood returns the last good documents of the pins.
func NewLastGood(p *pins.Pins) *LastGood {
	return &LastGood{pins: p, byIdentity: sync.OnceValue(func() map[document.ID]document.ID {
		out := make(map[document.ID]document.ID, len(p.Documents))
		for id := range p.Documents {
			out[id.Identity()] = id
		}
		return out
	})}
}

// Accept returns the last good documents with other texts in the place of pinned ones.
func (g *LastGood) Accept(texts map[document.ID]json.RawMessage) *LastGood {
	out := *g
	out.accepted = texts
	return &out
}

// Dir returns the directory that declared a document of a kind whose key is its full
// identity.
func (g *LastGood) Dir(kind schema.Kind, key string) (dir string, ok bool) {
	id, ok := g.byIdentity()[document.ID{Kind: kind, Key: key}]
	return id.Dir, ok
}

// ID returns the identifier under which the pins hold a document, which may have moved
// to another directory since.
func (g *LastGood) ID(id document.ID) document.ID {
	if _, ok := g.pins.Documents[id]; ok {
		return id
	}
	if k := document.KindOf(id.Kind); k != nil && k.Local {
		return id
	}
	return g.byIdentity()[id.Identity()]
}

// Pinned returns the text that the pins hold of a document.
func (g *LastGood) Pinned(id document.ID) (json.RawMessage, bool) {
	text, ok := g.pins.Documents[g.ID(id)]
	return text, ok
}

// isAccepted reports whether a text takes the place of the pinned one.
func (g *LastGood) isAccepted(id document.ID) bool { _, ok := g.accepted[id]; return ok }

// text returns what takes the place of a document in error.
func (g *LastGood) text(id document.ID) (json.RawMessage, bool) {
	if text, ok := g.accepted[id]; ok {
		return text, true
	}
	return g.Pinned(id)
}

// LogicalCluster returns the pinned logical cluster of a key, nil if there is none. dir
// is the directory in which it is most likely declared.
func (g *LastGood) LogicalCluster(key, dir string) *schema.LogicalCluster {
	return decode[schema.LogicalCluster](g, document.ID{Kind: schema.KindLogicalClusters, Key: key, Dir: dir})
}

// Organization returns the pinned organization of a path, nil if there is none. dir is
// the directory in which it is most likely declared.
func (g *LastGood) Organization(path, dir string) *schema.Organization {
	return decode[schema.Organization](g, document.ID{Kind: schema.KindOrganizations, Key: path, Dir: dir})
}

// APISet returns a pinned API set, nil if there is none.
func (g *LastGood) APISet(id document.ID) *schema.APISet { return decode[schema.APISet](g, id) }

func decode[T any](g *LastGood, id document.ID) *T {
	text, ok := g.Pinned(id)
	if !ok {
		return nil
	}
	var spec T
	if json.Unmarshal(text, &spec) != nil {
		return nil
	}
	return &spec
}

// unchanged reports whether a text is the pinned one.
func (g *LastGood) unchanged(id document.ID, text json.RawMessage) bool {
	pinned, ok := g.Pinned(id)
	return ok && bytes.Equal(pinned, text)
}
