package pins

import (
	"github.com/tenantry/tenantry/internal/store"
)

// storedFile is a file as the cache holds it. Equal contents have equal forms,
// however they were come by.
type storedFile struct {
	AsOf          string
	Organizations []string
	Documents     []pinnedDocument
	Texts         []Text
	Clusters      []storedCluster
	Stored        []stored
}

type storedCluster struct {
	Key string
	LogicalCluster
}

func (f *file) stored() *storedFile {
	out := &storedFile{f.AsOf, f.Organizations, f.Documents, f.Texts, make([]storedCluster, len(f.Clusters)), f.Stored}
	for i, c := range f.Clusters {
		one := storedCluster{c.Key, *c.LogicalCluster}
		one.Organization = "" // the file's name tells
		one.Site = one.Site.stored()
		one.Left = nil
		for _, s := range c.Left {
			one.Left = append(one.Left, s.stored())
		}
		out.Clusters[i] = one
	}
	return out
}

// stored returns the site without lists that are empty.
func (s Site) stored() Site {
	for _, names := range []*Names{&s.Namespaces, &s.Retired} {
		if len(*names) == 0 {
			*names = nil
		}
	}
	return s
}

func (s *storedFile) file() *file {
	f := &file{s.AsOf, s.Organizations, s.Documents, s.Texts, make([]logicalCluster, len(s.Clusters)), s.Stored}
	for i := range s.Clusters {
		f.Clusters[i] = logicalCluster{s.Clusters[i].Key, &s.Clusters[i].LogicalCluster}
	}
	return f
}

// encode returns the content as bytes, at a fraction of the time that YAML takes.
// Equal contents give equal bytes, and others give others.
func (f *file) encode() []byte { return encode(f.stored()) }

func encode(pointer any) []byte {
	data, err := store.Encode(pointer)
	if err != nil {
		panic(err) // never: the types of this package can be stored
	}
	return data
}

func cacheKey(data []byte) store.Key { return store.NewKey(store.Build(), "pins").Bytes(data).Key() }

// cached returns what a file was parsed to.
func cached(c *store.Cache, key store.Key) (*file, bool) {
	var s storedFile
	if !c.Load(key, &s) {
		return nil, false
	}
	return s.file(), true
}

// remember keeps what a file was parsed to.
func remember(c *store.Cache, key store.Key, f *file) {
	if !c.Disabled() {
		c.Save(key, f.stored())
	}
}
