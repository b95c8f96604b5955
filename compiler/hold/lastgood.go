package hold

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/schema"
)

// LastGood knows the documents as they were last good: those of the last build and,
// for implicit documents, what their locks accepted.
type LastGood struct {
	pins *pins.Pins
	// accepted are the texts that take the place of the pinned ones.
	accepted map[pins.DocumentID]json.RawMessage
	// byIdentity are the names of the pinned documents by identity.
	byIdentity func() map[pins.DocumentID]pins.DocumentID
}

// NewLastGood returns the last good documents of the pins. The texts of accepted take
// the place of pinned ones.
func NewLastGood(p *pins.Pins, accepted map[pins.DocumentID]json.RawMessage) *LastGood {
	return &LastGood{pins: p, accepted: accepted, byIdentity: sync.OnceValue(func() map[pins.DocumentID]pins.DocumentID {
		out := make(map[pins.DocumentID]pins.DocumentID, len(p.Documents))
		for id := range p.Documents {
			out[identity(id)] = id
		}
		return out
	})}
}

// ID returns the identifier under which the pins hold a document, which may have moved
// to another directory since.
func (g *LastGood) ID(id pins.DocumentID) pins.DocumentID {
	if _, ok := g.pins.Documents[id]; ok || isLocal(id.Kind) {
		return id
	}
	return g.byIdentity()[identity(id)]
}

// Pinned returns the text that the pins hold of a document.
func (g *LastGood) Pinned(id pins.DocumentID) (json.RawMessage, bool) {
	text, ok := g.pins.Documents[g.ID(id)]
	return text, ok
}

// text returns what takes the place of a document in error.
func (g *LastGood) text(id pins.DocumentID) (json.RawMessage, bool) {
	if text, ok := g.accepted[id]; ok {
		return text, true
	}
	return g.Pinned(id)
}

// LogicalCluster returns the pinned logical cluster of a key, nil if there is none. dir
// is the directory in which it is most likely declared.
func (g *LastGood) LogicalCluster(key, dir string) *schema.LogicalCluster {
	return decode[schema.LogicalCluster](g, pins.DocumentID{Kind: schema.KindLogicalClusters, Key: key, Dir: dir})
}

// Organization returns the pinned organization of a path, nil if there is none. dir is
// the directory in which it is most likely declared.
func (g *LastGood) Organization(path, dir string) *schema.Organization {
	return decode[schema.Organization](g, pins.DocumentID{Kind: schema.KindOrganizations, Key: path, Dir: dir})
}

// APISet returns a pinned API set, nil if there is none.
func (g *LastGood) APISet(id pins.DocumentID) *schema.APISet { return decode[schema.APISet](g, id) }

func decode[T any](g *LastGood, id pins.DocumentID) *T {
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
func (g *LastGood) unchanged(id pins.DocumentID, text json.RawMessage) bool {
	pinned, ok := g.Pinned(id)
	return ok && bytes.Equal(pinned, text)
}
