package compiler

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/hold"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/compiler/tenancy/resolve"
)

// What an API set was is more than its document: the definitions stand in files,
// which have changed since. So the pins keep them, each content once.

// definitionName is how the pins name a definition.
func definitionName(name string, digest [32]byte) string {
	return name + "-" + hex.EncodeToString(digest[:10])
}

// definitionsOf lists what the resources of an API set are defined as.
func definitionsOf(set *tenancy.APISet) []pins.Definition {
	var out []pins.Definition
	for _, v := range set.Versions {
		for _, r := range v.Resources {
			if r.CRD != nil {
				out = append(out, pins.Definition{Version: v.Name, Resource: r.Key, Name: definitionName(r.CRD.Name, r.CRD.Digest)})
			}
		}
	}
	slices.SortFunc(out, func(a, b pins.Definition) int {
		return cmp.Or(strings.Compare(a.Version, b.Version), strings.Compare(a.Resource, b.Resource))
	})
	return out
}

// keepDefinitions puts the definitions of all API sets into the pins.
func keepDefinitions(p *pins.Pins, t *tenancy.Tenancy) {
	texts := map[string][]byte{}
	p.Definitions = map[document.ID][]pins.Definition{}
	for _, set := range t.APISets {
		if list := definitionsOf(set); len(list) > 0 {
			p.Definitions[set.Meta.ID()] = list
		}
		for _, v := range set.Versions {
			for _, r := range v.Resources {
				if r.CRD != nil {
					texts[definitionName(r.CRD.Name, r.CRD.Digest)] = r.CRD.Data
				}
			}
		}
	}
	p.Definition = func(name string) ([]byte, error) {
		text, ok := texts[name]
		if !ok {
			return nil, fmt.Errorf("there is no definition %s", name)
		}
		return text, nil
	}
}

// published are the API sets as they were last good, with the definitions of that time.
type published struct {
	pins     *pins.Pins
	lastGood *hold.LastGood
	// read are the definitions that were asked for, by name.
	read map[string]*definition.Definition
	// err says why a definition could not be read.
	err error
}

func newPublished(start *hold.Start) *published {
	return &published{pins: start.Pins, lastGood: start.LastGood, read: map[string]*definition.Definition{}}
}

// definition returns the definition that a resource had when its API set was last good;
// nil if it had none, or if it can't be read: see err.
func (p *published) definition(set *document.Meta, version, resource string) *definition.Definition {
	list := p.pins.Definitions[p.lastGood.ID(set.ID())]
	i := slices.IndexFunc(list, func(d pins.Definition) bool { return d.Version == version && d.Resource == resource })
	if i < 0 {
		return nil
	}
	name := list[i].Name
	if d, ok := p.read[name]; ok {
		return d
	}
	d, err := p.readDefinition(name)
	p.err = cmp.Or(p.err, err)
	p.read[name] = d
	return d
}

func (p *published) readDefinition(name string) (*definition.Definition, error) {
	text, err := p.pins.Definition(name)
	if err != nil {
		return nil, err
	}
	read, err := definition.Read(text)
	if err != nil || len(read) != 1 || definitionName(read[0].Name, read[0].Digest) != name {
		return nil, fmt.Errorf("damaged pins: definition %s is not what it was written as", name)
	}
	read[0].Line = 0 // it is in no file of the repo
	return read[0], nil
}

// bound returns the version that a logical cluster had bound under the name of a channel in
// the last build: see resolve.Bound.
func (p *published) bound(keys []string, set *document.Meta, channel string) string {
	for _, key := range keys {
		pin := p.pins.LogicalClusters[key]
		if pin == nil || pin.Phase == pins.Gone {
			continue
		}
		if version, ok := pin.APIs[set.Key]; ok {
			return version
		}
		if was := p.lastGood.APISet(p.lastGood.ID(set.ID())); was != nil {
			return was.Channels[channel]
		}
	}
	return ""
}

// set returns an API set as it was last good: see impact.Promises.
func (p *published) set(d *hold.Documents) func(*tenancy.APISet) (was *tenancy.APISet, same bool) {
	return func(set *tenancy.APISet) (was *tenancy.APISet, same bool) {
		id := p.lastGood.ID(set.Meta.ID())
		if _, ok := p.lastGood.Pinned(id); !ok {
			return nil, false
		}
		if !d.Changed(set.Kind, set.Key, set.Dir) && slices.Equal(p.pins.Definitions[id], definitionsOf(set)) {
			return nil, true
		}
		spec := p.lastGood.APISet(id)
		if spec == nil {
			return nil, false
		}
		return resolve.LastGoodAPISet(set.Meta, *spec, p.definition, d.Targets.Engines), false
	}
}
