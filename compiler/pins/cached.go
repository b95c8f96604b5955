package pins

import "github.com/tenantry/tenantry/compiler/cache"

func cacheKey(data []byte) cache.Key { return cache.NewKey(form, "pins").Bytes(data).Key() }

// cached returns what a file was parsed to.
func cached(c *cache.Cache, key cache.Key) (*file, bool) {
	data, ok := c.Get(key)
	if !ok {
		return nil, false
	}
	d := decoder{cache.NewDecoder(data)}
	f := &file{AsOf: d.Text(), Organizations: make([]string, d.Count())}
	for i := range f.Organizations {
		f.Organizations[i] = d.Text()
	}
	f.Documents = make([]document, d.Count())
	for i := range f.Documents {
		f.Documents[i] = d.document()
	}
	f.Clusters = make([]logicalCluster, d.Count())
	for i := range f.Clusters {
		f.Clusters[i].Key = d.logicalCluster(&f.Clusters[i].LogicalCluster)
	}
	f.Stored = d.stored()
	return f, d.Done() == nil
}

// store keeps what a file was parsed to.
func store(c *cache.Cache, key cache.Key, f *file) {
	if c.Disabled() {
		return
	}
	e := encoder{cache.NewEncoder(0)}
	e.Text(f.AsOf)
	e.Uint(uint64(len(f.Organizations)))
	for _, o := range f.Organizations {
		e.Text(o)
	}
	e.Uint(uint64(len(f.Documents)))
	for _, d := range f.Documents {
		e.document(d)
	}
	e.Uint(uint64(len(f.Clusters)))
	for i := range f.Clusters {
		e.logicalCluster(f.Clusters[i].Key, &f.Clusters[i].LogicalCluster)
	}
	e.stored(f.Stored)
	c.Put(key, e.Data())
}
