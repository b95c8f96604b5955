package pins

import (
	"maps"
	"slices"

	"github.com/tenantry/tenantry/internal/store"
)

// form is the version of the encoding; it changes whenever what a file parses to
// does.
const form = "6"

// encode returns the content as bytes, at a fraction of the time that YAML takes.
// Equal contents give equal bytes, and others give others.
func (f *file) encode() []byte {
	const perDocument, perCluster = 64, 96 // about what they take besides bodies, in bytes
	size := 64 + perDocument*len(f.Documents) + perCluster*len(f.Clusters)
	for i := range f.Documents {
		size += len(f.Documents[i].Body)
	}
	e := encoder{store.NewEncoder(size)}
	e.Text(f.AsOf)
	e.texts(f.Organizations)
	e.Uint(uint64(len(f.Documents)))
	for i := range f.Documents {
		e.document(&f.Documents[i])
	}
	e.Uint(uint64(len(f.Clusters)))
	for _, c := range f.Clusters {
		e.logicalCluster(c)
	}
	e.stored(f.Stored)
	return e.Data()
}

// file reads what encode wrote.
func (d decoder) file() *file {
	f := &file{AsOf: d.Text(), Organizations: d.texts()}
	f.Documents = make([]document, d.Count())
	for i := range f.Documents {
		f.Documents[i] = d.document()
	}
	f.Clusters = make([]logicalCluster, d.Count())
	slab := make([]LogicalCluster, len(f.Clusters))
	for i := range f.Clusters {
		f.Clusters[i] = logicalCluster{d.logicalCluster(&slab[i]), &slab[i]}
	}
	f.Stored = d.stored()
	return f
}

func cacheKey(data []byte) store.Key { return store.NewKey(form, "pins").Bytes(data).Key() }

// cached returns what a file was parsed to.
func cached(c *store.Cache, key store.Key) (*file, bool) {
	data, ok := c.Get(key)
	if !ok {
		return nil, false
	}
	d := decoder{store.NewDecoder(data)}
	f := d.file()
	return f, d.Done() == nil
}

// remember keeps what a file was parsed to.
func remember(c *store.Cache, key store.Key, f *file) {
	if !c.Disabled() {
		c.Put(key, f.encode())
	}
}

type encoder struct{ *store.Encoder }

func (e encoder) document(d *document) {
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

func (e encoder) logicalCluster(lc logicalCluster) {
	e.Text(lc.Key)
	e.site(&lc.Site)
	e.Uint(uint64(len(lc.Left)))
	for i := range lc.Left {
		e.site(&lc.Left[i])
	}
	if lc.APIs == nil {
		e.Uint(0)
		return
	}
	e.Uint(uint64(len(lc.APIs)) + 1)
	for _, set := range slices.Sorted(maps.Keys(lc.APIs)) {
		e.String(set)
		e.String(lc.APIs[set])
	}
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

func (e encoder) names(names Names) {
	e.Uint(uint64(len(names)))
	for _, n := range names {
		e.String(n.Name)
		e.Text(n.Physical)
	}
}

type decoder struct{ *store.Decoder }

func (d decoder) document() document {
	out := document{DocumentID: DocumentID{Kind: d.String(), Key: d.Text(), Dir: d.String()}, Body: d.Bytes()}
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
	if n := d.Uint(); n > 0 {
		lc.APIs = map[string]string{}
		for range d.Fits(n - 1) {
			set := d.String()
			lc.APIs[set] = d.String()
		}
	}
	return key
}

func (d decoder) site(s *Site) {
	s.Cluster, s.Cut = d.String(), d.String()
	s.Namespaces, s.Retired = d.names(), d.names()
	s.Phase, s.Since = Phase(d.String()), d.String()
}

func (d decoder) names() Names {
	n := d.Count()
	if n == 0 {
		return nil
	}
	out := make(Names, n)
	for i := range out {
		out[i] = Name{d.String(), d.Text()}
	}
	return out
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
