package compiler

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/compiler/crd/definition"
	"github.com/tenantry/tenantry/compiler/impact"
	"github.com/tenantry/tenantry/compiler/load/document"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
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
	p.Definitions = map[pins.DocumentID][]pins.Definition{}
	for _, set := range t.APISets {
		if list := definitionsOf(set); len(list) > 0 {
			p.Definitions[tenancy.ID(&set.Meta)] = list
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

// published returns the definition that a resource had when its API set was last
// good; nil where there is none. What can't be read stands in c.damaged.
func (c *compilation) published(set *document.Meta, version, resource string) *definition.Definition {
	list := c.former.Definitions[c.pinnedAs(tenancy.ID(set))]
	i := slices.IndexFunc(list, func(d pins.Definition) bool { return d.Version == version && d.Resource == resource })
	if i < 0 {
		return nil
	}
	name := list[i].Name
	if d, ok := c.definitions[name]; ok {
		return d
	}
	d, err := c.readDefinition(name)
	if err != nil {
		c.damaged = cmp.Or(c.damaged, err)
	}
	c.definitions[name] = d
	return d
}

func (c *compilation) readDefinition(name string) (*definition.Definition, error) {
	text, err := c.former.Definition(name)
	if err != nil {
		return nil, err
	}
	read, err := definition.Read(text)
	if err != nil || len(read) != 1 || definitionName(read[0].Name, read[0].Digest) != name {
		return nil, fmt.Errorf("damaged pins: definition %s is not what it was written as", name)
	}
	read[0].Line = 0 // it stands in no file of the repo
	return read[0], nil
}

// formerSet returns an API set as it was last good: see impact.Published.
func (c *compilation) formerSet(set *tenancy.APISet) (was *tenancy.APISet, same bool) {
	name := c.pinnedAs(tenancy.ID(&set.Meta))
	text, ok := c.former.Documents[name]
	if !ok {
		return nil, false
	}
	if !c.changed(set.Kind, set.Key, set.Dir) && slices.Equal(c.former.Definitions[name], definitionsOf(set)) {
		return nil, true
	}
	var spec schema.APISet
	if json.Unmarshal(text, &spec) != nil {
		return nil, false
	}
	return tenancy.LastGoodAPISet(set.Meta, spec, c.published), false
}

// promises holds the API sets against what they promise.
func (c *compilation) promises(t *tenancy.Tenancy) []tenancy.Finding {
	if c.Unpromised {
		return nil
	}
	return impact.Promises(t, c.formerSet, c.comparer)
}
