package pins

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"

	"github.com/tenantry/tenantry/compiler/cache"
)

// form is the version of the encoding of what is cached; it changes whenever what
// a file parses to does.
const form = "4"

// Snapshot encodes all of the pins in one piece: what Read would return for files
// that are known to be as they were written, at a fraction of the time.
func (p *Pins) Snapshot() []byte {
	const perDocument, perCluster = 64, 96 // about what they take besides bodies, in bytes
	size := perDocument*len(p.Documents) + perCluster*len(p.LogicalClusters)
	for _, body := range p.Documents {
		size += len(body)
	}
	e := encoder{cache.NewEncoder(size)}
	e.Text(form)
	e.Text(p.AsOf)
	e.Uint(uint64(len(p.Documents)))
	for id, body := range p.Documents {
		e.document(document{Kind: id.Kind, Key: id.Key, Dir: id.Dir, Body: body, Definitions: p.Definitions[id]})
	}
	e.Uint(uint64(len(p.LogicalClusters)))
	for key, lc := range p.LogicalClusters {
		e.String(lc.Organization)
		e.logicalCluster(key, lc)
	}
	e.stored(group(p.Stored))
	return e.Data()
}

// FromSnapshot decodes what Snapshot returned for the output whose root the file
// system is. An error means that there is no snapshot to use, nothing worse. The
// data must not change any more.
func FromSnapshot(data []byte, fsys fs.FS) (*Pins, error) {
	d := decoder{cache.NewDecoder(data)}
	if d.Text() != form {
		return nil, ErrNone
	}
	p := &Pins{AsOf: d.Text(), Definitions: map[DocumentID][]Definition{}, Definition: definitionsIn(fsys)}
	documents := d.Count()
	p.Documents = make(map[DocumentID]json.RawMessage, documents)
	for range documents {
		p.hold(d.document())
	}
	clusters := d.Count()
	p.LogicalClusters = make(map[string]*LogicalCluster, clusters)
	slab := make([]LogicalCluster, clusters)
	for i := range slab {
		slab[i].Organization = d.String()
		p.LogicalClusters[d.logicalCluster(&slab[i])] = &slab[i]
	}
	p.Stored = map[StoredID]Stored{}
	for _, one := range d.stored() {
		for _, cluster := range one.Clusters {
			p.Stored[StoredID{cluster, one.Name}] = Stored{one.Storage, one.Versions}
		}
	}
	return p, d.Done()
}

type encoder struct{ *cache.Encoder }

func (e encoder) document(d document) {
	e.String(d.Kind)
	e.Text(d.Key)
	e.String(d.Dir)
	e.Bytes(d.Body)
	e.Uint(uint64(len(d.Definitions)))
	for _, one := range d.Definitions {
		e.String(one.Version)
		e.String(one.Resource)
		e.String(one.Name)
	}
}

func (e encoder) logicalCluster(key string, lc *LogicalCluster) {
	e.Text(key)
	e.site(&lc.Site)
	e.Uint(uint64(len(lc.Left)))
	for i := range lc.Left {
		e.site(&lc.Left[i])
	}
	known := uint64(0)
	if lc.APIs != nil {
		known = 1
	}
	e.Uint(known)
	e.names(lc.APIs)
}

func (e encoder) stored(list []stored) {
	e.Uint(uint64(len(list)))
	for _, d := range list {
		e.Text(d.Name)
		e.Text(d.Storage)
		e.texts(d.Versions)
		e.texts(d.Clusters)
	}
}

func (e encoder) texts(list []string) {
	e.Uint(uint64(len(list)))
	for _, s := range list {
		e.Text(s)
	}
}

func (e encoder) site(s *Site) {
	e.String(s.Cluster)
	e.String(s.Cut)
	e.names(s.Namespaces)
	e.names(s.Retired)
	e.String(string(s.Phase))
	e.String(s.Since)
}

func (e encoder) names(m map[string]string) {
	e.Uint(uint64(len(m)))
	if len(m) == 1 {
		for name, physical := range m {
			e.String(name)
			e.Text(physical)
		}
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		e.String(name)
		e.Text(m[name])
	}
}

type decoder struct{ *cache.Decoder }

func (d decoder) document() document {
	out := document{Kind: d.String(), Key: d.Text(), Dir: d.String(), Body: d.Bytes()}
	for range d.Count() {
		out.Definitions = append(out.Definitions, Definition{Version: d.String(), Resource: d.String(), Name: d.String()})
	}
	return out
}

func (d decoder) logicalCluster(lc *LogicalCluster) (key string) {
	key = d.Text()
	d.site(&lc.Site)
	if n := d.Count(); n > 0 {
		lc.Left = make([]Site, n)
		for i := range lc.Left {
			d.site(&lc.Left[i])
		}
	}
	known := d.Uint() == 1
	if lc.APIs = d.names(); known && lc.APIs == nil {
		lc.APIs = map[string]string{}
	}
	return key
}

func (d decoder) site(s *Site) {
	s.Cluster, s.Cut = d.String(), d.String()
	s.Namespaces, s.Retired = d.names(), d.names()
	s.Phase, s.Since = Phase(d.String()), d.String()
}

func (d decoder) names() map[string]string {
	n := d.Count()
	if n == 0 {
		return nil
	}
	m := make(map[string]string, n)
	for range n {
		name := d.String()
		m[name] = d.Text()
	}
	return m
}

func (d decoder) stored() []stored {
	out := make([]stored, d.Count())
	for i := range out {
		out[i] = stored{Name: d.Text(), Storage: d.Text(), Versions: d.texts(), Clusters: d.texts()}
	}
	return out
}

func (d decoder) texts() []string {
	out := make([]string, d.Count())
	for i := range out {
		out[i] = d.Text()
	}
	return out
}
