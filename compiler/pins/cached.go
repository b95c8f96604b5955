package pins

import (
	"github.com/fxamacker/cbor/v2"
	"github.com/tenantry/tenantry/compiler/cache"
)

// form is the version of the encoding of cached files; it changes whenever what a
// file parses to does.
const form = "1"

func cacheKey(data []byte) cache.Key { return cache.NewKey(form, "pins").Bytes(data).Key() }

func cached(c *cache.Cache, key cache.Key) (*file, bool) {
	if c == nil {
		return nil, false
	}
	data, ok := c.Get(key)
	if !ok {
		return nil, false
	}
	var f file
	if err := cbor.Unmarshal(data, &f); err != nil {
		return nil, false
	}
	return &f, true
}

// store keeps what a file was parsed to. A cache that takes nothing only costs
// time.
func store(c *cache.Cache, key cache.Key, f *file) {
	if c == nil {
		return
	}
	if data, err := cbor.Marshal(f); err == nil {
		c.Put(key, data)
	}
}
