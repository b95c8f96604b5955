package compiler

import (
	"context"
	"crypto/sha256"
	"path/filepath"

	"github.com/fxamacker/cbor/v2"
	"github.com/tenantry/tenantry/compiler/cache"
	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/expand"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/render"
	"github.com/tenantry/tenantry/render/output"
	"github.com/tenantry/tenantry/schema"
)

// expand turns placed logical clusters into their desired states, and assigns
// new ones to a cut of their physical cluster.
func (c *compilation) expand() {
	r := c.result
	r.States, r.Platforms = expand.Expand(r.Tenancy, r.Sites)
	sizes := make(map[site]int, len(r.States))
	for i := range r.States {
		sizes[site{r.States[i].Key, r.States[i].Cluster}] = render.Size(&r.States[i])
	}
	size := func(key, cluster string) int { return sizes[site{key, cluster}] }
	findings := placement.Cut(r.Sites, size, r.Tenancy.Settings.GitOps.Cut)
	for _, f := range findings {
		c.report.Add(f.Diagnostic)
	}
	for i := range r.States {
		r.States[i].Cut = cutOf(r.Sites[r.States[i].Key], r.States[i].Cluster)
	}
}

// site is a logical cluster on a physical cluster.
type site struct{ key, cluster string }

func cutOf(lc *pins.LogicalCluster, cluster string) string {
	if lc.Cluster == cluster {
		return lc.Cut
	}
	for _, left := range lc.Left {
		if left.Cluster == cluster {
			return left.Cut
		}
	}
	return ""
}

// render lowers and writes everything, unless nothing is to be written.
func (c *compilation) render(ctx context.Context) error {
	r := c.result
	if c.Out == "" || c.Strict && diag.HasErrors(c.report.All()) {
		return nil
	}
	c.progress("rendering", 0, 0)
	if c.writer == nil {
		var err error
		if c.writer, err = output.Begin(c.Out, output.Options{}); err != nil {
			return err
		}
	}
	w := c.writer
	w.Know(c.last.record().Standing())
	in := render.Input{Tenancy: r.Tenancy, States: r.States, Platforms: r.Platforms, Pins: r.Pins, PinsOwner: pinsOwner(r.Tenancy)}
	record, _, err := render.Render(ctx, in, w, c.Out, c.last.record(), c.toolDigest())
	if err != nil {
		return err
	}
	stats, err := w.Commit()
	if err != nil {
		return err
	}
	r.Written = &stats
	if err := record.Stamp(c.Out); err == nil {
		c.remember(record)
	}
	return nil
}

func (c *compilation) toolDigest() [32]byte { return sha256.Sum256([]byte(c.ToolVersion)) }

// pinsOwner returns the organization in whose file a document is pinned: the
// nearest one whose directory holds it.
func pinsOwner(t *tenancy.Tenancy) func(pins.DocumentID) string {
	organizations := make(map[string]bool, len(t.Organizations))
	for _, o := range t.Organizations {
		organizations[o.Path] = true
	}
	return func(name pins.DocumentID) string {
		path := name.Key
		switch schema.Kind(name.Kind) {
		case schema.KindOrganizations:
		case schema.KindLogicalClusters:
			path = parent(path)
		default:
			var inside bool
			if path, inside = below(name.Dir, "orgs"); !inside {
				return ""
			}
		}
		for ; path != "" && !organizations[path]; path = parent(path) {
		}
		return path
	}
}

func parent(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[:i]
		}
	}
	return ""
}

func below(dir, root string) (string, bool) {
	if len(dir) > len(root) && dir[:len(root)] == root && dir[len(root)] == '/' {
		return dir[len(root)+1:], true
	}
	return "", false
}

// lastBuild is what the cache knows of the last build into an output directory.
type lastBuild struct {
	_ struct{} `cbor:",toarray"`
	// Inputs is the digest of everything that the build was a function of, besides
	// the pins, which stand in the output.
	Inputs      []byte
	AsOf        string
	Provisional bool
	Diagnostics []diag.Diagnostic
	Held        []string
	Record      []byte

	decoded *render.Record
	data    []byte // as encoded
	files   int
	// intact: the output is as the last build left it.
	intact bool
}

func (l *lastBuild) record() *render.Record {
	if l == nil {
		return nil
	}
	return l.decoded
}

// rebuilt reports whether the output is what this run would make: the last build
// had the same inputs, and every file is as it left it. Then it fills in the
// result.
func (c *compilation) rebuilt() bool {
	if c.Out == "" || c.Cache == nil {
		return false
	}
	data, ok := c.Cache.Get(c.lastBuildKey())
	if !ok {
		return false
	}
	var last lastBuild
	if err := cbor.Unmarshal(data, &last); err != nil {
		return false
	}
	record, err := render.DecodeRecord(last.Record)
	if err != nil {
		return false
	}
	last.decoded, last.data = record, data
	last.files, last.intact = record.Check(c.Out)
	c.last = &last
	asOf := c.AsOf
	if asOf == "" {
		asOf = last.AsOf
	}
	if c.Pins != "" || string(last.Inputs) != string(c.inputs(asOf)) || c.Strict && diag.HasErrors(last.Diagnostics) || !last.intact {
		return false
	}
	c.report.Add(last.Diagnostics...)
	c.result.AsOf, c.result.Held = asOf, last.Held
	c.result.Written = &output.Stats{Unchanged: last.files}
	return true
}

func (c *compilation) remember(record *render.Record) {
	if c.Cache == nil || c.Pins != "" {
		return
	}
	encoded, err := record.Encode()
	if err != nil {
		return
	}
	data, err := cbor.Marshal(lastBuild{
		Inputs: c.inputs(c.result.AsOf), AsOf: c.result.AsOf, Diagnostics: c.report.All(), Held: c.result.Held, Record: encoded,
	})
	if err == nil {
		c.Cache.Put(c.lastBuildKey(), data)
	}
	if snapshot, err := c.result.Pins.Snapshot(); err == nil {
		c.Cache.Put(c.lastPinsKey(data), snapshot)
	}
}

// lastPins returns the pins of the last build, from the cache. It is for an output
// that is as that build left it.
func (c *compilation) lastPins() (*pins.Pins, error) {
	data, ok := c.Cache.Get(c.lastPinsKey(c.last.data))
	if !ok {
		return nil, pins.ErrNone
	}
	return pins.FromSnapshot(data)
}

// lastPinsKey ties the pins to one build and what it left in the output.
func (c *compilation) lastPinsKey(lastBuild []byte) cache.Key {
	return cache.NewKey(c.ToolVersion, "last pins").Bytes(lastBuild).Key()
}

func (c *compilation) lastBuildKey() cache.Key {
	out, err := filepath.Abs(c.Out)
	if err != nil {
		out = c.Out
	}
	return cache.NewKey(c.ToolVersion, "last build").String(out).Key()
}

// inputs is the digest of what a build depends on besides the pins.
func (c *compilation) inputs(asOf string) []byte {
	tree := c.tree.Digest()
	key := cache.NewKey(c.ToolVersion, "inputs").Bytes(tree[:]).String(asOf).Key()
	return key[:]
}
