package compiler

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/fxamacker/cbor/v2"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/internal/outdir"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/render"
)

// lastBuild is what the cache knows of the last build into an output directory.
type lastBuild struct {
	summary
	dir     string // the output directory
	decoded *render.Record
	// pins: the pins in the output are as the last build left them.
	pins bool
	// looked waits until the record has been compared with the output.
	looked func() comparison
}

// comparison is what Record.Check found.
type comparison struct {
	files  int
	intact bool
}

// summary is what a run says that finds nothing to do.
type summary struct {
	// Inputs is the digest of everything that the build was a function of, besides
	// the pins, which stand in the output.
	Inputs []byte
	AsOf   string
	// PinsDigest is that of the pins that the build left in the output.
	PinsDigest  []byte
	Diagnostics []diag.Diagnostic
	Held        []string
	LeftOut     []string
}

func encodeLastBuild(s summary, record *render.Record) ([]byte, error) {
	text, err := cbor.Marshal(s)
	if err != nil {
		return nil, err
	}
	e := store.NewEncoder(len(text) + record.Size())
	e.Bytes(text)
	record.Encode(e)
	return e.Data(), nil
}

func decodeLastBuild(data []byte) (*lastBuild, error) {
	last := &lastBuild{}
	d := store.NewDecoder(data)
	err := cbor.Unmarshal(d.Bytes(), &last.summary)
	if err == nil {
		last.decoded, err = render.DecodeRecord(d)
	}
	return last, errors.Join(err, d.Done())
}

// record returns what stands in the output as the last build left it.
func (l *lastBuild) record() *render.Record {
	if l == nil {
		return nil
	}
	l.look()
	l.looked()
	return l.decoded
}

// look begins to compare the record with the output, beside what comes before
// rendering, if that has not begun yet.
func (l *lastBuild) look() {
	if l != nil && l.looked == nil {
		l.looked = background(func() (o comparison) {
			o.files, o.intact = l.decoded.Check(l.dir)
			return o
		})
	}
}

// readLastBuild returns what the cache knows of the last build into an output
// directory; nil where it knows nothing.
func (c *compilation) readLastBuild(out string) *lastBuild {
	if out == "" || c.Cache == nil {
		return nil
	}
	data, ok := c.Cache.Get(c.lastBuildKey(out))
	if !ok {
		return nil
	}
	last, err := decodeLastBuild(data)
	if err != nil {
		return nil
	}
	last.dir, last.pins = out, last.decoded.Whole(out, "pins")
	return last
}

// rebuilt reports whether the output is what this run would make: the last build
// had the same inputs, and every file is as it left it. Then it fills in the
// result.
func (c *compilation) rebuilt() bool {
	last := c.last
	if last == nil {
		return false
	}
	asOf := c.AsOf
	if asOf == "" {
		asOf = last.AsOf
	}
	if c.Pins != "" || string(last.Inputs) != string(c.inputs(asOf)) || c.Strict && diag.HasErrors(last.Diagnostics) {
		return false
	}
	last.look()
	o := last.looked()
	if !o.intact {
		return false
	}
	c.report.Add(last.Diagnostics...)
	c.result.AsOf, c.result.Held, c.result.LeftOut = asOf, last.Held, last.LeftOut
	c.result.Written = &outdir.Stats{Unchanged: o.files}
	return true
}

// remember keeps what the next build into the same output can go on from.
func (c *compilation) remember(record *render.Record, pinsDigest []byte) {
	if !c.remembers() {
		return
	}
	data, err := encodeLastBuild(summary{
		Inputs: c.inputs(c.result.AsOf), AsOf: c.result.AsOf, PinsDigest: pinsDigest, Diagnostics: c.report.All(), Held: c.result.Held, LeftOut: c.result.LeftOut,
	}, record)
	if err == nil {
		c.Cache.Put(c.lastBuildKey(c.Out), data)
	}
}

// rememberPins keeps the pins in one piece, and returns what they are found by.
func (c *compilation) rememberPins(files []*pins.File) []byte {
	if !c.remembers() {
		return nil
	}
	digest := pins.Digest(files)
	c.Cache.Put(c.lastPinsKey(digest[:]), pins.Snapshot(files)...)
	return digest[:]
}

// remembers: the next build into the same output can go on from this one.
func (c *compilation) remembers() bool { return !c.Cache.Disabled() && c.Pins == "" }

// lastPins returns the pins of the last build into an output directory, from the
// cache. It fails where they are not as that build left them.
func (c *compilation) lastPins(last *lastBuild, out string) (*pins.Pins, error) {
	if last == nil || !last.pins {
		return nil, pins.ErrNone
	}
	data, ok := c.Cache.Get(c.lastPinsKey(last.PinsDigest))
	if !ok {
		return nil, pins.ErrNone
	}
	return pins.FromSnapshot(data, os.DirFS(out))
}

func (c *compilation) lastPinsKey(digest []byte) store.Key {
	return store.NewKey(c.ToolVersion, "last pins").Bytes(digest).Key()
}

func (c *compilation) lastBuildKey(dir string) store.Key {
	out, err := filepath.Abs(dir)
	if err != nil {
		out = dir
	}
	return store.NewKey(c.ToolVersion, "last build").String(out).Key()
}

// inputs is the digest of what a build depends on besides the pins.
func (c *compilation) inputs(asOf string) []byte {
	tree := c.tree.Digest()
	key := store.NewKey(c.ToolVersion, "inputs").Bytes(tree[:]).String(asOf).Key()
	return key[:]
}
