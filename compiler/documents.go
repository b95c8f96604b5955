package compiler

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

// documentList is one of the typed lists of load.Documents, whatever its type.
type documentList interface {
	remove(func(*load.Meta) bool)
	// put replaces the document of the same identity or adds one, if it is of the
	// list's type.
	put(document any) bool
}

type listOf[T any] struct{ documents *[]*load.Document[T] }

func (l listOf[T]) remove(drop func(*load.Meta) bool) {
	*l.documents = slices.DeleteFunc(*l.documents, func(d *load.Document[T]) bool { return drop(&d.Meta) })
}

func (l listOf[T]) put(document any) bool {
	d, ok := document.(*load.Document[T])
	if !ok {
		return false
	}
	i, found := slices.BinarySearchFunc(*l.documents, d, func(a, b *load.Document[T]) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Dir, b.Dir))
	})
	if found {
		(*l.documents)[i] = d
	} else {
		*l.documents = slices.Insert(*l.documents, i, d)
	}
	return true
}

// settingsList is the singleton as a list of at most one.
type settingsList struct {
	document **load.Document[schema.Settings]
}

func (l settingsList) remove(drop func(*load.Meta) bool) {
	if d := *l.document; d != nil && drop(&d.Meta) {
		*l.document = nil
	}
}

func (l settingsList) put(document any) bool {
	d, ok := document.(*load.Document[schema.Settings])
	if ok {
		*l.document = d
	}
	return ok
}

func lists(d *load.Documents) []documentList {
	return []documentList{
		settingsList{&d.Settings},
		listOf[schema.PhysicalCluster]{&d.PhysicalClusters},
		listOf[schema.APISet]{&d.APISets},
		listOf[schema.Class]{&d.Classes},
		listOf[schema.Organization]{&d.Organizations},
		listOf[schema.LogicalCluster]{&d.LogicalClusters},
		listOf[schema.Module]{&d.Modules},
		listOf[schema.Policy]{&d.Policies},
		listOf[schema.Exemption]{&d.Exemptions},
		listOf[schema.Implicit]{&d.Implicit},
		listOf[schema.PriceBook]{&d.Prices},
	}
}

// identity drops the directory where it is no part of a document's identity, so
// that a document keeps it when it moves.
func identity(d pins.DocumentID) pins.DocumentID {
	if !local[d.Kind] {
		d.Dir = ""
	}
	return d
}

var local = func() map[string]bool {
	out := map[string]bool{}
	for _, k := range schema.Kinds() {
		out[string(k.Kind)] = k.Local
	}
	return out
}()

// takeTexts returns every document as JSON, by the name that the pins have for
// it, and takes it out of the document: nobody needs it twice.
func takeTexts(d *load.Documents) map[pins.DocumentID]json.RawMessage {
	out := make(map[pins.DocumentID]json.RawMessage, d.Len())
	for m := range d.All() {
		out[tenancy.ID(m)] = m.Text
		m.Text = nil
	}
	return out
}
