package pins

import (
	"crypto/sha256"

	"github.com/fxamacker/cbor/v2"
	"github.com/tenantry/tenantry/compiler/cache"
)

// form names the encoding of cached files; it changes whenever what a file
// parses to does.
const form = "pins 1"

func cacheKey(data []byte) cache.Key {
	h := sha256.New()
	h.Write([]byte(form))
	h.Write([]byte{0})
	h.Write(data)
	return cache.Key(h.Sum(nil))
}

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
